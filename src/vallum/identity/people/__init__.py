"""People: accounts, sign-in, factors, and the pages for them."""
