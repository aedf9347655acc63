"""The controls, one per file; the file's name is its key in the policy file."""
