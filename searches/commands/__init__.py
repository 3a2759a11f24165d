"""What each command of `gpfed-search` does; one module each, loaded when it is asked for."""
