"""Section H: requests that are signed as messages, B-207 to B-212, through the real gateway."""

from __future__ import annotations

import gzip
import hmac
import time
from collections.abc import Iterator

import pytest
from joserfc.jwk import RSAKey
from tests.support.arena import Arena, request
from tests.support.gateway import Gateway, PolicyText, create_key
from tests.support.message_signing import ORIGIN, Signed, Signer, digest, encoded
from tests.support.minting import jwks, make_key
from tests.support.raw import Reply
from tests.support.upstream import Received, RecordingUpstream

BODY = b'{"name": "a thing"}'
JSON = ("content-type", "application/json")
SIGNERS = {
    "EdDSA": Signer("EdDSA"),
    "ES256": Signer("ES256", "shop-2"),
    "PS512": Signer("PS512", "shop-3"),
}
SHOP = SIGNERS["EdDSA"]
SHARED = Signer("HS256", "shared-1")
STRANGER = Signer("EdDSA", "shop-1", make_key("EdDSA", "stranger"))
_KEYS = "signature: {keys: keys.json, tag: shop}"


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """Operations that take signed requests only."""
    folder = tmp_path_factory.mktemp("signed")
    (folder / "keys.json").write_bytes(jwks(*(each.jwk for each in SIGNERS.values())))
    (folder / "shared.json").write_bytes(jwks(SHARED.jwk))
    with RecordingUpstream() as upstream:
        PolicyText(
            upstream=upstream.url,
            operations={
                "listThings": f"public: true, {_KEYS}, unknown: ignore",
                "createThing": f"public: true, {_KEYS}",
                "putThing": "public: true, signature: {keys: shared.json, tag: shop}",
                "postText": f"public: true, {_KEYS}, codings: [gzip]",
                "getSlug": (
                    "public: true, signature: {keys: keys.json, tag: shop, "
                    "components: ['@method', '@authority', '@path', '@query', date]}"
                ),
                "privatePost": f"authenticate: [api_key], {_KEYS}",
            },
        ).write(folder)
        key = create_key(folder, "caller")
        with Gateway(folder) as gateway:
            yield Arena(gateway, upstream, key)


def ask(arena: Arena, method: str, target: str, lines: list[bytes], body: bytes = b"") -> Reply:
    """The answer to a request on a connection of its own."""
    return arena.send(request(method, target, *lines, body=body))


def arrives(
    arena: Arena, method: str, target: str, lines: list[bytes], body: bytes = b""
) -> Received:
    """What reached the upstream of a request that must pass."""
    mark = arena.upstream.mark()
    reply = ask(arena, method, target, lines, body)
    assert reply.status == 200, reply.body
    (received,) = arena.upstream.requests_since(mark)
    return received


def refused(
    arena: Arena,
    lines: list[bytes],
    reason: str,
    *,
    status: int = 401,
    method: str = "GET",
    target: str = "/things",
    body: bytes = b"",
) -> None:
    """A request is refused for a reason, and nothing of it reaches the upstream."""
    mark = arena.upstream.mark()
    arena.gateway.new_records()
    reply = ask(arena, method, target, lines, body)
    assert reply.status == status, reply.body
    assert (reply.get("www-authenticate") == 'Signature realm="vallum"') == (status == 401)
    arena.assert_nothing_forwarded(mark)
    denials = arena.assert_denial_recorded(status)
    assert [record["reason"] for record in denials] == [reason]


def post(arena: Arena, signed: Signed) -> Received:
    """A signed POST that must pass."""
    return arrives(arena, "POST", "/things", signed.lines, BODY)


def good_post(**changes: object) -> Signed:
    """The honest request with a body."""
    settings: dict[str, object] = {"fields": [JSON], "body": BODY, **changes}
    return SHOP.sign("POST", "/things", **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SIGNERS)
def test_b207_the_honest_variant_passes(arena: Arena, name: str) -> None:
    signer = SIGNERS[name]
    assert ask(arena, "GET", "/things?q=a", signer.sign(target="/things?q=a").lines).status == 200
    signed = signer.sign("POST", fields=[JSON], body=BODY)
    received = post(arena, signed)
    assert received.body == BODY
    # What only the gateway reads ends there.
    assert not {"signature", "signature-input", "content-digest"} & set(received.names())
    assert "content-type" in received.names()


