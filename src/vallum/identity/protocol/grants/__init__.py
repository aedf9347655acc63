"""One way of getting tokens a file; `protocol.token` lists them."""
