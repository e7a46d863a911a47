"""How the data of names and places are made: gazetteers, sentences, weights."""