@pytest.mark.parametrize(
    "components",
    [
        (),
        ("date",),
        ("@method",),
        ("@target-uri",),
        ("@method", "@authority", "@path"),
        ("@method", "@path", "@query"),
        ("date", "content-type", "content-digest"),
    ],
)
def test_b207_sig_coverage(arena: Arena, components: tuple[str, ...]) -> None:
    fields = [("date", "Sun, 22 Nov 2026 10:00:00 GMT"), JSON]
    signed = SHOP.sign("POST", fields=fields, body=BODY, components=components)
    refused(arena, signed.lines, "signature.coverage", method="POST", body=BODY)
    assert post(arena, good_post())


@pytest.mark.parametrize("left_out", ["@method", "@target-uri", "content-digest", "content-type"])
def test_b207_each_component_is_needed(arena: Arena, left_out: str) -> None:
    names = ["@method", "@target-uri", "content-digest", "content-type"]
    names.remove(left_out)
    refused(
        arena,
        good_post(components=names).lines,
        "signature.coverage",
        method="POST",
        body=BODY,
    )


def test_b207_unsigned_requests(arena: Arena) -> None:
    refused(arena, [], "signature.missing")
    signed = SHOP.sign()
    refused(arena, signed.without(b"signature"), "signature.missing")
    refused(arena, signed.without(b"signature-input"), "signature.missing")
    refused(arena, signed.replaced(b"signature", b"other=:AA==:"), "signature.missing")
    assert arrives(arena, "GET", "/things", signed.lines)


def test_b207_every_covered_byte_counts(arena: Arena) -> None:
    date = [("date", "Sun, 22 Nov 2026 10:00:00 GMT")]
    invalid = "signature.invalid"
    refused(arena, SHOP.sign().lines, invalid, target="/things?q=x")
    refused(arena, SHOP.sign(target="/things?q=x").lines, invalid, target="/things?q=y")
    refused(arena, SHOP.sign(target="/things?q=x").lines, invalid, target="/things")
    refused(arena, SHOP.sign("POST").lines, invalid)
    late = SHOP.sign(fields=date).replaced(b"date", b"Sun, 22 Nov 2026 10:00:01 GMT")
    refused(arena, late, invalid)
    refused(arena, SHOP.sign(fields=date).without(b"date"), "signature.component-missing")
    signed = SHOP.sign()
    parameters = signed.parameters.replace('nonce="n', 'nonce="m').encode()
    refused(arena, signed.replaced(b"signature-input", b"sig=" + parameters), invalid)
    refused(arena, STRANGER.sign().lines, invalid)
    assert arrives(arena, "GET", "/things", SHOP.sign(fields=date).lines)


def test_b207_what_is_not_covered_does_not_arrive(arena: Arena) -> None:
    kept = [("x-kept", "mine")]
    added = [b"X-Added: another's", b"Cookie: a=b", b"Range: bytes=0-1", b"Accept: */*"]
    received = arrives(arena, "GET", "/things", [*SHOP.sign(fields=kept).lines, *added])
    assert received.get("x-kept") == b"mine"
    assert received.get("accept") == b"*/*"
    assert not {"x-added", "cookie", "range"} & set(received.names())


def test_b207_other_names_for_the_same_target(arena: Arena) -> None:
    for names in (
        ("@method", "@authority", "@path", "@query"),
        ("@method", "@authority", "@request-target"),
        ("@scheme", "@method", "@query", "@path", "@authority"),
    ):
        for target in ("/things", "/things?q=a+b&id=%7E"):
            signed = SHOP.sign(target=target, components=names)
            assert ask(arena, "GET", target, signed.lines).status == 200


def test_b207_the_policy_names_components(arena: Arena) -> None:
    date = [("date", "Sun, 22 Nov 2026 10:00:00 GMT")]
    target = "/slugs/abc"
    refused(arena, SHOP.sign(target=target).lines, "signature.coverage", target=target)
    signed = SHOP.sign(target=target, fields=date)
    assert ask(arena, "GET", target, signed.lines).status == 200


