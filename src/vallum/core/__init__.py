"""The vocabulary every room speaks. Standard library only, no I/O, no clock."""
