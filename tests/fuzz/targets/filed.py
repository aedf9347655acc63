"""Uploaded files: judged without a crash, and archives that are taken hold no harm."""

from __future__ import annotations

import io
import tarfile
import zipfile

from tests.fuzz import tokens
from tests.fuzz.target import Target, require
from tests.support.files import GOOD_FILES

from vallum.inspection.files.judge import check_file
from vallum.inspection.files.kinds import KINDS
from vallum.inspection.files.model import BadFile

_EVERY = frozenset(KINDS)


def _run(data: bytes) -> None:
    """The first line is the name, the second the type; the rest is the file."""
    name, _, rest = data.partition(b"\n")
    media_type, _, content = rest.partition(b"\n")
    filename = name.decode("utf-8", "replace")
    essence = media_type.decode("latin-1").lower()
    for kinds in (None, _EVERY):
        try:
            check_file(filename, essence, content, kinds=kinds, pixels=10_000_000)
        except BadFile:
            continue
        if content[:2] == b"PK" and essence == "application/zip":
            _check_zip(content)
        elif content[257:262] == b"ustar" and essence == "application/x-tar":
            _check_tar(content)


def _check_zip(content: bytes) -> None:
    try:
        names = [info.filename for info in zipfile.ZipFile(io.BytesIO(content)).infolist()]
    except (zipfile.BadZipFile, NotImplementedError):
        return
    for name in names:
        require(not name.startswith("/") and ".." not in name.split("/"), "zip slip", name)
    require(len(set(names)) == len(names), "an entry twice", names)


def _check_tar(content: bytes) -> None:
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            members = archive.getmembers()
    except (tarfile.TarError, ValueError, OverflowError):
        return
    for member in members:
        require(member.isfile() or member.isdir(), "a link or device", member.name)
        require(".." not in member.name.split("/"), "a path that leads out", member.name)
        require(not member.name.startswith("/"), "an absolute path", member.name)


def make_files() -> Target:
    """Files with their names and types."""
    given = tuple(
        b"\n".join((name.encode(), media_type.encode(), content))
        for name, media_type, content in GOOD_FILES
    )
    return Target(name="files", run=_run, seeds=given, tokens=tokens.FILES, longest=12_000)
