"""What an HTTP message signature signs (RFC 9421 §2): components of a request, and their text.

Of the parameters of components only the name of a query parameter is taken. `sf`, `key` and `bs`
are other readings of a field, `req` and `tr` are of other messages; what needs none of them has
one reading (B-211).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Final, NamedTuple
from urllib.parse import quote_from_bytes

from vallum.core.request import Request
from vallum.wire.structured import InnerList, Item, serialise_item, serialise_list

MAX_COMPONENTS: Final = 40
"""Components that one signature may cover."""

_FIELD_NAME: Final = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,128}")
_QUERY_PARAMETER: Final = "@query-param"


class NoBase(ValueError):  # noqa: N818  (a verdict on a signature)
    """A request that has no signature base; the message is one of the reasons below."""


UNKNOWN: Final = "signature.component"
"""A component that no request has, or a parameter that is not taken."""
TWICE: Final = "signature.component-twice"
"""RFC 9421 §2.5: each component identifier MUST occur only once."""
MISSING: Final = "signature.component-missing"
"""A field or query parameter that is covered and not there."""
AMBIGUOUS: Final = "signature.ambiguous"
"""A field or query parameter that is there more than once, so that several requests would have
this base."""


class Component(NamedTuple):
    """What a signature covers: a field, or something derived from the request."""

    name: str
    parameter: str = ""
    """The name of a query parameter, encoded; of `@query-param` only."""

    @property
    def is_field(self) -> bool:
        """Whether it is a field of the request."""
        return not self.name.startswith("@")


def read_components(inner: InnerList) -> tuple[Component, ...]:
    """The components that a signature covers, in its order.

    Raises:
        NoBase: one of them is unknown, or there twice.
    """
    found = tuple(_component(item) for item in inner.items)
    if len(found) > MAX_COMPONENTS:
        raise NoBase(UNKNOWN)
    if len(set(found)) != len(found):
        raise NoBase(TWICE)
    return found


def component(name: str) -> Component:
    """A component without parameters, as a policy names it.

    Raises:
        NoBase: there is none of this name.
    """
    # SECURITY: what begins with `@` is never looked up among the fields (RFC 9421 §7.5.1).
    is_known = name in _DERIVED if name.startswith("@") else _FIELD_NAME.fullmatch(name)
    if not is_known:
        raise NoBase(UNKNOWN)
    return Component(name)


def _component(item: Item) -> Component:
    name, parameters = item
    # A token is written without quotes and is no name of a component.
    if type(name) is not str:
        raise NoBase(UNKNOWN)
    if name == _QUERY_PARAMETER and parameters.keys() == {"name"}:
        parameter = parameters["name"]
        if type(parameter) is not str or not parameter:
            raise NoBase(UNKNOWN)
        return Component(name, parameter)
    if parameters:
        raise NoBase(UNKNOWN)
    return component(name)


def signature_base(
    inner: InnerList, components: Collection[Component], request: Request, origin: str
) -> bytes:
    """The text that was signed (RFC 9421 §2.5).

    Args:
        inner: the member of `Signature-Input`, with its parameters.
        components: those of `inner`.
        request: as it was received.
        origin: scheme and authority by which the public knows the API.

    Raises:
        NoBase: a component is not there, or has more than one reading.
    """
    lines = [
        b"%b: %b\n" % (serialise_item(item).encode("ascii"), _value(each, request, origin))
        for item, each in zip(inner.items, components, strict=True)
    ]
    lines.append(b'"@signature-params": %b' % serialise_list(inner).encode("ascii"))
    return b"".join(lines)


def _value(each: Component, request: Request, origin: str) -> bytes:
    if each.name == _QUERY_PARAMETER:
        return _query_parameter(request, each.parameter)
    derive = _DERIVED.get(each.name)
    return _field(request, each.name) if derive is None else derive(request, origin)


def _field(request: Request, name: str) -> bytes:
    values = request.fields.all(name.encode("ascii"))
    if not values:
        raise NoBase(MISSING)
    # SECURITY: stricter than RFC 9421 §2.1, which joins lines. `a, b` on one line and `a` and `b`
    # on two would be signed alike and may be read differently (§7.5.6).
    if len(values) > 1:
        raise NoBase(AMBIGUOUS)
    (value,) = values
    # RFC 9421 §2.5: the base is ASCII, and no value holds the end of its line.
    if not value.isascii() or b"\n" in value or b"\r" in value:
        raise NoBase(AMBIGUOUS)
    return value.strip(b" \t")


def _query_parameter(request: Request, name: str) -> bytes:
    values = [value for key, value in request.target.query if _form_encoded(key) == name]
    if not values:
        raise NoBase(MISSING)
    # RFC 9421 §2.2.8: a name that occurs more than once MUST NOT be covered.
    if len(values) > 1:
        raise NoBase(AMBIGUOUS)
    return _form_encoded(values[0]).encode("ascii")


def _form_encoded(text: str) -> str:
    """The percent-encode set of RFC 9421 §2.2.8: all but letters, digits and `*-._`."""
    return quote_from_bytes(text.encode("utf-8"), safe="*").replace("~", "%7E")


def _target(request: Request) -> bytes:
    path, query = request.target.sent_path, request.target.sent_query
    return path + b"?" + query if query else path


_DERIVED: Final[dict[str, Callable[[Request, str], bytes]]] = {
    "@method": lambda request, _: request.method.encode("ascii"),
    "@target-uri": lambda request, origin: origin.encode("ascii") + _target(request),
    "@authority": lambda _, origin: origin.partition("://")[2].encode("ascii"),
    "@scheme": lambda _, origin: origin.partition("://")[0].encode("ascii"),
    "@request-target": lambda request, _: _target(request),
    "@path": lambda request, _: request.target.sent_path,
    # RFC 9421 §2.2.7: with the question mark, also where there is no query.
    "@query": lambda request, _: b"?" + request.target.sent_query,
}
"""RFC 9421 §2.2; `@status` is of answers."""
