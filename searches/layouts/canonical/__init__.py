"""The canonical tables themselves."""
