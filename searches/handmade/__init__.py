"""Hand-made patients: a search's own examples, and whether it says of each what its author expects.

document.py   tests.yaml, field by field
tables.py     the patients as canonical tables, in a folder
verdict.py    what the search says of each, beside what was expected
"""
