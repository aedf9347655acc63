"""Unverified bytes in, verified claims out: JWTs, key sets, API keys."""
