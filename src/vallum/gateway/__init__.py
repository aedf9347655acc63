"""The proxy: the only sockets of the data plane."""
