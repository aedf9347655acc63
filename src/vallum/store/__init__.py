"""SQLite behind the protocols of the core."""
