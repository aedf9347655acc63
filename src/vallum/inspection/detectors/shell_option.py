"""A value that a command takes for one of its options: argument injection."""

from __future__ import annotations

import re
from typing import Final

from vallum.inspection.model import Context, Judgement

_RUNS: Final = re.compile(
    r"-[ecx]\s{0,4}[\"']?(?:/\w{1,8}){0,3}/?(?:ba|da|z|k|c|a)?sh(?:\s|\Z)|"
    r"-(?:exec|ok)(?:dir)?\s{1,4}\S[^\n]{0,200}\s(?:\\?;|\+)\s{0,4}\Z|"
    r"-oproxycommand\b|-oproxyusefdpass|-opermitlocalcommand|-olocalcommand|"
    r"--(?:checkpoint-action|to-command|use-compress-program|rsh-command|rsh|upload-pack|"
    r"receive-pack|exec|exec-path|use-askpass|open-files-in-pager|ext-diff|proxy-command|pager|"
    r"editor|script|eval|command|init-command|load-extension|wrapper|unzip-command|"
    r"post-checkout|hook|info-script|new-volume-script|config-env|interpreter|gpg-program|"
    r"renderer-cmd-prefix|utility-cmd-prefix|gpu-launcher|browser-subprocess-path)(?:[=\s]|\Z)",
    re.IGNORECASE,
)
_WRITES: Final = re.compile(
    r"--(?:output|output-document|output-file|output-dir|out|outfile|log-file|dump-header|file|"
    r"files-from|post-file|body-file|upload-file|input-file|config|conf|rcfile|init-file|"
    r"directory-prefix|target-directory|save-cookies|trace|trace-ascii|cookie-jar|data-dir|prefix|"
    r"reference|directory|root|exclude-from|include|require|load|plugin|module|checkpoint|data|"
    r"data-binary|form|user-data-dir|load-extension)(?:=|\s)\S",
    re.IGNORECASE,
)
_TO_PATH = re.compile(
    r"--?[a-z][\w-]{0,40}(?:=|\s{1,4}|(?<=-[a-zA-Z]))@?(?:/\w|~/|\.\./|[a-z]:\\|[a-z]{3,8}://|`|\$\()",
    re.I,
)
_BUNDLE = re.compile(r"-[a-z]{1,5}\Z|--[a-z][a-z-]{2,30}\Z", re.IGNORECASE)
_DELETES: Final = frozenset({"-rf", "-fr", "-rf*", "-r"})
_FILES: Final = frozenset(
    {"file", "filename", "name", "path", "dir", "folder", "branch", "ref", "archive"}
)


def option(text: str, context: Context) -> Judgement | None:
    """What `text` is as an option; None where it does not begin with a dash and a letter."""
    if text[:1] != "-":
        return None
    evidence = text[:120]
    for pattern, score in ((_RUNS, 9), (_WRITES, 6), (_TO_PATH, 6)):
        match = pattern.match(text)
        if match is not None:
            return Judgement("shell.option", score, evidence)
    if _BUNDLE.match(text):
        last = re.split(r"[^a-z]+", context.name.rstrip("[]0123456789"))[-1]
        named = last in _FILES or last.endswith(("file", "filename", "path"))
        if text.lower() in _DELETES or named:
            return Judgement("shell.option", 5 if text.lower() != "-r" or named else 3, evidence)
    return None
