"""What must not leave: personal data, keys, and the words of a program that fails."""
