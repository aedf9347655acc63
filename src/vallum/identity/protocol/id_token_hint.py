"""ID tokens that come back as hints about who is signed in (OpenID Connect Core §3.1.2.1)."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from vallum.identity.services import Services
from vallum.tokens import jws, jwt
from vallum.tokens.errors import InvalidKeySet, InvalidToken
from vallum.tokens.jwks import KeySet, parse_jwks
from vallum.tokens.signing import SIGNING_ALGORITHMS


class BadHint(Exception):  # noqa: N818  (a verdict on a hint)
    """A hint that is no ID token of ours."""


class Hint(NamedTuple):
    """What an ID token of ours says, however old it is."""

    client_id: str
    user_id: str
    session_id: str | None


def read_hint(services: Services, text: str) -> Hint:
    """Read an ID token that we issued; it may have expired (RP-Initiated Logout §4).

    Raises:
        BadHint: it is not ours, or no ID token.
    """
    try:
        token = jwt.read(text.encode("ascii"))
        # SECURITY: `typ` keeps access tokens and logout tokens apart from ID tokens.
        if token.unverified_jws.type != "JWT":
            raise BadHint
        jws.verify_signature(token.unverified_jws, _keys(services.keys.jwks), SIGNING_ALGORITHMS)
    except (InvalidToken, InvalidKeySet, UnicodeEncodeError):
        raise BadHint from None
    claims = token.unverified_claims  # Verified by now.
    client_id, user_id, session_id = claims.get("aud"), claims.get("sub"), claims.get("sid")
    if (
        claims.get("iss") != services.settings.issuer
        or not isinstance(client_id, str)
        or not isinstance(user_id, str)
        or not isinstance(session_id, str | None)
    ):
        raise BadHint
    return Hint(client_id, user_id, session_id)


@lru_cache(maxsize=4)
def _keys(document: bytes) -> KeySet:
    return parse_jwks(document, algorithms=SIGNING_ALGORITHMS)
