"""`PYTHONPATH=bench python -m efficacy --help`: who stops attacks, who stops good requests."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from efficacy.corpora import Corpus, fetched, own, shared
from efficacy.document import all_tables, document
from efficacy.engines.vallum_inside import VallumInside
from efficacy.measurement import measure
from efficacy.micro import costs
from efficacy.misses import misses
from efficacy.rates import rate
from efficacy.worst import search


def main() -> None:
    """Run what the arguments ask for."""
    options = _parser().parse_args()
    corpora = own() if options.own else own() + fetched() + shared()
    if options.family or options.misses:
        _print_misses(corpora, options.family, options.half)
        return
    results = measure(corpora, _tell)
    micro = costs(_tell)
    worst = search(options.search, _tell) if options.search else []
    tables = all_tables(results, micro, worst)
    for table in tables:
        print(table.text())
    if options.write:
        options.write.write_text(document(results, micro, worst))
    if options.json:
        figures = {
            "versions": results.versions,
            "tables": [asdict(table) for table in tables],
            "costs": [asdict(cost) for cost in micro],
            "worst": [asdict(each) for each in worst],
        }
        options.json.write_text(json.dumps(figures, indent=1, ensure_ascii=False))


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="efficacy", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the document")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures as JSON")
    parser.add_argument("--own", action="store_true", help="only the corpora of this repository")
    parser.add_argument(
        "--search",
        type=float,
        default=60,
        metavar="SECONDS",
        help="how long to search for expensive inputs (default 60; 0: not at all)",
    )
    parser.add_argument(
        "--misses",
        action="store_true",
        help="only print what Vallum gets wrong, with rule and evidence",
    )
    parser.add_argument("--family", help="--misses for one family of attacks or kind of text")
    parser.add_argument(
        "--half",
        choices=("development", "held-out"),
        default="development",
        help="of which half of the corpora --misses tells (the other is not to be tuned to)",
    )
    return parser


def _print_misses(corpora: list[Corpus], family: str | None, half: str) -> None:
    with VallumInside().open() as judge:
        for corpus in corpora:
            samples = [each for each in corpus.samples if family in (None, each.family)]
            if not samples:
                continue
            judged = judge(samples)
            print(f"\n== {corpus.name}")
            for line in misses(samples, judged.verdicts, half=half):
                print(line)
            for each in ("development", "held-out"):
                pairs = zip(samples, judged.verdicts, strict=True)
                part = rate(verdict for sample, verdict in pairs if sample.half == each)
                print(f"{each}: {part.stopped} of {part.total} stopped, {part.text()}")


if __name__ == "__main__":
    main()
