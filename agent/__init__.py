"""The practice's side: pulls searches, runs them on the practice's own records, returns only counts."""