def test_b207_it_stands_beside_the_credential(arena: Arena) -> None:
    key = f"X-API-Key: {arena.key}".encode()
    plain = ("content-type", "text/plain")
    target = "/private"

    def signed() -> list[bytes]:
        return SHOP.sign("POST", target, fields=[plain], body=b"hello").lines

    assert ask(arena, "POST", target, signed(), b"hello").status == 401
    unsigned = [key, b"content-type: text/plain"]
    refused(arena, unsigned, "signature.missing", method="POST", target=target, body=b"hello")
    received = arrives(arena, "POST", target, [key, *signed()], b"hello")
    assert "x-api-key" not in received.names()


def test_b208_sig_digest(arena: Arena) -> None:
    assert post(arena, good_post()).body == BODY
    for body in (b'{"name": "b thing"}', BODY + b" ", BODY[:-1], b"{}"):
        refused(arena, good_post().lines, "digest.mismatch", status=400, method="POST", body=body)


def test_b208_a_body_that_was_taken_out_or_put_in(arena: Arena) -> None:
    reason = "digest.mismatch"
    refused(arena, good_post().lines, reason, status=400, method="POST", body=b"")
    # A request that was signed without a body gets one on its way.
    bare = SHOP.sign("POST", fields=[JSON])
    refused(arena, bare.lines, "digest.missing", status=400, method="POST", body=BODY)
    bare = SHOP.sign("POST", fields=[JSON])
    refused(
        arena,
        [*bare.lines, b"content-digest: " + digest(BODY).encode()],
        "signature.coverage",
        method="POST",
        body=BODY,
    )


def test_b208_chunked(arena: Arena) -> None:
    def chunked(body: bytes) -> Reply:
        framed = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        lines = [*good_post().lines, b"Transfer-Encoding: chunked"]
        return arena.send(request("POST", "/things", *lines, body=framed, length=False))

    assert chunked(BODY).status == 200
    assert chunked(b'{"name": "other"}').status == 400


OTHER = b'{"name": "other"}'


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (f"{digest(BODY)}, {digest(OTHER, 'sha-512')}", "digest.mismatch"),
        (f"{digest(OTHER)}, {digest(BODY, 'sha-512')}", "digest.mismatch"),
        (f"md5={encoded(b'0' * 16)}", "digest.unknown"),
        ("sha-256=AAAA", "digest.malformed"),
        ("sha-256", "digest.malformed"),
        (f"{digest(BODY)}, {digest(BODY)}", "digest.malformed"),
        (f"sha-256=({encoded(b'x')})", "digest.malformed"),
        (f"sha-256={encoded(b'')}", "digest.mismatch"),
        (f"SHA-256={encoded(b'')}", "digest.malformed"),
    ],
)
def test_b208_digests_that_do_not_hold(arena: Arena, value: str, reason: str) -> None:
    fields = [JSON, ("content-digest", value)]
    signed = SHOP.sign("POST", fields=fields)
    refused(arena, signed.lines, reason, status=400, method="POST", body=BODY)


def test_b208_digests_that_hold(arena: Arena) -> None:
    for value in (
        f"{digest(BODY)}, {digest(BODY, 'sha-512')}",
        digest(BODY, "sha-512"),
        f"unixsum=:AA==:, {digest(BODY)};note=1",
    ):
        assert post(arena, SHOP.sign("POST", fields=[JSON, ("content-digest", value)]))


def test_b208_legacy_digest_alone(arena: Arena) -> None:
    legacy = ("digest", "SHA-256=" + digest(BODY).removeprefix("sha-256=:").rstrip(":"))
    signed = SHOP.sign("POST", fields=[JSON, legacy])
    refused(arena, signed.lines, "digest.missing", status=400, method="POST", body=BODY)
    # Covered, and not there.
    names = ["@method", "@target-uri", "content-type", "digest", "content-digest"]
    signed = SHOP.sign("POST", fields=[JSON, legacy], components=names)
    refused(arena, signed.lines, "signature.component-missing", method="POST", body=BODY)


