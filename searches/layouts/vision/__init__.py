"""Vision extract."""
