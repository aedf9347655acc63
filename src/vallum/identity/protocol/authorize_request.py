"""Authorization requests (OAuth 2.1 §4.1.1, OpenID Connect Core §3.1.2.1): what is asked, judged.

First where answers may go, because nothing is answered elsewhere; then everything else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from vallum.identity.errors import OAuthError
from vallum.identity.protocol.id_token_hint import BadHint, read_hint
from vallum.identity.protocol.redirect_uris import BadRedirectURI, check_redirect_uri, matches
from vallum.identity.protocol.scopes import (
    allowed_scopes,
    choose_resource,
    read_scopes,
    require_scopes,
)
from vallum.identity.services import Services
from vallum.identity.storage.clients import Client
from vallum.identity.storage.sessions import ACR_ONE, ACR_TWO

PARAMETERS: Final = frozenset(
    {
        "acr_values",
        "code_challenge",
        "code_challenge_method",
        "dpop_jkt",
        "id_token_hint",
        "login_hint",
        "max_age",
        "nonce",
        "prompt",
        "redirect_uri",
        "request",
        "resource",
        "response_mode",
        "response_type",
        "scope",
        "state",
    }
)
"""Everything beside `client_id` that means something here; all else is passed over."""

PROMPTS: Final = ("none", "login", "consent", "select_account")
ACR_VALUES: Final = (ACR_ONE, ACR_TWO)

_MOST_TEXT: Final = 2048
_DIGEST: Final = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
"""SHA-256 in base64url, in its one spelling."""
_OF_NOTHING: Final = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
_SECONDS: Final = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizeRequest:
    """A request that may be answered with a code, if the person agrees."""

    client_id: str
    redirect_uri: str
    state: str | None
    scopes: tuple[str, ...]
    resource: str
    challenge: str
    nonce: str | None
    prompt: tuple[str, ...]
    max_age: float | None
    acr: str | None
    """What must be reached; None: one factor will do."""
    jkt: str | None
    subject: str | None
    """Who must be signed in, by the hint of the client."""
    login_hint: str | None

    @property
    def wants_sign_in(self) -> bool:
        """Whether the person must sign in now, signed in or not."""
        # OpenID Connect Core §3.1.2.1: max_age=0 is the same as prompt=login.
        return self.max_age == 0 or not {"login", "select_account"}.isdisjoint(self.prompt)


def judge_return(client: Client, parameters: Mapping[str, str]) -> str:
    """Where the answer goes.

    Raises:
        OAuthError: nowhere; the answer to this must not be a redirect (B-154, B-157).
    """
    uri = parameters.get("redirect_uri")
    if uri is None:
        # OAuth 2.1 §4.1.1: it may be left out where exactly one is registered.
        if len(client.redirect_uris) != 1 or client.kind == "native":
            raise OAuthError("invalid_request", "redirect_uri is missing")
        uri = client.redirect_uris[0]
    try:
        # What an older version or a careless operator registered is no better for it.
        check_redirect_uri(uri, client.kind)
    except BadRedirectURI:
        raise OAuthError("invalid_request", "redirect_uri is none") from None
    if not matches(client, uri):
        raise OAuthError("invalid_request", "redirect_uri is not registered")
    return uri


def judge_request(
    services: Services, client: Client, redirect_uri: str, parameters: Mapping[str, str]
) -> AuthorizeRequest:
    """Judge everything else.

    Raises:
        OAuthError: for the client.
    """
    if "authorization_code" not in client.grants:
        raise OAuthError("unauthorized_client", "the client is not registered for codes")
    if "request" in parameters:
        # B-182: there is one set of parameters, so none can contradict another.
        raise OAuthError("request_not_supported", "push the request instead (RFC 9126)")
    _judge_response(parameters)
    prompt = _prompt(parameters.get("prompt"))
    resource, scopes = _target(services, client, parameters)
    return AuthorizeRequest(
        client_id=client.id,
        redirect_uri=redirect_uri,
        state=_text(parameters, "state"),
        scopes=scopes,
        resource=resource,
        challenge=_challenge(parameters),
        nonce=_text(parameters, "nonce"),
        prompt=prompt,
        max_age=_max_age(parameters.get("max_age")),
        acr=_acr(parameters.get("acr_values")),
        jkt=_jkt(parameters.get("dpop_jkt")),
        subject=_subject(services, client, parameters.get("id_token_hint")),
        login_hint=_text(parameters, "login_hint"),
    )


def _judge_response(parameters: Mapping[str, str]) -> None:
    kind = parameters.get("response_type")
    if kind is None:
        raise OAuthError("invalid_request", "response_type is missing")
    # B-177: no token, no ID token and no mixture ever comes from here (RFC 9700 §2.1.2).
    if kind != "code":
        raise OAuthError("unsupported_response_type", "response_type must be code")
    if parameters.get("response_mode", "query") != "query":
        raise OAuthError("invalid_request", "response_mode must be query")


def _challenge(parameters: Mapping[str, str]) -> str:
    # RFC 7636 §4.3 has `plain` for a missing method; OAuth 2.1 §7.5.1 and we do not (B-164).
    if parameters.get("code_challenge_method") != "S256":
        raise OAuthError("invalid_request", "code_challenge_method must be S256")
    challenge = parameters.get("code_challenge", "")
    # SECURITY: no request without a challenge, whoever asks (B-163).
    if _DIGEST.fullmatch(challenge) is None or challenge == _OF_NOTHING:
        raise OAuthError("invalid_request", "code_challenge is missing or no SHA-256 digest")
    return challenge


def _prompt(value: str | None) -> tuple[str, ...]:
    names = tuple((value or "").split(" ")) if value else ()
    if any(name not in PROMPTS for name in names) or len(set(names)) != len(names):
        raise OAuthError("invalid_request", "prompt is unknown")
    # OpenID Connect Core §3.1.2.1: none with any other value is an error.
    if "none" in names and len(names) > 1:
        raise OAuthError("invalid_request", "prompt=none stands alone")
    return names


def _target(
    services: Services, client: Client, parameters: Mapping[str, str]
) -> tuple[str, tuple[str, ...]]:
    resource = choose_resource(services, client, parameters.get("resource"), for_person=True)
    wanted = read_scopes(parameters.get("scope", ""))
    if not wanted:
        raise OAuthError("invalid_scope", "scope is missing")
    require_scopes(wanted, allowed_scopes(services, client, resource))
    if "offline_access" in wanted and "refresh_token" not in client.grants:
        raise OAuthError("invalid_scope", "the client gets no refresh tokens")
    return resource, tuple(sorted(wanted))


def _max_age(value: str | None) -> float | None:
    if value is None:
        return None
    if _SECONDS.fullmatch(value) is None:
        raise OAuthError("invalid_request", "max_age must be seconds")
    return float(value)


def _acr(value: str | None) -> str | None:
    # OpenID Connect Core §3.1.2.1: any of the classes will do, in order of preference.
    names = value.split(" ") if value else []
    if not names or ACR_ONE in names:
        return None
    if ACR_TWO in names:
        return ACR_TWO
    # RFC 9470 §5: say so where none of them can be reached.
    raise OAuthError("unmet_authentication_requirements", "none of acr_values is known")


def _jkt(value: str | None) -> str | None:
    if value is not None and _DIGEST.fullmatch(value) is None:
        raise OAuthError("invalid_request", "dpop_jkt is no SHA-256 thumbprint")
    return value


def _subject(services: Services, client: Client, hint: str | None) -> str | None:
    if hint is None:
        return None
    try:
        found = read_hint(services, hint)
    except BadHint:
        raise OAuthError("invalid_request", "id_token_hint is none of ours") from None
    if found.client_id != client.id:
        raise OAuthError("invalid_request", "id_token_hint is of another client")
    return found.user_id


def _text(parameters: Mapping[str, str], name: str) -> str | None:
    value = parameters.get(name)
    if value is not None and len(value) > _MOST_TEXT:
        raise OAuthError("invalid_request", f"{name} is too long")
    return value
