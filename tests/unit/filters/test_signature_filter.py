"""Signed requests at the control: time, memory, what is forwarded, and the example of the docs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.support.calling import Clock
from tests.support.message_signing import Signed, Signer, digest
from tests.support.minting import NOW, jwks
from tests.support.routes import make_operation

from vallum.core.fields import FieldLine, Fields
from vallum.core.problems import Denied
from vallum.core.request import Client, Request
from vallum.engine.exchange import Exchange
from vallum.engine.phases import Phase
from vallum.engine.pipeline import Route
from vallum.filters.content_digest import ContentDigest
from vallum.filters.idempotency import Idempotency
from vallum.filters.signature import RequireSignature, SignatureSettings
from vallum.limits.memory import MemoryLimitStore
from vallum.limits.replays import MemoryReplays, Replays
from vallum.tokens.http_signature import ALGORITHMS
from vallum.tokens.jwks import parse_jwks
from vallum.wire.target import canonical_target, split_target

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs/signatures.md").read_text("utf-8")
ORIGIN = "https://api.example"
SHOP = Signer()


def settings(document: bytes | None = None, **changes: object) -> SignatureSettings:
    """What an operation asks for."""
    keys = parse_jwks(document or jwks(SHOP.jwk), algorithms=tuple(ALGORITHMS))
    return replace(
        SignatureSettings(
            keys={key.kid: key for key in keys.keys if key.kid is not None},
            file=Path("keys.json"),
            digest=b"",
            tag="shop",
        ),
        **changes,  # type: ignore[arg-type]
    )


@dataclass(frozen=True)
class Controls:
    """The settings of an operation, as far as these controls read them."""

    signature: SignatureSettings | None = field(default_factory=settings)
    idempotency: Idempotency | None = None


class Door:
    """The compiled controls of one operation."""

    def __init__(
        self,
        controls: Controls | None = None,
        *,
        replays: MemoryReplays | Replays | None = None,
        most: int = 1000,
        public_url: str = "",
        declared: frozenset[bytes] = frozenset(),
    ) -> None:
        self.clock = Clock()
        self.controls = controls or Controls()
        self.operation = make_operation("POST", "/orders", declared_headers=declared)
        control = RequireSignature(
            replays=replays or MemoryReplays(),
            limits=MemoryLimitStore(),
            clock=self.clock,
            public_url=public_url,
            most=most,
        )
        self.attached = [
            attachment
            for attachment in (
                control.attach(self.operation, self.controls),
                ContentDigest().attach(self.operation, self.controls),
            )
            if attachment is not None
        ]

    def enter(
        self, *lines: FieldLine, method: str = "GET", target: str = "/orders", body: bytes = b""
    ) -> Exchange:
        """The exchange after both controls; raises what they raise."""
        length = [(b"content-length", b"%d" % len(body))] if body else []
        fields = Fields(((b"host", b"api.example"), *length, *lines))
        client = Client("192.0.2.1", "192.0.2.1", 40_000)
        parsed = canonical_target(split_target(target.encode()))
        request = Request(method, parsed, fields, "https", "api.example", client)
        exchange = Exchange(request, Route(api="test", operation=self.operation), {})
        exchange.body = body
        for attachment in self.attached:
            assert attachment.check is not None
            assert attachment.check(exchange) is None
        return exchange

    def reason(self, signed: Signed, *more: FieldLine) -> str:
        """Why a GET is refused."""
        with pytest.raises(Denied) as refusal:
            self.enter(*signed.fields, *more)
        return refusal.value.reason


def sign(created: float = NOW, **changes: object) -> Signed:
    """A signed GET."""
    return SHOP.sign(
        target="/orders",
        **{"origin": ORIGIN, "created": int(created), **changes},  # type: ignore[arg-type]
    )


def test_nothing_configured_is_nothing_attached() -> None:
    assert Door(Controls(signature=None)).attached == []


def test_phases_and_words() -> None:
    assert (RequireSignature.phase, ContentDigest.phase) == (Phase.KNOW, Phase.READ)
    door = Door()
    exchange = door.enter(*sign().fields)
    assert [each.summary for each in door.attached] == ["tag shop", "sha-256 or sha-512"]
    assert all(each.explain is not None and each.explain(exchange) for each in door.attached)
    assert [each.needs_body for each in door.attached] == [False, True]


@pytest.mark.parametrize(
    ("age", "reason"),
    [(60, ""), (60.5, "signature.expired"), (-60, ""), (-60.5, "signature.not-yet")],
)
def test_b209_the_window(age: float, reason: str) -> None:
    door = Door()
    signed = sign()
    door.clock.now = NOW + age
    if reason:
        assert door.reason(signed) == reason
    else:
        assert door.enter(*signed.fields)


def test_b209_expires_is_honoured() -> None:
    door = Door()
    signed = sign(expires=int(NOW) + 10)
    door.clock.now = NOW + 9.5
    assert door.enter(*signed.fields)
    signed = sign(expires=int(NOW) + 10)
    door.clock.now = NOW + 10
    assert door.reason(signed) == "signature.expired"


def test_b209_a_nonce_is_used_up_for_as_long_as_it_could_be_sent() -> None:
    door = Door()
    signed = sign(NOW + 60, nonce="once")
    door.enter(*signed.fields)
    for later in (0, 60, 119, 120):
        door.clock.now = NOW + later
        assert door.reason(signed) == "signature.replay"
    door.clock.now = NOW + 121
    assert door.reason(signed) == "signature.expired"


def test_b209_at_another_node_and_after_a_restart(tmp_path: Path) -> None:
    signed = sign()
    nodes = []
    for _ in range(2):
        replays = Replays(tmp_path / "replays")
        replays.open()
        replays.made_at = 0.0
        nodes.append(Door(replays=replays))
    nodes[0].enter(*signed.fields)
    assert nodes[1].reason(signed) == "signature.replay"
    assert nodes[1].enter(*sign().fields)


def test_b209_what_was_signed_before_the_memory_began() -> None:
    door = Door(replays=MemoryReplays(made_at=NOW - 5.5))
    assert door.reason(sign(NOW - 7)) == "signature.expired"
    assert door.enter(*sign(NOW - 6).fields)


def test_b209_a_flood_of_one_key_fails_closed_for_it_alone() -> None:
    other = Signer("ES256", "shop-2")
    door = Door(Controls(settings(jwks(SHOP.jwk, other.jwk))), most=5)
    for _ in range(5):
        door.enter(*sign().fields)
    with pytest.raises(Denied) as refusal:
        door.enter(*sign().fields)
    assert (refusal.value.status, refusal.value.reason) == (429, "signature.too-many")
    assert b"retry-after: " in refusal.value.fields
    assert door.enter(*other.sign(target="/orders", origin=ORIGIN, created=int(NOW)).fields)


def test_b209_a_full_memory_fails_closed() -> None:
    door = Door(replays=MemoryReplays(capacity=4))
    reasons = []
    for _ in range(40):
        try:
            door.enter(*sign().fields)
        except Denied as denied:
            reasons.append(denied.reason)
    assert set(reasons) == {"signature.replay"}


def test_b207_fields_that_say_what_to_do_must_be_covered() -> None:
    declared = frozenset({b"x-mode"})
    door = Door(Controls(idempotency=Idempotency()), declared=declared)
    for name in ("x-mode", "idempotency-key"):
        assert door.reason(sign(), (name.encode(), b"a")) == "signature.coverage"
        exchange = door.enter(*sign(fields=[(name, "a")]).fields)
        assert name.encode() not in exchange.withheld
    assert door.enter(*sign().fields)
    assert Door().enter(*sign().fields, (b"idempotency-key", b"a"))


def test_b207_what_is_withheld() -> None:
    door = Door()
    more = [(b"x-added", b"a"), (b"accept", b"*/*"), (b"accept-encoding", b"gzip")]
    exchange = door.enter(*sign(fields=[("x-kept", "a")]).fields, *more)
    assert exchange.withheld >= {b"x-added", b"host", b"signature"}
    assert not {b"x-kept", b"accept", b"accept-encoding"} & exchange.withheld
    assert door.attached[0].withholds == {b"signature", b"signature-input", b"content-digest"}


def test_b212_behind_a_proxy_the_public_name_counts() -> None:
    door = Door(public_url="https://shop.example")
    assert door.reason(sign()) == "signature.invalid"
    assert door.enter(*sign(origin="https://shop.example").fields)
    names = ("@method", "@scheme", "@authority", "@path", "@query")
    assert door.enter(*sign(origin="https://shop.example", components=names).fields)


@pytest.mark.parametrize(
    "value", ["é", "a\u00a0b", "\u00ff"], ids=["accent", "no-break space", "last"]
)
def test_b211_a_covered_value_beyond_ascii(value: str) -> None:
    assert Door().reason(sign(fields=[("x-a", value)])) == "signature.ambiguous"


def test_refusals_hold_nothing_of_the_request() -> None:
    with pytest.raises(Denied) as refusal:
        Door().enter(*sign(keyid="curious-name").fields)
    assert refusal.value.status == 401
    assert refusal.value.fields == b'www-authenticate: Signature realm="vallum"\r\n'
    assert not refusal.value.close
    with pytest.raises(Denied) as refusal:
        Door().enter((b"signature-input", b"x"), (b"signature", b":"))
    assert (refusal.value.status, refusal.value.close) == (400, True)


def test_a_body_needs_its_digest() -> None:
    door, body = Door(), b"text"
    signed = sign(fields=[("content-digest", digest(body))])
    with pytest.raises(Denied) as refusal:
        door.enter(*signed.fields)
    assert (refusal.value.status, refusal.value.reason) == (400, "digest.mismatch")
    posted = SHOP.sign("POST", "/orders", origin=ORIGIN, body=body, created=int(NOW))
    assert door.enter(*posted.fields, method="POST", body=body)


def _block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)\n```", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert isinstance(found, str)
    return found


def test_the_example_of_the_docs() -> None:
    head, _, body = _block("http").partition("\n\n")
    line, *rest = head.splitlines()
    method, target, _ = line.split(" ")
    lines = tuple(
        (name.lower().encode(), value.encode())
        for name, _, value in (each.partition(": ") for each in rest)
        if name != "Host"
    )
    door = Door(Controls(settings(_block("json").encode())))
    door.clock.now = 1_760_000_030.0
    exchange = door.enter(*lines, method=method, target=target, body=body.encode())
    assert b"content-type" not in exchange.withheld
    with pytest.raises(Denied) as refusal:
        door.enter(*lines, method=method, target=target, body=body.encode())
    assert refusal.value.reason == "signature.replay"
    # The text that the page says is signed is the one that an independent signer writes.
    parameters = dict(lines)[b"signature-input"].decode().removeprefix("sig=")
    names = re.findall(r'"([^"]+)"', parameters.partition(")")[0])
    signed = SHOP.sign(
        method,
        target,
        origin=ORIGIN,
        fields=[(name.decode(), value.decode()) for name, value in lines[:2]],
        components=names,
        suffix=parameters.partition(")")[2],
    )
    assert signed.base == _block("text")