def test_b208_a_coded_body(arena: Arena) -> None:
    text, target = b"hello " * 100, "/text"
    coded = gzip.compress(text, mtime=0)
    fields = [("content-type", "text/plain"), ("content-encoding", "gzip")]

    def signed(body: bytes) -> list[bytes]:
        return SHOP.sign("POST", target, fields=fields, body=body).lines

    received = arrives(arena, "POST", target, signed(coded), coded)
    assert received.body == text
    # RFC 9530 §2: the digest is of what was sent, not of what it becomes.
    refused(
        arena, signed(text), "digest.mismatch", status=400, method="POST", target=target, body=coded
    )
    uncovered = SHOP.sign("POST", target, fields=fields[:1], body=coded).lines
    refused(
        arena,
        [*uncovered, b"content-encoding: gzip"],
        "signature.coverage",
        method="POST",
        target=target,
        body=coded,
    )


def test_b209_sig_replay(arena: Arena) -> None:
    signed = SHOP.sign()
    assert arrives(arena, "GET", "/things", signed.lines)
    for _ in range(3):
        refused(arena, signed.lines, "signature.replay")
    # The same nonce in another request is used up too.
    again = SHOP.sign(target="/things?q=b", nonce="once-only")
    assert ask(arena, "GET", "/things?q=b", again.lines).status == 200
    refused(arena, SHOP.sign(nonce="once-only").lines, "signature.replay")
    # Another key's nonces are its own.
    assert (
        ask(arena, "GET", "/things", SIGNERS["ES256"].sign(nonce="once-only").lines).status == 200
    )


@pytest.mark.parametrize(
    ("created", "reason"),
    [(-62, "signature.expired"), (-86_400, "signature.expired"), (65, "signature.not-yet")],
)
def test_b209_age(arena: Arena, created: int, reason: str) -> None:
    now = int(time.time())
    far = now + 10**6
    refused(arena, SHOP.sign(created=now + created, expires=far).lines, reason)
    assert arrives(arena, "GET", "/things", SHOP.sign(created=now, expires=far).lines)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"created": ...}, "signature.parameters"),
        ({"created": ..., "expires": 4_000_000_000}, "signature.parameters"),
        ({"created": "1"}, "signature.parameters"),
        ({"nonce": ...}, "signature.parameters"),
        ({"nonce": ""}, "signature.parameters"),
        ({"nonce": 7}, "signature.parameters"),
        ({"nonce": "n" * 129}, "signature.parameters"),
        ({"expires": 1}, "signature.expired"),
        ({"expires": "4000000000"}, "signature.parameters"),
        ({"keyid": ...}, "signature.parameters"),
        ({"keyid": "shop-9"}, "signature.key-unknown"),
        ({"keyid": 1}, "signature.parameters"),
        ({"unheard": "of"}, "signature.parameters"),
    ],
)
def test_b209_parameters(arena: Arena, changes: dict[str, object], reason: str) -> None:
    refused(arena, SHOP.sign(**changes).lines, reason)  # type: ignore[arg-type]
    assert arrives(arena, "GET", "/things", SHOP.sign(expires=int(time.time()) + 60).lines)


def joined(*all_signed: Signed) -> list[bytes]:
    """Several signatures in one field each."""
    return [
        name + b": " + b", ".join(dict(each.fields)[name] for each in all_signed)
        for name in (b"signature-input", b"signature")
    ]


def test_b210_sig_label(arena: Arena) -> None:
    def other(**changes: object) -> Signed:
        return STRANGER.sign(label="other", **{"tag": "bank", **changes})  # type: ignore[arg-type]

    # Others' signatures, before or behind, good or bad, are none of our business.
    assert arrives(arena, "GET", "/things", joined(other(), SHOP.sign()))
    assert arrives(arena, "GET", "/things", joined(SHOP.sign(), other()))
    assert arrives(arena, "GET", "/things", [*other().lines, *SHOP.sign().lines])
    # Two for us: nobody is asked to choose.
    refused(arena, joined(other(tag="shop"), SHOP.sign()), "signature.tag-twice")
    refused(arena, joined(SHOP.sign(label="a"), SHOP.sign(label="b")), "signature.tag-twice")
    refused(arena, joined(SHOP.sign(), SHOP.sign()), "signature.malformed", status=400)
    # A good signature of ours under the label of another's.
    mine = SHOP.sign()
    swapped = [*other().lines, b"signature: sig=:AAAA:", mine.lines[0]]
    refused(arena, swapped, "signature.invalid")


