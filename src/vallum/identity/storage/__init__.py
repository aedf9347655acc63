"""What the provider keeps, in SQLite or PostgreSQL."""
