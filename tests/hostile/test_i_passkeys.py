"""Hostile cases I: passkeys. Each forged answer differs from a good one in one thing (B-237 …)."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from fido2.cose import ES256, ES384, RS256
from fido2.utils import websafe_decode, websafe_encode
from tests.support.authenticator import AT, BE, BS, ED, UP, UV, SoftAuthenticator
from tests.support.factors import (
    PasskeyPage,
    code,
    post_json,
    second_page,
    sign_in_page,
    signed_in,
    soft,
    with_passkey,
    with_totp,
)
from tests.support.people import ANN, add_user, sign_in
from tests.support.provider import ISSUER, Provider, submit

HOST = "login.shop.example"
ORIGINS: tuple[dict[str, Any], ...] = (
    {"origin": "https://login.example.evil"},
    {"origin": f"https://{HOST}.evil.example"},
    {"origin": f"https://evil.{HOST}"},
    {"origin": "https://shop.example"},
    {"origin": f"http://{HOST}"},
    {"origin": f"https://{HOST}:8443"},
    {"origin": f"https://{HOST}/"},
    {"origin": f"https://{HOST.upper()}"},
    {"origin": "android:apk-key-hash:NqMLLnKSeGd8JCDOAnJNSyXyzV2OJ5Rjr8_bLlvuxhk"},
    {"origin": None},
    {"origin": [f"https://{HOST}"]},
    {"crossOrigin": True},
    {"crossOrigin": "false"},
    {"topOrigin": ISSUER},
    {"tokenBinding": {"status": "present", "id": "x"}},
    {"type": "webauthn.other"},
)


def refused(provider: Provider, answer: Any, browser: Any, reason: str = "") -> None:
    """Nothing was proved, the person is told the same as always, and the records know why."""
    assert answer.status_code == 400, answer.text
    assert answer.json()["title"] == "This passkey was not accepted"
    assert not signed_in(browser)
    (event,) = [event for event in provider.events if event.kind == "passkey.refused"][-1:]
    assert reason in event.details["reason"]


def adding(provider: Provider, email: str = ANN) -> PasskeyPage:
    """The page of a fresh session where a passkey is added."""
    browser = provider.browser()
    sign_in(browser, email)
    return PasskeyPage(browser, browser.get("/account/factors/add").text)


def not_added(provider: Provider, answer: Any, reason: str = "") -> None:
    assert answer.status_code == 400, answer.text
    user = provider.run(provider.services.users.by_email, ANN)
    assert user is not None
    assert provider.run(provider.services.passkeys.of_user, user.id) == []
    (event,) = [event for event in provider.events if event.kind == "passkey.refused"][-1:]
    assert reason in event.details["reason"]


def test_b237_webauthn_origin_of_an_assertion(provider: Provider) -> None:
    key = with_passkey(provider, add_user(provider))
    browser = provider.browser()
    page = sign_in_page(browser)
    for changes in ORIGINS:
        refused(provider, page.sign(key, client_data=changes), browser)
    assert page.sign(key).status_code == 200
    assert signed_in(browser)


def test_b237_webauthn_origin_of_a_registration(provider: Provider) -> None:
    add_user(provider)
    page, key = adding(provider), soft()
    for changes in ORIGINS:
        not_added(provider, page.add(key, client_data=changes))
    assert page.add(key).status_code == 200


def test_b237_webauthn_origin_client_data_that_two_readers_take_differently(
    provider: Provider,
) -> None:
    key = with_passkey(provider, add_user(provider))
    for spell in (
        lambda good: good.replace(b'{"type"', b'{"origin":"https://evil.example","type"'),
        lambda good: b"\xef\xbb\xbf" + good,
        lambda good: good + b" {}",
        lambda good: b"[" + good + b"]",
        lambda good: good[:-1],
        lambda good: b"",
    ):
        browser = provider.browser()
        page = sign_in_page(browser)
        asked = page.begin_signing()
        good = json.dumps(
            {
                "type": "webauthn.get",
                "challenge": asked["options"]["challenge"],
                "origin": ISSUER,
            },
            separators=(",", ":"),
        ).encode()
        answer = page.finish_signing(asked, key.sign(asked["options"], raw_client_data=spell(good)))
        refused(provider, answer, browser)
    asked = page.begin_signing()
    assert page.finish_signing(asked, key.sign(asked["options"])).status_code == 200


def test_b238_webauthn_challenge_is_32_bytes_and_used_once(provider: Provider) -> None:
    key = with_passkey(provider, add_user(provider))
    page = sign_in_page(provider.browser())
    asked = page.begin_signing()
    assert len(websafe_decode(asked["options"]["challenge"])) == 32
    signed = key.sign(asked["options"])
    assert page.finish_signing(asked, signed).status_code == 200
    # In another flow, and in a browser that has not signed in.
    browser = provider.browser()
    other = sign_in_page(browser)
    refused(
        provider, other.finish_signing(other.begin_signing(), signed), browser, "another challenge"
    )


def test_b238_webauthn_challenge_a_wrong_answer_uses_it_up(provider: Provider) -> None:
    key = with_passkey(provider, add_user(provider))
    browser = provider.browser()
    page = sign_in_page(browser)
    asked = page.begin_signing()
    refused(
        provider, page.finish_signing(asked, key.sign(asked["options"], signature=b"x")), browser
    )
    again = page.finish_signing(asked, key.sign(asked["options"]))
    refused(provider, again, browser, "challenge used")


def test_b238_webauthn_challenge_expires(provider: Provider) -> None:
    key = with_passkey(provider, add_user(provider))
    browser = provider.browser()
    page = sign_in_page(browser)
    asked = page.begin_signing()
    provider.clock.now += 299
    assert page.finish_signing(asked, key.sign(asked["options"])).status_code == 200
    browser = provider.browser()
    page = sign_in_page(browser)
    asked = page.begin_signing()
    provider.clock.now += 301
    late = page.finish_signing(asked, key.sign(asked["options"]))
    refused(provider, late, browser, "challenge expired")


def test_b238_webauthn_challenge_of_another_browser(provider: Provider) -> None:
    key = with_passkey(provider, add_user(provider))
    theirs, mine = sign_in_page(provider.browser()), sign_in_page(provider.browser())
    asked = theirs.begin_signing()
    stolen = mine.finish_signing(asked, key.sign(asked["options"]))
    assert stolen.status_code == 400
    assert not signed_in(mine.browser)
    assert theirs.finish_signing(asked, key.sign(asked["options"])).status_code == 200


def test_b238_webauthn_challenge_of_another_purpose(provider: Provider) -> None:
    key = with_passkey(provider, add_user(provider))
    browser = provider.browser()
    second = second_page(browser)
    asked = second.begin_signing()
    signed = key.sign(asked["options"])
    body = {"csrf": second.within["csrf"], "step": "first", "flow": asked["flow"], **signed}
    refused(provider, post_json(browser, "/sign-in/passkey", body), browser, "something else")
    assert second.sign(key).status_code == 200


def test_b238_webauthn_challenge_the_type_must_match(provider: Provider) -> None:
    key = with_passkey(provider, add_user(provider))
    browser = provider.browser()
    for kind in ("webauthn.create", "payment.get", None, 1):
        answer = sign_in_page(browser).sign(key, client_data={"type": kind})
        refused(provider, answer, browser, "another ceremony")


FLAGS = (
    UV,  # Nobody present.
    UP,  # Not verified.
    UP | UV | BS,  # Backed up not eligible.
    UP | UV | BE,  # Eligible since.
    UP | UV | 0x02,  # Reserved 1.
    UP | UV | 0x20,  # Reserved 5.
    UP | UV | AT,  # Attested without data.
    UP | UV | ED,  # Extensions without data.
    0,  # None.
)


def test_b239_webauthn_rpid_flags_of_an_assertion(provider: Provider) -> None:
    key = with_passkey(provider, add_user(provider))
    browser = provider.browser()
    page = sign_in_page(browser)
    for flags in FLAGS:
        refused(provider, page.sign(key, flags=flags), browser)
    assert page.sign(key).status_code == 200


def test_b239_webauthn_rpid_flags_verification_is_demanded_in_each_step(
    provider: Provider,
) -> None:
    key = with_passkey(provider, add_user(provider))
    browser = provider.browser()
    for page in (sign_in_page(browser), second_page(browser)):
        refused(provider, page.sign(key, flags=UP), browser, "not verified")


def test_b239_webauthn_rpid_flags_eligibility_that_went_away(provider: Provider) -> None:
    key = with_passkey(provider, add_user(provider), flags=UP | UV | BE | BS)
    browser = provider.browser()
    page = sign_in_page(browser)
    refused(provider, page.sign(key, flags=UP | UV), browser, "eligibility")
    # Backed up or not may change.
    assert page.sign(key, flags=UP | UV | BE).status_code == 200


def test_b239_webauthn_rpid_flags_another_relying_party(provider: Provider) -> None:
    user = add_user(provider)
    others = ("login.example.evil", "shop.example", f"{HOST}.", "")
    page = adding(provider)
    for rp_id in others:
        not_added(provider, page.add(soft(), rp_id=rp_id))
    key = with_passkey(provider, user)
    browser = provider.browser()
    page = sign_in_page(browser)
    for rp_id in others:
        refused(provider, page.sign(key, rp_id=rp_id), browser)


def test_b239_webauthn_rpid_flags_a_signature_over_other_data(provider: Provider) -> None:
    key = with_passkey(provider, add_user(provider))
    browser = provider.browser()
    page = sign_in_page(browser)
    head = sha256(HOST.encode()).digest()
    other = head + bytes([UP]) + bytes(4)
    refused(provider, page.sign(key, signed=other), browser, "nvalid signature")
    refused(provider, page.sign(key, signature=b""), browser)
    stranger = ec.generate_private_key(ec.SECP256R1()).sign(b"x", ec.ECDSA(SHA256()))
    refused(provider, page.sign(key, signature=stranger), browser)
    refused(provider, page.sign(key, tail=b"\x00"), browser, "bytes after")
    assert page.sign(key).status_code == 200


def test_b239_webauthn_rpid_flags_of_a_registration(provider: Provider) -> None:
    add_user(provider)
    page = adding(provider)
    for flags in (
        UV | AT,
        UP | AT,
        UP | UV | BS | AT,
        UP | UV,
        UP | UV | AT | ED,
        UP | UV | AT | 0x02,
    ):
        not_added(provider, page.add(soft(), flags=flags))
    assert page.add(soft()).status_code == 200


def cose(kind: Any, key: Any) -> dict[int, Any]:
    """The public half of a key, as authenticators write it."""
    return dict(kind.from_cryptography_key(key.public_key()))


def keys_that_nobody_asked_for() -> list[bytes]:
    """Public keys as COSE that a registration must not bring in."""
    good = cose(ES256, ec.generate_private_key(ec.SECP256R1()))
    small = cose(RS256, rsa.generate_private_key(65537, 1024))  # noqa: S505
    other = cose(ES384, ec.generate_private_key(ec.SECP384R1()))
    named: list[Any] = [
        other,
        small,
        {name: value for name, value in good.items() if name != 3},
        good | {3: 5},
        good | {1: 1},
        good | {-1: 8},
        good | {-2: bytes(32)},
        good | {-2: good[-2][1:]},
        good | {-2: b"\x00" + good[-2]},
        good | {-4: bytes(32)},
        [],
        good | {-3: True},
    ]
    return [cbor.encode(value) for value in named]


def test_b239_webauthn_rpid_flags_a_key_that_nobody_asked_for(provider: Provider) -> None:
    add_user(provider)
    page = adding(provider)
    for public_key in keys_that_nobody_asked_for():
        not_added(provider, page.add(soft(), public_key=public_key))


def test_b240_webauthn_cred_owner_of_another_person(provider: Provider) -> None:
    ann, eve = add_user(provider), add_user(provider, "eve@example.org")
    key = with_passkey(provider, ann)
    theirs = with_passkey(provider, eve)
    browser = provider.browser()
    # Eve's credential after Ann's password, with her own handle, with Ann's, and with none.
    for handle in (theirs.user_handle, ann.id.encode(), None):
        page = second_page(browser)
        refused(provider, page.sign(theirs, user_handle=handle), browser)
    # Eve's signature under Ann's credential.
    forged = SoftAuthenticator(origin=ISSUER, rp_id=HOST, credential_id=key.credential_id)
    forged.user_handle = key.user_handle
    refused(provider, sign_in_page(browser).sign(forged), browser)
    assert second_page(browser).sign(key).status_code == 200


def test_b240_webauthn_cred_owner_another_user_handle(provider: Provider) -> None:
    key = with_passkey(provider, add_user(provider))
    browser = provider.browser()
    page = sign_in_page(browser)
    for handle in (None, b"", b"user_of-nobody", b"\xff", b"x" * 65):
        refused(provider, page.sign(key, user_handle=handle), browser, "user handle")
    assert page.sign(key).status_code == 200


def test_b240_webauthn_cred_owner_an_id_that_is_registered(provider: Provider) -> None:
    key = with_passkey(provider, add_user(provider, "bob@example.org"))
    add_user(provider)
    page = adding(provider)
    thief = soft(credential_id=key.credential_id)
    not_added(provider, page.add(thief), "registered already")
    # The owner's passkey is the owner's still.
    assert sign_in_page(provider.browser()).sign(key).status_code == 200


def test_b240_webauthn_cred_owner_the_length_of_ids(provider: Provider) -> None:
    add_user(provider)
    page = adding(provider)
    for length in (0, 15, 1024, 4096):
        not_added(provider, page.add(soft(credential_id=b"i" * length)), "length")
    assert page.add(soft(credential_id=b"i" * 1023)).status_code == 200


def test_b240_webauthn_cred_owner_two_ids(provider: Provider) -> None:
    add_user(provider)
    page = adding(provider)
    asked = page.begin_adding()
    made = soft().make(asked["options"]) | {"id": websafe_encode(b"j" * 32)}
    not_added(provider, page.finish_adding(asked, made), "two credential ids")


def spelt(key: SoftAuthenticator, spell: Callable[[bytes, bytes], bytes]) -> bytes:
    """An attestation object that holds the honest authenticator data, in another spelling."""
    public = cbor.encode(cose(ES256, key.key))
    head = sha256(HOST.encode()).digest() + bytes([UP | UV | AT]) + bytes(4) + bytes(16)
    data = head + len(key.credential_id).to_bytes(2, "big") + key.credential_id + public
    return spell(data, public)


FMT, STATEMENT, NAME = b"\x63fmt\x64none", b"\x67attStmt\xa0", b"\x68authData"
SPELLINGS: dict[str, Callable[[bytes, bytes], bytes]] = {
    "tail": lambda data, _: b"\xa3" + FMT + STATEMENT + NAME + text(data) + b"\x00",
    "order": lambda data, _: b"\xa3" + NAME + text(data) + FMT + STATEMENT,
    "twice": lambda data, _: b"\xa4" + FMT + FMT + STATEMENT + NAME + text(data),
    "indefinite": lambda data, _: b"\xbf" + FMT + STATEMENT + NAME + text(data) + b"\xff",
    "long-count": lambda data, _: b"\xb8\x03" + FMT + STATEMENT + NAME + text(data),
    "another-member": lambda data, _: b"\xa4\x61a\x00" + FMT + STATEMENT + NAME + text(data),
    "tagged": lambda data, _: b"\xa3" + FMT + STATEMENT + NAME + b"\xc2" + text(data),
    "array": lambda data, _: b"\x83" + FMT + STATEMENT + text(data),
    "deep": lambda data, _: b"\x81" * 200 + b"\x00",
    "huge-count": lambda data, _: b"\x9b" + b"\xff" * 8,
    "empty": lambda data, _: b"\xa0",
    "data-tail": lambda data, _: honest(data + b"\x00"),
    "key-twice": lambda data, public: honest(
        data.replace(public, b"\xa6" + public[1:3] + public[1:])
    ),
    "key-order": lambda data, public: honest(
        data.replace(public, b"\xa5" + public[3:5] + public[1:3] + public[5:])
    ),
    "key-long-number": lambda data, public: honest(
        data.replace(public, b"\xa5\x01\x18\x02" + public[3:])
    ),
    "key-cut": lambda data, _: honest(data[:-1]),
}


def text(data: bytes) -> bytes:
    """A byte string of 24 to 65,535 bytes."""
    size = len(data)
    return (b"\x58" + bytes([size]) if size < 256 else b"\x59" + size.to_bytes(2, "big")) + data


def honest(data: bytes) -> bytes:
    """An attestation object as it must be written."""
    return b"\xa3" + FMT + STATEMENT + NAME + text(data)


def test_b240_webauthn_cred_owner_cbor_with_another_spelling(provider: Provider) -> None:
    add_user(provider)
    page, key = adding(provider), soft()
    for spell in SPELLINGS.values():
        not_added(provider, page.add(key, attestation=spelt(key, spell)))
    assert page.add(key, attestation=spelt(key, lambda data, _: honest(data))).status_code == 200
    assert sign_in_page(provider.browser()).sign(key).status_code == 200


def test_b240_webauthn_cred_owner_json_is_read_strictly(provider: Provider) -> None:
    key = with_passkey(provider, add_user(provider))
    browser = provider.browser()
    page = sign_in_page(browser)
    for change in (
        {"id": "AAA="},
        {"signature": "a b"},
        {"extra": "1"},
        {"step": "third", "id": "QQ"},
        {"csrf": "0" * 64},
    ):
        asked = page.begin_signing()
        body = {"csrf": page.within["csrf"], "step": "first", "flow": asked["flow"]}
        body = {**body, **key.sign(asked["options"]), **change}
        assert post_json(browser, "/sign-in/passkey", body).status_code in (400, 403)
        assert not signed_in(browser)


def test_b240_webauthn_cred_owner_other_sites_send_nothing(provider: Provider) -> None:
    key = with_passkey(provider, add_user(provider))
    browser = provider.browser()
    page = sign_in_page(browser)
    asked = page.begin_signing()
    body = {"csrf": page.within["csrf"], "step": "first", "flow": asked["flow"]}
    body |= key.sign(asked["options"])
    for fields in ({"origin": "https://evil.example"}, {"content-type": "text/plain"}):
        sent = {"origin": ISSUER, "content-type": "application/json", **fields}
        answer = browser.post("/sign-in/passkey", content=json.dumps(body), headers=sent)
        assert answer.status_code in (400, 403)
    twice = json.dumps(body)[:-1] + ',"step":"first"}'
    sent = {"origin": ISSUER, "content-type": "application/json"}
    assert browser.post("/sign-in/passkey", content=twice, headers=sent).status_code == 400
    assert not signed_in(browser)
    assert post_json(browser, "/sign-in/passkey", body).status_code == 200


def test_b241_webauthn_counter_that_goes_back_demands_another_factor(provider: Provider) -> None:
    user = add_user(provider)
    key = with_passkey(provider, user, sign_count=7)
    seed = with_totp(provider, user)
    assert sign_in_page(provider.browser()).sign(key).status_code == 200
    for count in (8, 3, 0):
        browser = provider.browser()
        answer = sign_in_page(browser).sign(key, sign_count=count)
        second = answer.json()["location"]
        assert second.startswith("/sign-in/second?flow=")
        assert not signed_in(browser)
        alerts = [event for event in provider.events if event.kind == "passkey.cloned"]
        assert alerts[-1].alert
    # The same passkey is no second factor beside itself.
    page = browser.get(second).text
    assert "data-passkey" not in page
    assert submit(browser, page, code=code(provider, seed)).status_code == 303
    assert signed_in(browser)


def test_b241_webauthn_counter_that_goes_back_after_the_password(provider: Provider) -> None:
    user = add_user(provider)
    key = with_passkey(provider, user, sign_count=7)
    browser = provider.browser()
    page = second_page(browser)
    answer = page.sign(key, sign_count=7)
    assert answer.status_code == 403
    assert "copied" in answer.json()["title"]
    assert not signed_in(browser)
    body = {**page.within, "step": "second"}
    assert post_json(browser, "/sign-in/passkey/options", body).status_code == 400
    # And who has nothing else does not enrol anything either.
    flow = page.place["flow"]
    enrol = browser.get(f"/sign-in/enrol?flow={flow}")
    assert enrol.headers["location"] == f"/sign-in/second?flow={flow}"


def test_b241_webauthn_counter_of_those_that_do_not_count(provider: Provider) -> None:
    key = with_passkey(provider, add_user(provider))
    for _ in range(2):
        assert sign_in_page(provider.browser()).sign(key).json() == {"location": "/account"}
    assert "passkey.cloned" not in provider.kinds()
