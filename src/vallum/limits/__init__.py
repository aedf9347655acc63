"""Rate arithmetic and the stores behind it."""
