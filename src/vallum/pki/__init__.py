"""Certificates: whom they name, who vouches for them, and a small authority of our own."""
