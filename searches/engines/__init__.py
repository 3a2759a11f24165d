"""The databases that a search can run in, each as a way to write a tree and a way to run it."""
