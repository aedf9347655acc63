"""One spelling for each value: what is refused, and what is not."""

from __future__ import annotations

import pytest
from fido2 import cbor
from hypothesis import given
from hypothesis import strategies as st

from vallum.identity.people.cbor import MalformedCBOR, canonical_end, require_canonical

VALUES = st.recursive(
    st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.binary(max_size=300)
    | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers(-30, 30) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)


def depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max((depth(each) for each in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((depth(each) for each in value), default=0)
    return 1


@given(VALUES.filter(lambda value: depth(value) <= 8))
def test_what_an_encoder_writes_is_canonical(value: object) -> None:
    encoded = cbor.encode(value)  # type: ignore[arg-type]
    require_canonical(encoded)
    assert canonical_end(b"\x00" + encoded + b"\x00", 1) == len(encoded) + 1


@given(st.binary(max_size=60))
def test_what_is_taken_has_no_other_spelling(data: bytes) -> None:
    try:
        require_canonical(data)
    except MalformedCBOR:
        return
    assert cbor.encode(cbor.decode(data)) == data


REFUSED = {
    "nothing": "",
    "two items": "0000",
    "long zero": "1800",
    "long 255": "1900ff",
    "long 65535": "1a0000ffff",
    "long 2^32-1": "1b00000000ffffffff",
    "cut number": "19ff",
    "cut bytes": "43aabb",
    "cut text": "6261",
    "bad text": "62c328",
    "cut list": "810082",
    "short list": "8200",
    "short map": "a100",
    "keys twice": "a201000100",
    "keys out of order": "a202000100",
    "longer key first": "a26162000100",
    "text before number": "a26161000100",
    "endless bytes": "5f4100ff",
    "endless list": "9f00ff",
    "endless map": "bfff",
    "tag": "c000",
    "half": "f90000",
    "float": "fa00000000",
    "null": "f6",
    "undefined": "f7",
    "simple": "e0",
    "long false": "f814",
    "break": "ff",
    "reserved": "1c",
    "many": "9bffffffffffffffff",
    "huge bytes": "5bffffffffffffffff",
    "deep": "81" * 9 + "00",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(MalformedCBOR):
        require_canonical(bytes.fromhex(text))


def test_what_is_too_long_is_not_read() -> None:
    items = 16 * 1024 - 3
    require_canonical(b"\x99" + items.to_bytes(2, "big") + b"\x00" * items)
    with pytest.raises(MalformedCBOR, match="too long"):
        require_canonical(b"\x99" + (items + 1).to_bytes(2, "big") + b"\x00" * (items + 1))