@pytest.mark.parametrize("tag", ["bank", "Shop", "shop ", "", ..., 1])
def test_b210_a_tag_of_another_application(arena: Arena, tag: object) -> None:
    refused(arena, SHOP.sign(tag=tag).lines, "signature.tag")


def test_b210_a_tag_that_is_no_string(arena: Arena) -> None:
    suffix = f';created={int(time.time())};keyid="shop-1";nonce="x";tag=shop'
    refused(arena, SHOP.sign(suffix=suffix).lines, "signature.tag")


@pytest.mark.parametrize(
    "alg",
    ["hmac-sha256", "rsa-pss-sha512", "ecdsa-p256-sha256", "ED25519", "none", "rsa-v1_5-sha256"],
)
def test_b210_the_key_decides_the_algorithm(arena: Arena, alg: str) -> None:
    refused(arena, SHOP.sign(alg=alg).lines, "signature.algorithm")
    assert arrives(arena, "GET", "/things", SHOP.sign(alg="ed25519").lines)


class Forger(Signer):
    """Takes what everybody knows of a key for a shared secret."""

    secret = b""

    def raw(self, base: bytes) -> bytes:
        return hmac.digest(self.secret, base, "sha256")


def test_b210_a_public_key_is_no_shared_secret(arena: Arena) -> None:
    rsa = SIGNERS["PS512"]
    assert isinstance(rsa.key, RSAKey)
    forger = Forger("PS512", "shop-3")
    for secret in (rsa.key.as_pem(private=False), rsa.jwk["n"].encode()):
        forger.secret = secret
        refused(arena, forger.sign(alg="hmac-sha256").lines, "signature.algorithm")
        refused(arena, forger.sign(alg="rsa-pss-sha512").lines, "signature.invalid")
        refused(arena, forger.sign().lines, "signature.invalid")
    assert arrives(arena, "GET", "/things", rsa.sign(alg="rsa-pss-sha512").lines)


def test_b210_shared_secrets(arena: Arena) -> None:
    target = "/things/1"

    def put(signer: Signer) -> Signed:
        return signer.sign("PUT", target, fields=[JSON], body=BODY, alg="hmac-sha256")

    assert arrives(arena, "PUT", target, put(SHARED).lines, BODY)
    refused(
        arena,
        put(SHARED).lines,
        "digest.mismatch",
        status=400,
        method="PUT",
        target=target,
        body=b"{}",
    )
    forged = Signer("HS256", "shared-1", make_key("HS256", "another"))
    refused(arena, put(forged).lines, "signature.invalid", method="PUT", target=target, body=BODY)
    refused(arena, put(SHOP).lines, "signature.key-unknown", method="PUT", target=target, body=BODY)


def test_b211_sig_at_field(arena: Arena) -> None:
    for name in (b"@method", b"@path", b"@target-uri"):
        reply = ask(arena, "GET", "/things", [*SHOP.sign().lines, name + b": POST"])
        assert reply.status == 400  # Not even a field name (RFC 9110 §5.1).


@pytest.mark.parametrize(
    "identifier",
    [
        '"@method";req',
        '"@path";req',
        '"x-a";req',
        '"x-a";tr',
        '"x-a";bs',
        '"x-a";sf',
        '"x-a";key="a"',
        '"x-a";unheard',
        '"@method";name="a"',
        '"@query-param"',
        '"@query-param";name',
        '"@query-param";name=""',
        '"@query-param";name="q";bs',
        '"@status"',
        '"@signature-params"',
        '"@unheard"',
        '"X-A"',
        '""',
        '"x a"',
        '"x-a:"',
    ],
)
def test_b211_components_with_another_reading(arena: Arena, identifier: str) -> None:
    names = ("@method", "@target-uri", identifier)
    signed = SHOP.sign(fields=[("x-a", "a")], components=names, values={identifier: "a"})
    refused(arena, signed.lines, "signature.component")


