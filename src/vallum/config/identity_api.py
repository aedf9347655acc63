"""The provider as an API of the policy: it stands behind the gateway like any other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from vallum.config.apis import LoadedAPI, load_api
from vallum.config.diagnostics import Report
from vallum.config.document import read_text
from vallum.config.keys import API
from vallum.config.keys_provider import check_resources, complete_identity
from vallum.config.kinds import Context, Values
from vallum.config.model import Issuer, Policy
from vallum.config.provider import IdentitySettings
from vallum.config.source import parse_yaml
from vallum.filters.cors import CORS

IDENTITY_API: Final = "identity"
"""Its name among the APIs; policies cannot use it."""

OWN_ISSUER: Final = "own"
"""The provider's name among the issuers; policies cannot use it."""

_BUILTIN: Final = Path(__file__).parent / "builtin"
_CROSS_ORIGIN: Final = frozenset(
    {
        "identityConfiguration",
        "identityMetadata",
        "identityKeys",
        "identityPush",
        "identityToken",
        "identityRevoke",
        "identityUserinfo",
        "identityUserinfoForm",
    }
)
"""What applications in browsers call. Never `/oauth/authorize` (RFC 9700 §2.6, B-189)."""

_MOST: Final = 64 * 1024


def with_provider(policy: Policy, found: Values, context: Context) -> Policy:
    """The policy with its provider's settings, and the provider among its issuers."""
    said: IdentitySettings | None = found.get("identity")
    if said is None:
        return policy
    settings = complete_identity(said, policy.state)
    issuers = {**policy.issuers, OWN_ISSUER: _own_issuer(settings, policy)}
    for name, taken in ((OWN_ISSUER, policy.issuers), (IDENTITY_API, found.get("apis", {}))):
        if name in taken:
            context.report.add(
                "bad-name",
                f"`{name}` is the name of Vallum's own provider",
                found.places["identity"],
                "give the other one another name",
            )
    if settings.issuer.startswith("http:") and policy.listen.tls != "off":
        context.report.add(
            "insecure-issuer",
            f"the listener speaks TLS, so nobody reaches `{settings.issuer}`",
            found.places["identity"],
            "write an https URL, or `tls: off` under `listen:` on loopback",
        )
    check_resources(settings, found, context)
    return replace(policy, identity=settings, issuers=issuers)


def _own_issuer(settings: IdentitySettings, policy: Policy) -> Issuer:
    return Issuer(
        name=OWN_ISSUER,
        issuer=settings.issuer,
        audience=tuple(settings.resources),
        algorithms=(settings.algorithm,),
        jwks=policy.state.with_name(f"{policy.state.name}.jwks"),
        max_lifetime=settings.token_life,
    )


def nonce_key_file(policy: Policy) -> Path:
    """Where the workers find the key of the provider's nonces.

    Clients keep one nonce for each origin, which the provider and an API behind the same gateway
    often share (RFC 9449 §8.2): each takes the other's.
    """
    return policy.state.with_name(f"{policy.state.name}.nonces")


def with_own_tokens(loaded: LoadedAPI, settings: IdentitySettings, report: Report) -> LoadedAPI:
    """The API with the provider among its authenticators only where tokens for it exist.

    An operation that is public, and takes what the defaults say, goes without; any other one that
    takes tokens which nobody can get is an error.
    """
    if any(resource.api == loaded.name for resource in settings.resources.values()):
        return loaded
    own = f"jwt:{OWN_ISSUER}"
    resolved = []
    for each in loaded.resolved:
        controls = each.controls
        if own in controls.authenticate:
            if not controls.public:
                report.add(
                    "no-resource",
                    f"`{each.operation.id}` takes tokens of the own provider, which issues none "
                    f"for `{loaded.name}`",
                    each.given["authenticate"].place
                    if "authenticate" in each.given
                    else loaded.levels.api.node,
                    f"add `{loaded.name}:` to `identity.resources`, or authenticate in another way",
                )
            others = tuple(name for name in controls.authenticate if name != own)
            controls = replace(controls, authenticate=others)
        resolved.append(replace(each, controls=controls))
    api = replace(loaded.api, controls={each.operation.id: each.controls for each in resolved})
    return replace(loaded, api=api, resolved=resolved)


def load_identity_api(settings: IdentitySettings) -> LoadedAPI:
    """The provider's API with its controls.

    Raises:
        RuntimeError: the files that come with Vallum are damaged.
    """
    report = Report(_BUILTIN)
    root, _ = parse_yaml(read_text(_BUILTIN / "identity.yaml", _MOST), max_nodes=1000)
    said = API.read(root, Context(report, _BUILTIN, {}))
    loaded = load_api(IDENTITY_API, said, None, (), (), report)
    if loaded is None or report.has_errors:
        raise RuntimeError("the identity API that comes with Vallum cannot be read")
    controls = dict(loaded.api.controls)
    if settings.origins:
        cors = CORS(
            origins=settings.origins,
            request_headers=("authorization", "content-type", "dpop"),
            expose_headers=("dpop-nonce", "www-authenticate", "retry-after"),
        )
        for name in _CROSS_ORIGIN:
            controls[name] = replace(controls[name], cors=cors)
    api = replace(loaded.api, hosts=(settings.host,), controls=controls)
    return replace(loaded, api=api)
