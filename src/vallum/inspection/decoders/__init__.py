"""One way of hiding text a file; `layers.py` peels them off one after another."""
