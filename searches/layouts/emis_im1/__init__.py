"""EMIS Web bulk extract."""
