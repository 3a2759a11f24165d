"""The question: what a search is, what it may say, and how a record system answers it.

No network, no secret and no clock enter here. It may read files and drive the embedded DuckDB.
"""
