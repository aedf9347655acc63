"""XML bodies against a schema, by the XML object of OpenAPI (3.1 §4.8.26).

The tree becomes the value that the same document would be in JSON, and the schema judges that.
What the contract does not name stays visible in the value, so that the schema refuses it: an
undeclared element under its own name, an undeclared attribute as `@name` (that of the property
which it may be taken for), stray text as `#text`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from vallum.core.problems import Violation
from vallum.openapi.bodies import refuse
from vallum.openapi.document import Node
from vallum.openapi.facts import SchemaReader
from vallum.openapi.primitives import NotOfTypeError, primitive
from vallum.openapi.problems import ContractViolation
from vallum.openapi.shapes import ANY, Shape, shape_of
from vallum.openapi.validator import SchemaValidator
from vallum.wire.media_type import MediaType
from vallum.wire.pointer import json_pointer
from vallum.wire.xml import Element, MalformedXML, Name, parse_xml, plain

_BLANK: Final = " \t\r\n"
_DETAILS: Final = {
    "encoding": "must be XML 1.0 in UTF-8 without a byte order mark",
    "syntax": "must be well-formed XML without entities",
    "doctype": "must not have a document type",
    "instruction": "must not have processing instructions",
    "include": "must not refer to other documents",
    "schema-hint": "must not name its own schema",
    "namespace": "must give each prefix one meaning",
    "name": "must not use this name",
    "split-text": "must not split text by comments or CDATA sections",
    "depth": "must not nest deeper",
    "width": "must not have more elements or attributes",
    "text-length": "must not have longer texts or names",
}


@dataclass(slots=True, eq=False)
class XMLShape:
    """What a schema says about an element or attribute."""

    primitive: Shape = ANY
    kind: str = "any"
    """`any`, `primitive`, `object` or `array`."""
    attributes: dict[str, Link] = field(default_factory=dict)
    children: dict[str, Link] = field(default_factory=dict)
    """By local name."""
    item: Link | None = None
    """Of an array: its items; the name is empty where any will do."""
    _alike: dict[str, str] | None = None
    _words: frozenset[str] | None = None

    def links(self) -> Iterator[Link]:
        """Every attribute and child."""
        yield from self.attributes.values()
        yield from self.children.values()

    def property_like(self, name: str) -> str:
        """The property that a reader may take an undeclared name for who does not tell attributes
        from elements, or minds no case; the name itself where there is none."""
        alike = self._alike
        if alike is None:
            # Of two names that are alike, the first.
            found = [(each.name.casefold(), each.property) for each in self.links()]
            alike = self._alike = dict(reversed(found))
        return alike.get(name.casefold(), name)

    def names(self, name: str) -> bool:
        """Whether a name is that of a property, or of what spells one."""
        words = self._words
        if words is None:
            words = frozenset(word for each in self.links() for word in (each.property, each.name))
            self._words = words
        return name in words


@dataclass(slots=True, eq=False)
class Link:
    """How a property, or an item, is spelled."""

    property: str
    name: str
    namespace: str | None
    """None where the contract does not say: that of the parent, or none."""
    shape: XMLShape
    is_list: bool = False
    """Whether elements of this name are the items of an array without an element of its own."""

    def fits(self, name: Name, parent: str) -> bool:
        """Whether a name is this one in a parent of that namespace."""
        if self.name and self.name != name.local:
            return False
        if self.namespace is None:
            return name.namespace in ("", parent)
        return name.namespace == self.namespace


class XMLShapes:
    """Reads the shapes of schemas; each is read once."""

    def __init__(self, reader: SchemaReader) -> None:
        self._reader = reader
        self._known: dict[tuple[str, tuple[str, ...]], XMLShape] = {}

    def root(self, node: Node | None) -> Link:
        """How a body of this schema is spelled."""
        if node is None:
            return Link("", "", None, XMLShape())
        words = self._words(node)
        name = words.get("name")
        if not isinstance(name, str):
            # §4.8.26: the name of a component is the name of its element.
            reference = node.value.get("$ref") if isinstance(node.value, dict) else None
            parts = reference.split("/") if isinstance(reference, str) else []
            name = parts[-1] if parts[-3:-1] == ["components", "schemas"] else ""
        return Link("", name, _namespace(words), self._shape(node))

    def _shape(self, node: Node) -> XMLShape:
        known = self._known.get(node.address)
        if known is None:
            known = self._known[node.address] = XMLShape()
            known.primitive = shape_of(node, self._reader, 0)
            known.kind = known.primitive.kind if known.primitive.types else "any"
            for part in self._parts(node):
                properties = part.get("properties")
                for name, child in properties.members() if properties else ():
                    self._add(known, name, child)
                items = part.get("items")
                if items is not None and known.item is None:
                    words = self._words(items)
                    known.item = Link("", _name(words), _namespace(words), self._shape(items))
        return known

    def _add(self, parent: XMLShape, name: str, node: Node) -> None:
        words = self._words(node)
        shape = self._shape(node)
        own = Link(name, _name(words) or name, _namespace(words), shape)
        if words.get("attribute") is True:
            parent.attributes.setdefault(own.name, own)
            return
        if shape.kind == "array" and shape.item is not None:
            item = shape.item
            if words.get("wrapped") is True:
                # Items without a name of their own have that of the list.
                item_name = item.name or own.name
                own.shape = XMLShape(kind="array")
                own.shape.item = Link("", item_name, item.namespace, item.shape)
            else:
                namespace = item.namespace if item.namespace is not None else own.namespace
                own = Link(name, item.name or name, namespace, item.shape, is_list=True)
        parent.children.setdefault(own.name, own)

    def _words(self, node: Node) -> dict[str, Any]:
        """The XML object of a schema: its own, or that of the nearest part that has one."""
        for part in self._parts(node):
            words = part.value.get("xml")
            if isinstance(words, dict):
                return words
        return {}

    def _parts(self, node: Node) -> Iterator[Node]:
        """The schema with everything that applies in place, each once, as it is read."""
        seen = set()
        todo = [node]
        while todo:
            node = todo.pop()
            if node.address in seen:
                continue
            seen.add(node.address)
            schema = self._reader.modern(node)
            yield schema
            target = self._reader.target(schema) if "$ref" in schema.value else None
            parts = [] if target is None else [target]
            for keyword in ("allOf", "anyOf", "oneOf"):
                listed = schema.get(keyword)
                parts.extend(listed.items() if listed else ())
            todo.extend(reversed(parts))


def _name(words: dict[str, Any]) -> str:
    name = words.get("name")
    return name if isinstance(name, str) else ""


def _namespace(words: dict[str, Any]) -> str | None:
    namespace = words.get("namespace")
    return namespace if isinstance(namespace, str) else None


class XMLBody:
    """A body of XML."""

    __slots__ = ("_root", "_schema")

    def __init__(self, schema: SchemaValidator | None, root: Link) -> None:
        self._schema = schema
        self._root = root

    def __call__(self, body: bytes, media_type: MediaType) -> object:
        """The value that the document would be in JSON; raises ContractViolation."""
        try:
            element = parse_xml(body)
        except MalformedXML as error:
            raise refuse(f"xml-{error.code}", _DETAILS[error.code]) from None
        if not self._root.fits(element.name, element.name.namespace):
            raise refuse("element", "must have the declared root element")
        reading = _Reading()
        value = reading.element(element, self._root.shape, ())
        if reading.found:
            raise ContractViolation(reading.found)
        if self._schema is not None and not self._schema.compile()(value):
            raise ContractViolation(self._schema.violations(value, "body", ()))
        return value


class _Reading:
    """One document on its way to a value."""

    def __init__(self) -> None:
        self.found: list[Violation] = []

    def element(self, element: Element, shape: XMLShape, path: tuple[str, ...]) -> Any:
        """The value of an element."""
        match shape.kind:
            case "object":
                return self._object(element, shape, path)
            case "array":
                return self._array(element, shape, path)
            case "primitive":
                if element.children or element.attributes:
                    return self._refuse(path, "type", "must hold text alone")
                return self._primitive(element.text, shape, path)
        return plain(element)

    def _object(self, element: Element, shape: XMLShape, path: tuple[str, ...]) -> Any:
        value: dict[str, Any] = {}
        others: dict[str, list[Any]] = {}
        for name, text in element.attributes.items():
            link = shape.attributes.get(name.local)
            if link is None or not link.fits(name, ""):
                others.setdefault(f"@{shape.property_like(name.local)}", []).append(text)
            else:
                value[link.property] = self._primitive(text, link.shape, (*path, link.property))
        for child in element.children:
            link = shape.children.get(child.name.local)
            if link is None or not link.fits(child.name, element.name.namespace):
                self._unknown(child, others, shape, path)
                continue
            at = (*path, link.property)
            if link.is_list:
                items = value.setdefault(link.property, [])
                items.append(self.element(child, link.shape, (*at, str(len(items)))))
            elif link.property in value:
                self._refuse(at, "duplicate", "must be sent once")
            else:
                value[link.property] = self.element(child, link.shape, at)
        text = element.text.strip(_BLANK)
        if text:
            value["#text"] = text
        for key, found in others.items():
            value[key] = found[0] if len(found) == 1 else found
        return value

    def _unknown(
        self, child: Element, others: dict[str, list[Any]], shape: XMLShape, path: tuple[str, ...]
    ) -> None:
        name = child.name.local
        # A property's own name in another case is a name by which its rights are found.
        if shape.names(name) or shape.property_like(name).casefold() != name.casefold():
            # SECURITY: in another namespace, or spelled otherwise than declared, it must not pass
            # for the property of that name (B-113).
            self._refuse((*path, name), "unknown", "is not declared")
        else:
            others.setdefault(name, []).append(plain(child))

    def _array(self, element: Element, shape: XMLShape, path: tuple[str, ...]) -> Any:
        if element.attributes or element.text.strip(_BLANK):
            return self._refuse(path, "type", "must hold items alone")
        link = shape.item or Link("", "", None, XMLShape())
        items: list[Any] = []
        for child in element.children:
            at = (*path, str(len(items)))
            if not link.fits(child.name, element.name.namespace):
                self._refuse(at, "unknown", "is not declared")
            items.append(self.element(child, link.shape, at))
        return items

    def _primitive(self, text: str, shape: XMLShape, path: tuple[str, ...]) -> Any:
        try:
            return primitive(text, shape.primitive)
        except NotOfTypeError as error:
            return self._refuse(path, "type", f"must be {error}")

    def _refuse(self, path: tuple[str, ...], code: str, detail: str) -> None:
        self.found.append(Violation("body", json_pointer(path), code, detail))
