"""An application's strict reader of logout tokens (OpenID Connect Back-Channel Logout §2.6)."""

from __future__ import annotations

from vallum.identity.protocol.backchannel import EVENT
from vallum.tokens import jws, jwt
from vallum.tokens.errors import InvalidToken
from vallum.tokens.jwks import parse_jwks
from vallum.tokens.signing import SIGNING_ALGORITHMS


class BadLogoutToken(Exception):  # noqa: N818  (a verdict on a token)
    """A token that must sign nobody out; the text says which check it failed."""


class LogoutTokens:
    """Reads the logout tokens of one issuer for one client, each once."""

    def __init__(self, issuer: str, client_id: str, jwks: bytes) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._keys = parse_jwks(jwks, algorithms=SIGNING_ALGORITHMS)
        self._seen: set[str] = set()

    def verify(self, text: str, *, now: float) -> dict[str, str]:
        """Whose session has ended (`sub`) and which (`sid`).

        Raises:
            BadLogoutToken: with the check that it failed.
        """
        try:
            token = jwt.read(text.encode())
            jws.verify_signature(token.unverified_jws, self._keys, SIGNING_ALGORITHMS)
        except InvalidToken:
            raise BadLogoutToken("signature") from None
        claims = token.unverified_claims
        jti = claims.get("jti")
        checks = {
            "typ": token.unverified_jws.type == "logout+jwt",
            "iss": claims.get("iss") == self._issuer,
            "aud": claims.get("aud") == self._client_id,
            "iat": isinstance(claims.get("iat"), int) and abs(claims["iat"] - now) < 120,
            "exp": isinstance(claims.get("exp"), int) and claims["exp"] > now,
            "events": (claims.get("events") or {}).get(EVENT) == {},
            "nonce": "nonce" not in claims,
            "jti": isinstance(jti, str) and jti != "",
            "sub": isinstance(claims.get("sub"), str),
            "sid": isinstance(claims.get("sid"), str),
        }
        for what, is_good in checks.items():
            if not is_good:
                raise BadLogoutToken(what)
        if jti in self._seen:
            raise BadLogoutToken("seen before")
        self._seen.add(str(jti))
        return {"sub": claims["sub"], "sid": claims["sid"]}
