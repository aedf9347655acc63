"""What the provider says about itself (RFC 8414, OpenID Connect Discovery), and its keys.

Only what it really does, and always under its one name: nothing here depends on the request, so no
`Host` field can make it speak for another issuer (B-187).
"""

from __future__ import annotations

from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.protocol.assertions import ALGORITHMS as ASSERTION_ALGORITHMS
from vallum.identity.protocol.authorize_request import ACR_VALUES, PROMPTS
from vallum.identity.protocol.claims import CLAIMS
from vallum.identity.services import Services
from vallum.tokens.dpop import ALGORITHMS as PROOF_ALGORITHMS

# Keys are announced an hour before they sign: whoever remembers this for minutes knows them.
_PUBLIC: Final = {"cache-control": "public, max-age=300"}
_AUTH_METHODS: Final = (
    "client_secret_basic",
    "client_secret_post",
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
)
_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
_DEVICE: Final = "urn:ietf:params:oauth:grant-type:device_code"


async def describe(services: Services, _: Request) -> Response:
    """Answers GET of both well-known documents; they are one."""
    return Response(
        orjson.dumps(metadata(services)), headers=_PUBLIC, media_type="application/json"
    )


async def keys(services: Services, _: Request) -> Response:
    """Answers GET of the key set (RFC 7517 §8.5.2)."""
    return Response(services.keys.jwks, headers=_PUBLIC, media_type="application/jwk-set+json")


def metadata(services: Services) -> dict[str, Any]:
    """The provider's metadata."""
    settings = services.settings
    exchanges = [_EXCHANGE] if settings.exchanges else []
    described: dict[str, Any] = {
        "issuer": settings.issuer,
        **_endpoints(settings.issuer),
        "scopes_supported": _scopes(services),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [
            "authorization_code",
            "refresh_token",
            "client_credentials",
            _DEVICE,
            *exchanges,
        ],
        "code_challenge_methods_supported": ["S256"],
        **_authentication(),
        "dpop_signing_alg_values_supported": list(PROOF_ALGORITHMS),
        "tls_client_certificate_bound_access_tokens": True,
        "authorization_response_iss_parameter_supported": True,
        "require_pushed_authorization_requests": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "claims_parameter_supported": False,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [settings.algorithm],
        "acr_values_supported": list(ACR_VALUES),
        "prompt_values_supported": list(PROMPTS),
        "claims_supported": _CLAIMS,
        "ui_locales_supported": ["en"],
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "protected_resources": list(settings.resources),
    }
    if settings.registration:
        described["registration_endpoint"] = f"{settings.issuer}/oauth/register"
    return described


_CLAIMS: Final = [
    *("iss", "sub", "aud", "iat", "exp", "auth_time", "acr", "amr", "nonce", "sid"),
    *CLAIMS,
]


def _endpoints(issuer: str) -> dict[str, str]:
    return {
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "pushed_authorization_request_endpoint": f"{issuer}/oauth/par",
        "token_endpoint": f"{issuer}/oauth/token",
        "device_authorization_endpoint": f"{issuer}/oauth/device_authorization",
        "introspection_endpoint": f"{issuer}/oauth/introspect",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "userinfo_endpoint": f"{issuer}/oauth/userinfo",
        "end_session_endpoint": f"{issuer}/oauth/logout",
        "jwks_uri": f"{issuer}/oauth/jwks",
    }


def _authentication() -> dict[str, list[str]]:
    """How clients prove who they are; public ones may not ask about tokens (RFC 7662 §2.1)."""
    algorithms = list(ASSERTION_ALGORITHMS)
    methods = list(_AUTH_METHODS)
    return {
        "token_endpoint_auth_methods_supported": [*methods, "none"],
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_methods_supported": [*methods, "none"],
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
    }


def _scopes(services: Services) -> list[str]:
    settings = services.settings
    scopes = set(settings.identity_scopes)
    for resource in settings.resources.values():
        scopes |= resource.scopes.keys()
    return sorted(scopes)
