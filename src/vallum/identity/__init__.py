"""The OAuth 2.1 authorization server and OpenID Connect provider, and the people who sign in."""
