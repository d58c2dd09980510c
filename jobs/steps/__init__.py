"""One arrow of the pipeline a file; steps never import each other."""
