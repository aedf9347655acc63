"""Who is measured. One file per program."""
