"""Workloads by certificates (B-203), and operations that need one (B-205)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from cryptography import x509
from tests.support.exchanges import make_exchange, make_operation, make_request
from tests.support.pki import Holder, authority, client

from vallum.config.model import Workload
from vallum.core.problems import Denied
from vallum.core.request import Client, Request
from vallum.engine.exchange import Exchange
from vallum.filters.mtls import MAX_CACHED, MTLSAuthenticator
from vallum.filters.require_mtls import RequireMTLS

ROOT = authority()
A, B = x509.DNSName("a.example"), x509.DNSName("b.example")
WORKLOADS = (
    Workload(name="a", trust="own", attribute="dns", value="a.example", scopes=frozenset({"x"})),
    Workload(name="b", trust="own", attribute="dns", value="b.example"),
    Workload(name="foreign", trust="partners", attribute="dns", value="a.example"),
)


def shown(holder: Holder | None, *trusts: str) -> Request:
    """A request over a connection that the gateway has judged."""
    der = None if holder is None else holder.der
    return make_request()._replace(client=Client("192.0.2.1", "192.0.2.1", 1, der, trusts))


def over(request: Request) -> Exchange:
    exchange = make_exchange()
    exchange.request = request
    return exchange


def authenticator(*trusts: str) -> MTLSAuthenticator:
    return MTLSAuthenticator(trusts, WORKLOADS)


def reason(holder: Holder, *trusts: str) -> str:
    with pytest.raises(Denied) as caught:
        authenticator("own").authenticate(shown(holder, *trusts))
    assert caught.value.problem.slug == "unauthenticated"
    return caught.value.reason


@pytest.mark.parametrize(
    ("trusts", "vouching", "subject"),
    [
        (("own",), ("own",), "workload:a"),
        (("partners",), ("partners",), "workload:foreign"),
        (("own",), ("own", "partners"), "workload:a"),
        (("own", "partners"), ("partners",), "workload:foreign"),
    ],
)
def test_a_trust_and_a_name_are_a_workload(
    trusts: Sequence[str], vouching: Sequence[str], subject: str
) -> None:
    request = shown(client(ROOT, "c", A), *vouching)
    asked = authenticator(*trusts)
    principal = asked.authenticate(request)
    assert principal is not None
    assert (principal.kind, principal.subject) == ("workload", subject)
    assert asked.authenticate(request) is principal, "remembered"


def test_who_shows_nothing_of_the_route_is_nobody() -> None:
    assert authenticator("own").authenticate(shown(None)) is None
    assert authenticator("own").authenticate(shown(client(ROOT, "c", A), "partners")) is None


def test_b203_mtls_ca_confusion_unknown_and_ambiguous() -> None:
    assert reason(client(ROOT, "a.example"), "own") == "mtls.unknown-workload"
    assert reason(client(ROOT, "c", A, B), "own") == "mtls.two-workloads"
    both = client(ROOT, "c", A)
    with pytest.raises(Denied, match="two-workloads"):
        authenticator("own", "partners").authenticate(shown(both, "own", "partners"))


def test_what_is_remembered_is_bounded() -> None:
    asked = authenticator("own")
    request = shown(client(ROOT, "c", A), "own")
    asked._known = dict.fromkeys(
        [(b"%d" % number, ("own",)) for number in range(MAX_CACHED)],
        asked.authenticate(shown(client(ROOT, "c", B), "own")),
    )  # type: ignore[assignment]
    assert asked.authenticate(request) is not None
    assert len(asked._known) == 1


def test_nobody_could_be_let_in() -> None:
    with pytest.raises(ValueError, match="workload"):
        authenticator("elsewhere")


def test_b205_mtls_optional_requirement() -> None:
    control = RequireMTLS()
    assert control.attach(make_operation(), settings=False) is None
    attached = control.attach(make_operation(), settings=True)
    assert attached is not None
    assert attached.check is not None
    attached.check(over(shown(client(ROOT), "own")))
    with pytest.raises(Denied, match=r"mtls\.no-certificate"):
        attached.check(over(shown(None)))
