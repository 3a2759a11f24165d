"""Measurements, printed beside the targets; ratios and sizes, never pass or fail."""