@pytest.mark.parametrize(
    ("value", "reason", "status"),
    [
        ('sig=("@method" "@method" "@target-uri")%s', "signature.component-twice", 401),
        ('sig=(@method "@target-uri")%s', "signature.malformed", 400),
        ('sig=(method "@target-uri")%s', "signature.component", 401),
        ('sig=(:AA==: "@target-uri")%s', "signature.component", 401),
        ('sig=("@method""@target-uri")%s', "signature.malformed", 400),
        ('sig=("@method"\t"@target-uri")%s', "signature.malformed", 400),
        ('sig=("@method" "@target-uri"%s', "signature.malformed", 400),
        ('sig=("@method" "@target-uri")%s,', "signature.malformed", 400),
        ('sig=("@method" "@target-uri")%s;tag="shop"', "signature.malformed", 400),
        ('Sig=("@method" "@target-uri")%s', "signature.malformed", 400),
        ('sig="@method"%s', "signature.malformed", 400),
        ("sig%s", "signature.malformed", 400),
    ],
)
def test_b211_strict_structured_fields(arena: Arena, value: str, reason: str, status: int) -> None:
    signed = SHOP.sign()
    suffix = signed.parameters.partition(")")[2]
    lines = signed.replaced(b"signature-input", (value % suffix).encode())
    refused(arena, lines, reason, status=status)
    # Good or not, the one form of a good one is what counts.
    spaced = signed.parameters.replace('("@method" ', '(  "@method"  ').replace(";", "; ")
    assert arrives(
        arena, "GET", "/things", signed.replaced(b"signature-input", b"sig=" + spaced.encode())
    )


def test_b211_query_parameters(arena: Arena) -> None:
    identifier = '"@query-param";name="q"'
    names = ("@method", "@target-uri", identifier)
    target = "/things?q=a%20b~&id=1"
    signed = SHOP.sign(target=target, components=names, values={identifier: "a%20b%7E"})
    assert ask(arena, "GET", target, signed.lines).status == 200
    twice = "/things?q=a&q=b"
    signed = SHOP.sign(target=twice, components=names, values={identifier: "a"})
    refused(arena, signed.lines, "signature.ambiguous", status=400, target=twice)
    signed = SHOP.sign(components=names, values={identifier: ""})
    refused(arena, signed.lines, "signature.component-missing")


def test_b211_lines_that_are_joined_or_split(arena: Arena) -> None:
    signed = SHOP.sign(fields=[("x-list", "a, b")])
    split = [*signed.without(b"x-list"), b"x-list: a", b"x-list: b"]
    refused(arena, split, "signature.ambiguous", status=400)
    assert arrives(arena, "GET", "/things", signed.lines).get("x-list") == b"a, b"
    twice = [*SHOP.sign(fields=[("x-list", "a")]).lines, b"x-list: a"]
    refused(arena, twice, "signature.ambiguous", status=400)


@pytest.mark.parametrize("host", ["api.example", "API.EXAMPLE", "api.example:80", "api.example."])
def test_b212_sig_authority(arena: Arena, host: str) -> None:
    names = ("@method", "@authority", "@path", "@query")
    for components in (names, ("@method", "@target-uri")):
        signed = SHOP.sign(components=components)
        raw = request("GET", "/things", *signed.lines, host=host)
        assert arena.send(raw).status == 200
        # As written, and not as everybody knows it.
        if host != "api.example":
            wrong = SHOP.sign(components=components, origin=f"http://{host}")
            assert arena.send(request("GET", "/things", *wrong.lines, host=host)).status == 401


@pytest.mark.parametrize(
    "origin", ["https://api.example", "http://evil.example", "http://api.example:8080"]
)
def test_b212_another_origin(arena: Arena, origin: str) -> None:
    refused(arena, SHOP.sign(origin=origin).lines, "signature.invalid")
    assert origin != ORIGIN
