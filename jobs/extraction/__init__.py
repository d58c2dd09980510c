"""From words to suggested action items, each of which quotes the words it rests on."""
