"""The boundary: what may cross between a practice and the hub, in which form, under whose signatures."""
