"""`PYTHONPATH=bench python -m efficacy --help`: who stops attacks, who stops good requests."""

from __future__ import annotations

import argparse
from pathlib import Path

from efficacy.corpora import Corpus, fetched, own, shared
from efficacy.engines.vallum_inside import VallumInside
from efficacy.misses import misses
from efficacy.rates import rate


def main() -> None:
    """Run what the arguments ask for."""
    options = _parser().parse_args()
    corpora = own() if options.own else own() + fetched() + shared()
    if options.family:
        corpora = [corpus.of(options.family) for corpus in corpora]
    if options.misses:
        _print_misses([corpus for corpus in corpora if corpus.samples], options.half)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="efficacy", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the document")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures as JSON")
    parser.add_argument("--family", help="only this family of attacks or kind of benign text")
    parser.add_argument("--own", action="store_true", help="only the corpora of this repository")
    parser.add_argument(
        "--misses",
        action="store_true",
        help="only print what Vallum gets wrong, with rule and evidence",
    )
    parser.add_argument(
        "--half",
        choices=("development", "held-out"),
        default="development",
        help="of which half of the corpora --misses tells (the other is not to be tuned to)",
    )
    return parser


def _print_misses(corpora: list[Corpus], half: str) -> None:
    with VallumInside().open() as judge:
        for corpus in corpora:
            judged = judge(corpus.samples)
            print(f"\n== {corpus.name}")
            for line in misses(corpus.samples, judged.verdicts, half=half):
                print(line)
            for each in ("development", "held-out"):
                pairs = zip(corpus.samples, judged.verdicts, strict=True)
                part = rate(verdict for sample, verdict in pairs if sample.half == each)
                print(f"{each}: {part.stopped} of {part.total} stopped, {part.text()}")


if __name__ == "__main__":
    main()
