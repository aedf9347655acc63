"""Uploaded files: whether they are what they are said to be, and what they would do when opened."""
