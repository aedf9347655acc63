"""The keys of Vallum's own identity provider."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from vallum.config import values
from vallum.config.diagnostics import suggest
from vallum.config.keys_identity import NAME, SCOPE
from vallum.config.keys_server import duration
from vallum.config.kinds import (
    INVALID,
    Choice,
    Context,
    Flag,
    Integer,
    Key,
    Made,
    Many,
    Section,
    Table,
    Text,
    Values,
    Variable,
)
from vallum.config.kinds_files import ExistingFile, NewPath
from vallum.config.provider import (
    ExchangeRule,
    IdentitySettings,
    Mail,
    Resource,
    SealingKey,
    UpstreamProvider,
)
from vallum.config.values import Bad
from vallum.wire.authority import is_this_machine

_DAY = 86_400.0
_GOOGLE_ISSUER = "https://accounts.google.com"
_GOOGLE_ALIAS = "accounts.google.com"


def _issuer(text: str) -> str:
    url = values.web_url(text)
    if url.has_extras or text.partition("://")[2].strip("/").count("/"):
        raise Bad("bad-url", f"`{text}` is more than a scheme and a host", "leave the path away")
    if url.scheme == "http" and not values.is_loopback(url.hostname):
        raise Bad(
            "insecure-issuer",
            f"passwords for `{text}` would be sent in the clear",
            "write an https URL",
        )
    return text.rstrip("/")


def _database(text: str) -> str:
    if text.startswith(("postgresql://", "sqlite:///")):
        return text
    raise Bad(
        "bad-url",
        f"`{text}` is no database that is supported",
        "write `sqlite:///path` or `postgresql://user@host/name`",
    )


def _resource(found: Values, _: Context) -> Any:
    if "identifier" not in found:
        return INVALID
    return Resource(
        api="",
        identifier=found["identifier"],
        name=found.get("name", ""),
        scopes=dict(found.get("scopes", {})),
    )


_RESOURCE = Made(
    Section(
        "a resource",
        {
            "identifier": Key(
                Variable(Text("a URL")),
                "resource indicator (RFC 8707) and `aud` of its tokens",
                is_needed=True,
            ),
            "name": Key(Text("a name"), "what people read on the consent page; default: the API"),
            "scopes": Key(
                Table(SCOPE, Text("what it allows, in plain words"), "scope"),
                "scope and what it lets an application do, in plain words",
            ),
        },
    ),
    _resource,
)


_OF_TRANSPORTS = {
    "smtp": ("host", "port", "username", "password", "tls"),
    "file": ("directory",),
    "console": (),
}


def _mail(found: Values, context: Context) -> Any:
    """Mail that would not leave, or not the way that is described, reaches nobody."""
    settings: dict[str, Any] = dict(found)
    transport = settings.get("transport", "console")
    for other, keys in _OF_TRANSPORTS.items():
        said = [key for key in keys if key in settings]
        if other != transport and said:
            context.report.add(
                "bad-value",
                f"`{said[0]}` is for `transport: {other}`, and mail leaves by `{transport}`",
                found.places[said[0]],
                f"write `transport: {other}`, or remove `{said[0]}:`",
            )
    for needed in _OF_TRANSPORTS[transport][:1]:
        if needed not in settings:
            context.report.add(
                "missing-key",
                f"mail by `{transport}` needs `{needed}`",
                found.places["transport"],
                f"add `{needed}:`",
            )
    if settings.get("tls") == "off" and not is_this_machine(settings.get("host", "localhost")):
        context.report.add(
            "bad-value",
            f"links that sign people in would reach `{settings['host']}` in the clear",
            found.places["tls"],
            "write `starttls` or `implicit`; `off` is for a server on loopback",
        )
    if "password" in settings:
        settings["password_file"] = settings.pop("password")
    return Mail(**settings)


def _sealing_key(found: Values, context: Context) -> Any:
    if "file" in found and "command" in found:
        context.report.add(
            "bad-value",
            "the key comes from a file or from a command, not from both",
            found.places["command"],
            "remove one of the two",
        )
    return SealingKey(**found)


def _demand_askable(issuer: str, *, insecure_http: bool) -> None:
    url = values.web_url(issuer)
    if url.has_extras:
        raise Bad("bad-url", f"`{issuer}` has more than scheme, host and path", "leave it away")
    if url.scheme == "http" and not (insecure_http and is_this_machine(url.hostname)):
        raise Bad(
            "insecure-issuer",
            f"who signs in with `{issuer}` could be anybody",
            "write an https URL; `insecure_http: true` allows http on loopback",
        )


def _provider(found: Values, context: Context) -> Any:
    settings: dict[str, Any] = dict(found)
    is_google = settings.pop("google", False)
    if is_google:
        settings.setdefault("issuer", _GOOGLE_ISSUER)
        settings.setdefault("label", "Google")
        settings["issuer_aliases"] = (_GOOGLE_ALIAS,)
    if "client_id" not in settings:
        return INVALID
    if "issuer" not in settings:
        context.report.add(
            "missing-key", "a provider needs `issuer`", found.node, "add it, or `google: true`"
        )
        return INVALID
    node = found.places.get("issuer", found.node)
    try:
        _demand_askable(settings["issuer"], insecure_http=settings.get("insecure_http", False))
    except Bad as bad:
        context.report.add(bad.code, bad.message, node, bad.hint)
        return INVALID
    secret = settings.pop("client_secret", None)
    return UpstreamProvider(name="", client_secret_file=secret, **{"label": "", **settings})


_PROVIDER = Made(
    Section(
        "a provider",
        {
            "google": Key(Flag(), "fills in what is known about Google"),
            "issuer": Key(Variable(Text("the issuer's URL")), "its exact `iss`"),
            "label": Key(Text("a name"), "on the button; default: the name"),
            "client_id": Key(Variable(Text("a client id")), "who we are to it", is_needed=True),
            "client_secret": Key(ExistingFile("a path"), "file with the client secret"),
            "scopes": Key(Many(SCOPE), "asked for; default openid, email, profile"),
            "hosted_domain": Key(
                Text("a domain", values.host), "only accounts whose `hd` is this domain"
            ),
            "insecure_http": Key(Flag(), "allows an `http://` issuer, on loopback only"),
        },
    ),
    _provider,
)


def _exchange(found: Values, _: Context) -> Any:
    if not {"client", "from", "to", "scopes"} <= found.keys():
        return INVALID
    return ExchangeRule(
        client=found["client"],
        audience_from=found["from"],
        audience_to=found["to"],
        scopes=frozenset(found["scopes"]),
    )


_EXCHANGE = Made(
    Section(
        "a token exchange",
        {
            "client": Key(Text("a client id"), "who may exchange", is_needed=True),
            "from": Key(Text("a resource"), "`aud` of the token that it has", is_needed=True),
            "to": Key(Text("a resource"), "`aud` of the token that it gets", is_needed=True),
            "scopes": Key(Many(SCOPE), "the most that the new token may hold", is_needed=True),
        },
    ),
    _exchange,
)

_MAIL = Made(
    Section(
        "`mail`",
        {
            "transport": Key(
                Choice(("console", "file", "smtp")), "how mail leaves; default console"
            ),
            "sender": Key(Text("an e-mail address"), "From; default no-reply@localhost"),
            "directory": Key(NewPath("a path"), "for `file`: one message a file"),
            "host": Key(Text("a host name"), "for `smtp`: the server"),
            "port": Key(Integer(1, 65_535), "for `smtp`; default 587"),
            "username": Key(Variable(Text("a name")), "for `smtp`"),
            "password": Key(ExistingFile("a path"), "for `smtp`: file with the password"),
            "tls": Key(
                Choice(("starttls", "implicit", "off")),
                "for `smtp`; default starttls; `off` on loopback only",
            ),
        },
    ),
    _mail,
)

_KEY = Made(
    Section(
        "`key`",
        {
            "file": Key(NewPath("a path"), "64 hexadecimal digits; made where there is none"),
            "command": Key(
                Many(Text("a word of the command"), can_be_empty=False),
                "prints the 64 digits, from a key management service, say",
            ),
        },
    ),
    _sealing_key,
)

_LIFE = duration(30, 3600, "30s", "1h")
_KEYS = {
    "issuer": Key(
        Variable(Text("https://HOST[:PORT]", _issuer)),
        "where the gateway serves the provider, and the exact `iss` of its tokens",
        is_needed=True,
    ),
    "name": Key(Text("a name"), "of the service, on pages and in mails; default Vallum"),
    "database": Key(
        Variable(Text("a database URL", _database)),
        "`sqlite:///path` or `postgresql://user@host/name`; default identity.db beside the state",
    ),
    "key": Key(_KEY, "key that seals secrets in the database; default a file beside the state"),
    "resources": Key(
        Table(NAME, _RESOURCE, "resource"),
        "what tokens are issued for, by the name of the API",
        is_needed=True,
    ),
    "algorithm": Key(
        Choice(("ES256", "EdDSA", "RS256")), "what tokens are signed with; default ES256"
    ),
    "token_life": Key(_LIFE, "life of access tokens; default 5m"),
    "refresh_idle": Key(
        duration(60, 366 * _DAY, "1m", "366d"), "refresh tokens die when unused; default 14d"
    ),
    "refresh_life": Key(
        duration(60, 366 * _DAY, "1m", "366d"), "refresh tokens die at the latest; default 90d"
    ),
    "key_rotation": Key(
        duration(3600, 366 * _DAY, "1h", "366d"), "a signing key signs so long; default 30d"
    ),
    "session_idle": Key(
        duration(60, _DAY, "1m", "1d"), "people are signed out when idle; default 1h"
    ),
    "session_life": Key(
        duration(300, 30 * _DAY, "5m", "30d"), "people are signed out at the latest; default 1d"
    ),
    "sign_up": Key(Choice(("open", "off")), "who may make an account; default open"),
    "email_domains": Key(
        Many(Text("a domain", values.host)), "only these may sign up; default all"
    ),
    "mfa": Key(
        Choice(("optional", "required")),
        "second factor; default optional, and required for administrators",
    ),
    "registration": Key(Flag(), "dynamic client registration with an initial access token"),
    "origins": Key(
        Many(Text("a web origin", values.origin)), "of applications that run in browsers (CORS)"
    ),
    "mail": Key(_MAIL, "how mail leaves"),
    "providers": Key(
        Table(NAME, _PROVIDER, "provider"), "OpenID providers that people may sign in with"
    ),
    "exchanges": Key(Many(_EXCHANGE), "token exchanges that are allowed (RFC 8693)"),
}


def _identity(found: Values, context: Context) -> Any:
    if "issuer" not in found or not found.get("resources"):
        return INVALID
    settings: dict[str, Any] = dict(found)
    table: Values = settings["resources"]
    first: dict[str, str] = {}
    for name, resource in table.items():
        other = first.setdefault(resource.identifier, name)
        if other != name:
            context.report.add(
                "bad-value",
                f"`{name}` and `{other}` are one resource: a token for one is good for the other",
                table.places[name],
                "give each an `identifier` of its own",
            )
    settings["resources"] = {
        resource.identifier: replace(resource, api=name, name=resource.name or name)
        for name, resource in table.items()
    }
    settings["providers"] = {
        name: replace(provider, name=name, label=provider.label or name)
        for name, provider in settings.get("providers", {}).items()
    }
    settings.setdefault("database", "")
    return IdentitySettings(**settings)


IDENTITY = Made(Section("`identity`", _KEYS), _identity)


def complete_identity(settings: IdentitySettings, state: Path) -> IdentitySettings:
    """The settings with the defaults that depend on where the state is."""
    if not settings.database:
        settings = replace(settings, database=f"sqlite:///{state.with_name('identity.db')}")
    if settings.key.file is None and not settings.key.command:
        settings = replace(settings, key=SealingKey(file=state.with_name(f"{state.name}.seal")))
    return settings


def check_resources(settings: IdentitySettings, found: Values, context: Context) -> None:
    """Report resources for APIs that the policy does not have."""
    apis: Values | dict[str, object] = found.get("apis", {})
    for resource in settings.resources.values():
        if resource.api not in apis:
            context.report.add(
                "unknown-api",
                f"`{resource.api}` is no API of this policy",
                found.places["identity"],
                suggest(resource.api, apis, what="API"),
            )
