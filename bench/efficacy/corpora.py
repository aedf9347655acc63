"""All corpora by name."""

from __future__ import annotations

from dataclasses import dataclass

from efficacy import openapi_examples, vectors
from efficacy.attacks import FAMILIES, attacks
from efficacy.benign import benign
from efficacy.model import Sample, digest


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """Labelled requests of one source."""

    name: str
    source: str
    """Where it comes from, in words for the document."""
    samples: list[Sample]
    for_peers: int
    """As many of them, by hash, are shown to the peers."""

    def sampled(self) -> list[Sample]:
        """What the peers are shown."""
        chosen = sorted(self.samples, key=lambda sample: digest("peers", sample.target, sample.text,
                                                                sample.encoding))  # fmt: skip
        return chosen[: self.for_peers]


def own() -> list[Corpus]:
    """What stands in this repository."""
    return [
        Corpus(
            name="own attacks",
            source="own payloads (`bench/efficacy/attacks`), coded in eight ways and put in ten "
            "places",
            samples=[sample for family in FAMILIES for sample in attacks(family)],
            for_peers=8_000,
        ),
        Corpus(
            name="own benign",
            source="own texts (`bench/efficacy/benign`) in all places where such a text stands, "
            "and composed requests of many fields",
            samples=benign(),
            for_peers=8_000,
        ),
    ]


def fetched() -> list[Corpus]:
    """What is fetched at run time; prints why where it cannot be had."""
    try:
        samples = openapi_examples.openapi_examples()
    except OSError as error:
        print(f"skipped the OpenAPI examples: {error}")
        return []
    return [
        Corpus(
            name="openapi examples",
            source=f"examples in the OpenAPI document of GitHub's API (npm, "
            f"`{openapi_examples.PACKAGE}`, fetched at run time)",
            samples=samples,
            for_peers=2_000,
        )
    ]


def shared() -> list[Corpus]:
    """What lies beside the project, if it does."""
    if not vectors.are_there():
        return []
    positive, negative = vectors.httpparams()
    return [
        Corpus(
            name="look-alikes",
            source="libinjection's false positives, each in a query and in JSON",
            samples=vectors.look_alikes(),
            for_peers=1_000,
        ),
        Corpus(
            name="pygithub",
            source="requests recorded by the tests of PyGithub against the real API",
            samples=vectors.pygithub(),
            for_peers=2_000,
        ),
        Corpus(
            name="rule set",
            source="requests of the Core Rule Set's own tests in which a rule must find something "
            "(raw messages about HTTP's grammar apart)",
            samples=vectors.rule_set_positives(),
            for_peers=5_000,
        ),
        Corpus(
            name="libinjection",
            source="attack strings of libinjection, in a query, a form, JSON or a cookie",
            samples=vectors.libinjection(most=5_000),
            for_peers=2_000,
        ),
        Corpus(
            name="httpparams attacks",
            source="HttpParamsDataset, values with an attack label",
            samples=positive,
            for_peers=1_000,
        ),
        Corpus(
            name="httpparams benign",
            source="HttpParamsDataset, values with the label `norm`",
            samples=negative,
            for_peers=2_000,
        ),
    ]
