"""Keys and what they protect at rest."""
