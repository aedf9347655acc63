"""The policy file: load, validate everything at once, report with line numbers."""
