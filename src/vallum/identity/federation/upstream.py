"""One provider that people may sign in with: what it says of itself, its keys, and its answers."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

from vallum.config.provider import UpstreamProvider
from vallum.core.ports import Clock
from vallum.core.secret import Secret
from vallum.identity.federation.calls import Answer, CallFailed, call
from vallum.identity.federation.id_token import Expected, IdTokenRefused, verify_id_token
from vallum.identity.federation.metadata import Metadata, MetadataSource, allows_http
from vallum.identity.federation.person import Person, person_of
from vallum.store.errors import KeysUnavailable
from vallum.store.jwks_fetch import from_url
from vallum.store.jwks_source import JWKSSource
from vallum.tokens.errors import InvalidToken
from vallum.tokens.jwks import KeySet, parse_jwks
from vallum.tokens.jwt import read
from vallum.wire.json import JSONLimits, MalformedJSON, parse_json

_LIMITS: Final = JSONLimits(depth=6, width=256, string=16 * 1024)
_LONGEST_SECRET: Final = 1024


class SignInRefused(Exception):  # noqa: N818  (a verdict on what a provider sent)
    """What the provider sent does not prove who somebody is; `reason` is for the records."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Upstream:
    """A provider, as its relying party knows it."""

    def __init__(self, provider: UpstreamProvider, *, clock: Clock, monotonic: Clock) -> None:
        """
        Args:
            provider: what the policy says.
            clock: Unix seconds.
            monotonic: monotonic seconds.

        Raises:
            ValueError: its issuer is no URL that may be asked, or the secret's file is empty.
            OSError: the secret's file cannot be read.
        """
        self.provider = provider
        self._clock = clock
        self._secret = _read_secret(provider.client_secret_file)
        self._source = MetadataSource(provider, monotonic)
        self._keys: JWKSSource[KeySet] = JWKSSource(
            provider.name, self._load_keys, self._parse_keys, monotonic=monotonic
        )
        self._algorithms: tuple[str, ...] = ()

    async def metadata(self) -> Metadata:
        """What the provider says about itself.

        Raises:
            ProviderUnreachable: nothing that is recent enough.
        """
        return await self._source.get()

    def is_issuer(self, value: str) -> bool:
        """Whether this is the issuer, or another documented spelling of it."""
        return value == self.provider.issuer or value in self.provider.issuer_aliases

    async def redeem(
        self, code: str, *, redirect_uri: str, verifier: str, nonce: str, max_age: float | None
    ) -> Person:
        """The person for whom the provider made a code.

        Raises:
            ProviderUnreachable: there is no recent metadata.
            CallFailed: no answer.
            SignInRefused: an answer that proves nothing.
            WrongDomain: a person of another organization.
        """
        metadata = await self.metadata()
        answer = await self._ask_for_tokens(metadata, code, redirect_uri, verifier)
        id_token, access_token = answer.get("id_token"), answer.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str | None):
            raise SignInRefused("tokens.missing")
        expected = Expected(
            issuer=self.provider.issuer,
            aliases=self.provider.issuer_aliases,
            client_id=self.provider.client_id,
            nonce=nonce,
            algorithms=metadata.algorithms,
            max_age=max_age,
        )
        claims = await self._verified(id_token, access_token, expected)
        about = claims
        if "email" not in claims and metadata.userinfo_endpoint is not None and access_token:
            about = await self._userinfo(metadata.userinfo_endpoint, access_token, claims["sub"])
        return person_of(self.provider, claims, about)

    async def _ask_for_tokens(
        self, metadata: Metadata, code: str, redirect_uri: str, verifier: str
    ) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        fields: dict[str, str] = {}
        client_id = self.provider.client_id
        if self._secret is None:
            form["client_id"] = client_id
        elif "client_secret_basic" in metadata.auth_methods:
            # RFC 6749 §2.3.1: both are form-encoded first.
            secret = self._secret.reveal().decode()
            pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
            fields["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        elif "client_secret_post" in metadata.auth_methods:
            form |= {"client_id": client_id, "client_secret": self._secret.reveal().decode()}
        else:
            raise SignInRefused("tokens.no-common-authentication")
        answer = await call(
            metadata.token_endpoint,
            insecure_http=allows_http(self.provider),
            fields=fields,
            form=form,
        )
        return _json_object(answer, "tokens")

    async def _verified(
        self, id_token: str, access_token: str | None, expected: Expected
    ) -> Mapping[str, Any]:
        try:
            token = read(id_token.encode("utf-8", "replace"))
            keys = self._keys.keys(token.unverified_kid)
            present = keys if isinstance(keys, KeySet) else await keys
            return verify_id_token(token, present, expected, access_token, self._clock())
        except InvalidToken as error:
            raise SignInRefused(f"id-token.{error.reason}") from None
        except IdTokenRefused as error:
            raise SignInRefused(f"id-token.{error.rule}") from None
        except KeysUnavailable:
            raise CallFailed("there are no keys of the provider") from None

    async def _userinfo(self, url: str, access_token: str, subject: str) -> Mapping[str, Any]:
        if not access_token.isascii() or not access_token.isprintable() or " " in access_token:
            raise SignInRefused("userinfo.access-token")
        answer = await call(
            url,
            insecure_http=allows_http(self.provider),
            fields={"Authorization": f"Bearer {access_token}"},
        )
        about = _json_object(answer, "userinfo")
        # Core §5.3.2: "The sub Claim in the UserInfo Response MUST be verified to exactly match".
        if about.get("sub") != subject:
            raise SignInRefused("userinfo.sub")
        return about

    async def _load_keys(self) -> bytes:
        metadata = await self.metadata()
        self._algorithms = metadata.algorithms
        return await from_url(metadata.jwks_uri, insecure_http=allows_http(self.provider))()

    def _parse_keys(self, document: bytes) -> KeySet:
        return parse_jwks(document, algorithms=self._algorithms)


def authorization_url(
    upstream: Upstream,
    metadata: Metadata,
    *,
    redirect_uri: str,
    state: str,
    nonce: str,
    challenge: str,
    max_age: float | None,
    choose: bool,
) -> str:
    """Where the browser goes to sign in at the provider.

    Args:
        upstream: the provider.
        metadata: what it says.
        redirect_uri: where it comes back to.
        state: comes back with it.
        nonce: comes back in the ID token.
        challenge: S256 of the verifier (RFC 7636).
        max_age: the person must have signed in there so lately.
        choose: ask which account; where there is no way to ask for a new sign-in.
    """
    provider = upstream.provider
    scopes = dict.fromkeys(("openid", *provider.scopes))
    fields = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes),
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    if provider.hosted_domain is not None:
        fields["hd"] = provider.hosted_domain
    if max_age is not None:
        fields["max_age"] = str(int(max_age))
    if choose:
        fields["prompt"] = "select_account"
    endpoint = metadata.authorization_endpoint
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(fields)}"


def _json_object(answer: Answer, what: str) -> Mapping[str, Any]:
    if answer.status != 200:
        raise SignInRefused(f"{what}.status-{answer.status}")
    # A signed or encrypted userinfo answer would have another type; we registered for none.
    if answer.kind != "application/json":
        raise SignInRefused(f"{what}.type")
    try:
        found = parse_json(answer.body, _LIMITS)
    except MalformedJSON:
        raise SignInRefused(f"{what}.json") from None
    if not isinstance(found, dict):
        raise SignInRefused(f"{what}.json")
    return found


def _read_secret(path: Path | None) -> Secret | None:
    if path is None:
        return None
    with path.open("rb") as file:
        value = file.read(_LONGEST_SECRET + 1).strip()
    if not 0 < len(value) <= _LONGEST_SECRET:
        raise ValueError(f"`{path}` holds no client secret")
    value.decode()
    return Secret(value)
