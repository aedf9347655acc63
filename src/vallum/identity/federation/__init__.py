"""Sign-in with Google and other OpenID providers: the relying party."""
