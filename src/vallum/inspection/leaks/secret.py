"""Keys, tokens and passwords in the shapes that their issuers give them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vallum.inspection.leaks.issuers import ISSUERS, Issuer
from vallum.inspection.leaks.model import Form, Leak, Span, mask_all
from vallum.inspection.leaks.passwords import FORMS, PLACEHOLDER

_WORDS: Final = re.compile(r"[a-z_.-]+|[A-Z_.-]+")
"""What somebody called something: what is drawn by lot has digits or both cases."""


def _shape(issuer: Issuer) -> Form:
    # SECURITY: a line's end that stands as `\n` in a text of a text is no letter before the key.
    before, after = (
        (r"(?<![\w+/-])", r"(?![\w+/=])") if issuer.is_bare else (r"(?<![\w-])", r"(?!\w)")
    )
    pattern = re.compile(rf"(?:{before}|(?<=\\[nrt])|(?<=%[0-9A-F]{{2}}))(?:{issuer.form}){after}")

    def find(text: str, name: str) -> Iterator[Span]:
        for match in pattern.finditer(text):
            if not PLACEHOLDER.search(match[0]) and not _WORDS.fullmatch(match[0]):
                yield match.span()

    return Form(f"secret.{issuer.rule}", issuer.words, (issuer.trigger,), find)


# Query strings name the key that signed them, and so do the scopes of signatures.
_AWS: Final = re.compile(
    r"(?<![\w-])(?<![?&]AWSAccessKeyId=)A[KS]IA[A-Z2-7]{16}(?!\w|(?:/|%2F)[0-9]{8}(?:/|%2F))"
)
_AWS_SECRET: Final = re.compile(
    r"(?i:(?:aws_?)?secret_?access_?key|aws_?secret_?key)[\"']?\s{0,4}[:=\n]\s{0,4}[\"']?"
    r"([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
)

_AZURE: Final = re.compile(
    r"\b(?:(?:Account|SharedAccess)Key|(?<=;)Secret)=[A-Za-z0-9+/]{40,88}={0,2}"
)


def _find_aws(text: str, name: str) -> Iterator[Span]:
    for match in _AWS.finditer(text):
        if not PLACEHOLDER.search(match[0]):
            yield match.span()


def _find_aws_secret(text: str, name: str) -> Iterator[Span]:
    # The name stands before the text, as it did in the answer.
    shift = len(name) + 1
    for match in _AWS_SECRET.finditer(f"{name}\n{text}"):
        if match.start(1) >= shift and not PLACEHOLDER.search(match[1]):
            yield max(0, match.start() - shift), match.end() - shift


LEAK: Final = Leak(
    kind="secret",
    forms=(
        *map(_shape, ISSUERS),
        Form("secret.aws", "an access key of AWS", (r"A[KS]IA[A-Z2-7]{12}",), _find_aws),
        Form(
            "secret.aws-secret",
            "a secret access key of AWS",
            (r"secret_?access_?key|aws_?secret_?key",),
            _find_aws_secret,
        ),
        Form(
            "secret.azure",
            "an account key of Azure",
            (r"\b(?:Account|SharedAccess)Key=[a-z0-9+/]{40}|;Secret=[a-z0-9+/]{40}",),
            lambda text, _: (match.span() for match in _AZURE.finditer(text)),
        ),
        *FORMS,
    ),
    mask=mask_all,
)
