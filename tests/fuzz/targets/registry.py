"""All targets, made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from tests.fuzz.target import Target
from tests.fuzz.targets import (
    answering,
    chains,
    coded,
    decoders,
    detecting,
    filed,
    forms,
    graphql_documents,
    json_texts,
    record_streams,
    rich_text,
    xml_documents,
)

from vallum.inspection.decoders.layers import DECODERS
from vallum.inspection.detectors.registry import DETECTORS

MAKERS: Final[Mapping[str, Callable[[], Target]]] = {
    "json": json_texts.make_json,
    "json-rewrite": json_texts.make_rewrite,
    "form": forms.make_form,
    "multipart": forms.make_multipart,
    "disposition": forms.make_disposition,
    "media-type": forms.make_media_type,
    "xml": xml_documents.make_xml,
    "gzip": coded.make_gzip,
    "br": coded.make_br,
    "zstd": coded.make_zstd,
    "files": filed.make_files,
    **{f"decode-{name}": partial(decoders.make_decoder, name) for name in DECODERS},
    "peel": decoders.make_peel,
    **{f"judge-{each.family}": partial(detecting.make_judge, each.family) for each in DETECTORS},
    "inspector": detecting.make_texts,
    "inspector-100kb": detecting.make_large,
    "sanitiser": rich_text.make_sanitiser,
    "identifier": rich_text.make_identifier,
    "pruner": answering.make_pruner,
    "leaks": answering.make_leaks,
    "leaks-100kb": answering.make_large_leaks,
    **{
        f"chain-{kind}": partial(chains.make_body, kind)
        for kind in ("json", "form", "multipart", "xml", "text")
    },
    "events": record_streams.make_events,
    "lines": record_streams.make_lines,
    "graphql-tokens": graphql_documents.make_tokens,
    "graphql-document": graphql_documents.make_document,
    "chain-graphql": graphql_documents.make_request,
    "chain-head": chains.make_head,
    "undeclared": chains.make_undeclared,
}
"""By name."""


def make(name: str) -> Target:
    """The target of a name."""
    return MAKERS[name]()
