"""Token endpoints that do the same: Vallum's, and Authlib's in Flask."""
