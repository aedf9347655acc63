"""Those that judge requests."""
