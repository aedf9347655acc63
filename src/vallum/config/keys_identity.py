"""The keys of who may call: issuers of tokens, and roles."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vallum.config import values
from vallum.config.diagnostics import listing, suggest
from vallum.config.keys_server import duration
from vallum.config.kinds import (
    INVALID,
    Choice,
    Context,
    Flag,
    Key,
    Made,
    Many,
    Section,
    Table,
    Text,
    Values,
    Variable,
)
from vallum.config.kinds_files import ExistingFile, near_file, resolve
from vallum.config.model import Introspection, Issuer, Role
from vallum.config.source import Node
from vallum.config.values import Bad
from vallum.core.spiffe import InvalidSpiffeId, is_spiffe, parse_spiffe_id
from vallum.store.jwks_file import LoadError, read_file
from vallum.tokens.algorithms import ALGORITHMS, SVID_ALGORITHMS, require_algorithms
from vallum.tokens.errors import InvalidKeySet
from vallum.tokens.jwks import private_keys
from vallum.wire.authority import is_this_machine

NAME = Text("a name", values.name)
SCOPE = Text("a scope such as `books:read`", values.scope)
BINDING = Choice(("none", "dpop", "mtls", "any"))


def _algorithm(text: str) -> str:
    if text not in ALGORITHMS:
        hint = suggest(text, ALGORITHMS, what="algorithm")
        raise Bad("unknown-algorithm", f"the algorithm `{text}` is not accepted", hint)
    return text


def _jwt_type(text: str) -> str:
    return text.lower().removeprefix("application/")


_INTROSPECTION_KEYS = {
    "url": Key(
        Variable(Text("an https URL")), "the issuer's introspection endpoint", is_needed=True
    ),
    "client_id": Key(
        Variable(Text("a client id")), "how the gateway is registered there", is_needed=True
    ),
    "client_secret_file": Key(
        ExistingFile("a path"), "file with the secret of that client", is_needed=True
    ),
    "cache": Key(
        duration(0.1, 5, "100ms", "5s"), "how long an answer is believed; default 5s, the most"
    ),
}


def _introspection(found: Values, _: Context) -> Any:
    if not {"url", "client_id", "client_secret_file"} <= found.keys():
        return INVALID
    settings: dict[str, Any] = dict(found)
    return Introspection(client_secret=settings.pop("client_secret_file"), **settings)


_ISSUER_KEYS = {
    "issuer": Key(Variable(Text("the issuer's URL")), "exact `iss` of the tokens", is_needed=True),
    "audience": Key(
        Many(Variable(Text("a name")), can_be_empty=False),
        "what a token must name in `aud`: this API",
        is_needed=True,
    ),
    "algorithms": Key(
        Many(Text("an algorithm such as `RS256`", _algorithm), can_be_empty=False),
        "accepted signatures; default RS256, ES256, EdDSA",
    ),
    "jwks": Key(
        Variable(Text("a file or an https URL")),
        "the issuer's keys: a file or URL; default: discovered from the issuer's metadata",
    ),
    "types": Key(
        Many(Text("a type such as `at+jwt`", _jwt_type), can_be_empty=False),
        "accepted `typ`; default at+jwt (RFC 9068)",
    ),
    "max_lifetime": Key(
        duration(1, 366 * 86_400, "1s", "366d"), "longest life of a token; default 1d"
    ),
    "leeway": Key(duration(0, 60, "0s", "60s"), "clock skew that is forgiven; default 10s"),
    "allow_multiple_audiences": Key(Flag(), "accepts tokens that are for others too"),
    "scope_claim": Key(Text("a claim's name"), "claim that holds scopes; default scope"),
    "roles_claim": Key(Text("a claim's name"), "claim that holds roles; default roles"),
    "insecure_http_jwks": Key(Flag(), "allows an `http://` URL of keys, on loopback only"),
    "weak_secrets": Key(
        ExistingFile("a file"), "known secrets, one a line; HMAC keys in it are refused"
    ),
    "binding": Key(
        BINDING, "what its tokens must be bound to: `none`, `dpop`, `mtls` or `any`; default none"
    ),
    "introspection": Key(
        Made(Section("`introspection`", _INTROSPECTION_KEYS), _introspection),
        "where the issuer is asked about tokens that only it can read (RFC 7662)",
    ),
}


def _issuer(found: Values, context: Context) -> Any:
    if "issuer" not in found or "audience" not in found:
        return INVALID
    settings: dict[str, Any] = dict(found)
    allows_http = settings.get("insecure_http_jwks", False)
    asked: Introspection | None = settings.get("introspection")
    if asked is not None and not _is_safe(
        asked.url, "introspection", found, context, allows_http=allows_http
    ):
        return INVALID
    if "jwks" in settings:
        settings["jwks"] = _jwks(settings["jwks"], found, context, allows_http=allows_http)
    elif asked is None and not _is_safe(
        settings["issuer"], "issuer", found, context, allows_http=allows_http
    ):
        return INVALID
    if settings.get("jwks") is INVALID:
        return INVALID
    if is_spiffe(settings["issuer"]) and not _check_trust_domain(settings, found, context):
        return INVALID
    issuer = Issuer(name="", **settings)
    try:
        require_algorithms(issuer.algorithms)
    except ValueError as err:
        at = found.places["algorithms"]
        context.report.add("bad-value", str(err), at, "name either HS algorithms or the others")
        return INVALID
    is_shared = any(ALGORITHMS[algorithm].is_symmetric for algorithm in issuer.algorithms)
    if is_shared and not isinstance(issuer.jwks, Path):
        context.report.add(
            "hmac-from-url",
            "HS algorithms share one secret, which must not be published as a key set",
            found.places["algorithms"],
            "use RS256, ES256 or EdDSA; or name a file in `jwks:`",
        )
        return INVALID
    return issuer


def _check_trust_domain(settings: dict[str, Any], found: Values, context: Context) -> bool:
    """Whether a trust domain can be an issuer of JWT-SVIDs as it is written."""
    settings.setdefault("algorithms", ("RS256", "ES256"))
    try:
        named = parse_spiffe_id(settings["issuer"])
    except InvalidSpiffeId as err:
        context.report.add("bad-value", str(err), found.places["issuer"], "`spiffe://example.org`")
        return False
    if named.path:
        problem, place = "an issuer is the trust domain alone, without a path", "issuer"
    elif not SVID_ALGORITHMS.issuperset(settings["algorithms"]):
        problem, place = "JWT-SVIDs are signed with RS, PS or ES algorithms", "algorithms"
    else:
        return True
    context.report.add("bad-value", problem, found.places[place], "see docs/certificates.md")
    return False


def _jwks(text: str, found: Values, context: Context, *, allows_http: bool) -> Any:
    if "://" in text:
        is_safe = _is_safe(text, "jwks", found, context, allows_http=allows_http)
        return text if is_safe else INVALID
    path = resolve(text, context)
    if not path.is_file():
        hint = near_file(path, context.base)
        at = found.places["jwks"]
        context.report.add("missing-file", f"there is no file `{text}`", at, hint)
        return INVALID
    return path if _holds_no_private_key(path, found, context) else INVALID


def _holds_no_private_key(path: Path, found: Values, context: Context) -> bool:
    try:
        private = private_keys(read_file(path))
    except (LoadError, InvalidKeySet) as err:
        problem, hint = f"its keys cannot be used: {err}", 'write a JWK Set: `{"keys": […]}`'
    else:
        if not private:
            return True
        # SECURITY: whoever reads this file could issue tokens (B-151).
        problem = f"`{path.name}` holds private keys, of which the gateway needs none: "
        problem += listing(tuple(ascii(kid)[1:-1] for kid in private))
        hint = "remove what is private (`d`, `p`, `q` …), and replace keys that others could read"
    context.report.add("bad-keys", problem, found.places["jwks"], hint)
    return False


def _is_safe(text: str, key: str, found: Values, context: Context, *, allows_http: bool) -> bool:
    at = found.places[key]
    try:
        url = values.web_url(text)
    except Bad as err:
        context.report.add(err.code, err.message, at, f"{err.hint}, or name a file in `jwks:`")
        return False
    if url.has_extras:
        context.report.add(
            "bad-url",
            f"`{text}` has a user, a query or a fragment",
            at,
            "write scheme, host and path only (RFC 8414 §2)",
        )
        return False
    if url.scheme == "http" and not (allows_http and is_this_machine(url.hostname)):
        context.report.add(
            "insecure-jwks",
            f"keys from `{text}` could be replaced on the way",
            at,
            "write an https URL; `insecure_http_jwks: true` allows http on loopback only",
        )
        return False
    return True


ISSUERS = Table(NAME, Made(Section("an issuer", _ISSUER_KEYS), _issuer), "issuer")

_ROLE_KEYS = {
    "scopes": Key(Many(SCOPE), "scopes that the role grants"),
    "inherits": Key(Many(NAME), "roles whose scopes it has too"),
}


def _role(found: Values, _: Context) -> Any:
    scopes = frozenset(found.get("scopes", ()))
    return Role(name="", scopes=scopes, inherits=found.get("inherits", ()))


ROLES = Table(NAME, Made(Section("a role", _ROLE_KEYS), _role), "role")


def check_roles(roles: Mapping[str, Role], places: Mapping[str, Node], context: Context) -> None:
    """Report roles that inherit from what is not there, or from themselves."""
    for name_of_role, role in roles.items():
        for parent in role.inherits:
            if parent not in places:
                context.report.add(
                    "unknown-role",
                    f"`{name_of_role}` inherits from `{parent}`, which is no role",
                    places[name_of_role],
                    suggest(parent, places, what="role"),
                )
        if name_of_role in _ancestors(name_of_role, roles):
            context.report.add(
                "role-cycle",
                f"`{name_of_role}` inherits from itself",
                places[name_of_role],
                "take one `inherits` out of the circle",
            )


def _ancestors(name_of_role: str, roles: Mapping[str, Role]) -> set[str]:
    found: set[str] = set()
    waiting = list(roles[name_of_role].inherits)
    while waiting:
        parent = waiting.pop()
        if parent not in found and parent in roles:
            found.add(parent)
            waiting.extend(roles[parent].inherits)
    return found


def check_issuers(
    issuers: Mapping[str, Issuer], places: Mapping[str, Node], context: Context
) -> None:
    """Report issuers that tokens could not tell apart, and one that hides `api_key`."""
    seen: dict[str, str] = {}
    for name_of_issuer, issuer in issuers.items():
        other = seen.setdefault(issuer.issuer, name_of_issuer)
        if other != name_of_issuer:
            context.report.add(
                "issuer-twice",
                f"`{name_of_issuer}` and `{other}` are the same issuer `{issuer.issuer}`",
                places[name_of_issuer],
                "merge them: one issuer may have several audiences",
            )
        if name_of_issuer in ("api_key", "mtls"):
            context.report.add(
                "bad-name",
                f"`{name_of_issuer}` is the name of an authenticator",
                places[name_of_issuer],
                "give the issuer another name",
            )
