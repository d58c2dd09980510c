"""How good is it: words, speakers and action items measured against references. See `flask evaluate --help`."""
