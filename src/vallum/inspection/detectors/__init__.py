"""One family of attacks a file. `registry.py` lists them."""
