"""The OpenSAFELY-TPP database."""
