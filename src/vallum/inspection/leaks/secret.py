"""Keys, tokens and passwords in the shapes that their issuers give them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vallum.inspection.leaks.model import Form, Leak, Span, mask_all

# From the scheme's mark on: what stands before it is no secret.
_URL: Final = re.compile(r"://[^\s/@:\"'<>]{0,64}:([^\s/@\"'<>]{3,128})@")
_PLACEHOLDER: Final = re.compile(
    r"(?i)example|sample|placeholder|changeme|redacted|your|x{5}|\*{3}|<|\$\{|\{\{|%[sd]"
    r"|^pass(?:word|wd)?$"
)
"""What documentation writes in place of a secret."""


def _shape(rule: str, words: str, trigger: str, form: str) -> Form:
    pattern = re.compile(rf"(?<![\w-])(?:{form})(?!\w)")

    def find(text: str, name: str) -> Iterator[Span]:
        for match in pattern.finditer(text):
            if not _PLACEHOLDER.search(match[0]):
                yield match.span()

    return Form(f"secret.{rule}", words, (trigger,), find)


def _find_url(text: str, name: str) -> Iterator[Span]:
    for match in _URL.finditer(text):
        if not _PLACEHOLDER.search(match[1]):
            yield match.span()


_SHAPES: Final = (
    _shape("aws", "an access key of AWS", r"A[KS]IA[A-Z2-7]{12}", r"A[KS]IA[A-Z2-7]{16}"),
    _shape(
        "aws-secret",
        "a secret access key of AWS",
        r"aws_?secret_?(?:access_?)?key",
        r"(?i:aws_?secret_?(?:access_?)?key)[\"']?\s{0,4}[:=]\s{0,4}[\"']?[A-Za-z0-9/+]{40}",
    ),
    _shape(
        "github", "a token of GitHub", r"gh[pousr]_[a-z0-9]{12}", r"gh[pousr]_[A-Za-z0-9]{36,251}"
    ),
    _shape(
        "github-pat",
        "a fine-grained token of GitHub",
        r"github_pat_[a-z0-9_]{8}",
        r"github_pat_[A-Za-z0-9_]{50,250}",
    ),
    _shape(
        "gitlab",
        "a token of GitLab",
        r"gl(?:pat|rt|dt)-[a-z0-9_-]{8}",
        r"gl(?:pat|rt|dt)-[\w-]{20,100}",
    ),
    _shape(
        "slack", "a token of Slack", r"xox[abeoprs]-[0-9a-z]", r"xox[abeoprs]-[A-Za-z0-9-]{20,250}"
    ),
    _shape(
        "slack-hook",
        "a webhook of Slack",
        r"hooks\.slack\.com/services/T",
        r"hooks\.slack\.com/services/T\w{6,16}/B\w{6,16}/\w{16,40}",
    ),
    _shape(
        "stripe",
        "a secret key of Stripe",
        r"[rs]k_live_[0-9a-z]{8}",
        r"[rs]k_live_[0-9A-Za-z]{16,250}",
    ),
    _shape(
        "stripe-hook",
        "a webhook secret of Stripe",
        r"whsec_[a-z0-9+/]{8}",
        r"whsec_[A-Za-z0-9+/]{24,100}",
    ),
    _shape("google", "a client secret of Google", r"GOCSPX-[a-z0-9_-]{8}", r"GOCSPX-[\w-]{20,60}"),
    _shape(
        "openai",
        "a key of OpenAI",
        r"T3BlbkFJ",
        r"sk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,200}?T3BlbkFJ[\w-]{20,200}",
    ),
    _shape(
        "anthropic",
        "a key of Anthropic",
        r"sk-ant-[a-z0-9]",
        r"sk-ant-[a-z0-9]{3,12}-[\w-]{20,200}",
    ),
    _shape("npm", "a token of npm", r"npm_[a-z0-9]{12}", r"npm_[A-Za-z0-9]{36}"),
    _shape("pypi", "a token of PyPI", r"pypi-AgE[a-z0-9_-]{8}", r"pypi-AgE[\w-]{50,250}"),
    _shape("sendgrid", "a key of SendGrid", r"\bSG\.[a-z0-9_-]{12}", r"SG\.[\w-]{22}\.[\w-]{43}"),
    _shape(
        "digitalocean",
        "a token of DigitalOcean",
        r"do[opr]_v1_[a-f0-9]{8}",
        r"do[opr]_v1_[a-f0-9]{64}",
    ),
    _shape(
        "telegram",
        "a bot token of Telegram",
        r"[0-9]{8}:AA[a-z0-9_-]{8}",
        r"[0-9]{8,10}:AA[\w-]{33}",
    ),
    _shape(
        "vault", "a token of HashiCorp Vault", r"\bhv[sb]\.[a-z0-9_-]{8}", r"hv[sb]\.[\w-]{24,250}"
    ),
    _shape(
        "azure", "an account key of Azure", r"AccountKey=", r"AccountKey=[A-Za-z0-9+/]{60,88}={0,2}"
    ),
    _shape(
        "password-hash",
        "the hash of a password",
        r"\$2[abxy]?\$[0-9]{2}\$|\$argon2|\$[56]\$|\$scrypt\$|\$y\$j|pbkdf2_sha|\{SSHA\}",
        r"\$2[abxy]?\$[0-9]{2}\$[./A-Za-z0-9]{53}"
        r"|\$argon2(?:id|i|d)\$v=[0-9]{1,3}\$[\w=,]{3,60}\$[A-Za-z0-9+/]{8,100}\$[A-Za-z0-9+/]{16,200}"
        r"|\$[56]\$(?:rounds=[0-9]{1,9}\$)?[./\w]{1,16}\$[./A-Za-z0-9]{43,86}"
        r"|\$scrypt\$ln=[0-9]{1,2}[\w=,$+/]{20,250}|\$y\$j[./A-Za-z0-9$]{40,150}"
        r"|pbkdf2_sha(?:1|256|512)\$[0-9]{2,9}\$[\w+/=]{1,64}\$[A-Za-z0-9+/=]{20,120}"
        r"|\{SSHA\}[A-Za-z0-9+/=]{20,100}",
    ),
)

LEAK: Final = Leak(
    kind="secret",
    forms=(
        *_SHAPES,
        Form(
            "secret.url-password",
            "a URL with a password",
            (r"://[^\s/@\"'<>]*:[^\s/@\"'<>]+@",),
            _find_url,
        ),
    ),
    mask=mask_all,
)
