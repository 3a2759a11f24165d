"""The centre's side: publishes searches, receives sealed counts, shows practices how they compare."""
