"""Each rule of each layout taken away, one at a time: which answers notice."""
