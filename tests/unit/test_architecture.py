"""The house plan, checked: rooms, layers, small files, nothing that runs text as code."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "vallum"
FILES = sorted(path for path in SOURCE.rglob("*.py"))
MOST_LINES = 600


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT / "src").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = [_module(path) for path in FILES if path.name != "__main__.py"]


def _imported(body: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """What importing a module imports at once: nothing in functions, nothing for types alone."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and _dotted(node.test) == "TYPE_CHECKING":
            yield from _imported(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for _, value in ast.iter_fields(node):
                if isinstance(value, list):
                    yield from _imported([each for each in value if isinstance(each, ast.stmt)])
                    handlers = [each for each in value if isinstance(each, ast.ExceptHandler)]
                    yield from _imported([each for one in handlers for each in one.body])


def _needs(name: str, tree: ast.Module) -> set[str]:
    """Our modules that importing `name` imports, packages before what is in them."""
    found = {name}
    for node in _imported(tree.body):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        else:
            assert node.module is not None, f"{name}: an import relative to where it stands"
            found.update({node.module, *(f"{node.module}.{each.name}" for each in node.names)})
    parts = [each.split(".") for each in found]
    found |= {".".join(words[:end]) for words in parts for end in range(1, len(words))}
    return found & set(MODULES) - {name}


def test_each_module_imports_what_it_needs_and_no_two_need_each_other() -> None:
    """With that, importing one alone is importing it after the others, in any order that fits."""
    trees = {
        _module(path): ast.parse(path.read_text(encoding="utf-8"))
        for path in FILES
        if path.name != "__main__.py"
    }
    TopologicalSorter({name: _needs(name, tree) for name, tree in trees.items()}).prepare()
    # `from` names the module itself. After `import a.b`, `a.c` would be there because another
    # module had imported it.
    whole = [
        f"{name}: import {alias.name}"
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name.partition(".")[0] == "vallum"
    ]
    assert whole == []


_IMPORT_EACH = """
import asyncio, importlib, json, os, signal, sys, threading

for name in json.loads(sys.argv[1]):
    importlib.import_module(name)  # What comes from elsewhere may do more.
assert not [name for name in sys.modules if name.partition(".")[0] == "vallum"]

REFUSED = {
    "socket.bind", "socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system",
    "os.fork", "os.exec", "os.posix_spawn", "sqlite3.connect", "os.remove", "os.mkdir",
    "os.rename", "os.rmdir", "shutil.rmtree", "tempfile.mkstemp", "tempfile.mkdtemp",
}

def refuse(event, arguments):
    if event in REFUSED or (event == "open" and writes(*arguments)):
        raise SystemExit(f"importing does {event} {arguments[:1]}")

def writes(path, mode, flags):
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))

def state():
    return (
        os.getcwd(), dict(os.environ), sorted(os.listdir(".")), threading.active_count(),
        signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT), sys.stdout,
        sys.stderr, sys.getrecursionlimit(), os.umask(os.umask(0)),
        asyncio.events._get_running_loop(),
    )

sys.addaudithook(refuse)
for name in json.loads(sys.argv[2]):
    before = state()
    importlib.import_module(name)
    after = state()
    assert before == after, (name, [new for new, old in zip(after, before) if new != old])
"""
_FROM_ELSEWHERE = (
    "aiohttp", "asyncpg", "click", "cryptography.x509", "email.message",
    "fido2.server", "idna",
    "importlib.metadata", "jinja2", "joserfc.jwt", "jsonschema_rs", "orjson", "rich.table",
    "segno", "smtplib", "sqlalchemy.dialects.postgresql", "sqlalchemy.dialects.sqlite",
    "sqlalchemy.ext.asyncio", "starlette.applications", "starlette.staticfiles", "uvicorn",
    "uvloop", "yaml", "zxcvbn.frequency_lists",
)  # fmt: skip


def test_importing_a_module_does_nothing_else(tmp_path: Path) -> None:
    """Each in its turn, in a process that does nothing but that."""
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT_EACH, json.dumps(_FROM_ELSEWHERE), json.dumps(MODULES)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_room_imports_downwards_only() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_source_file_is_small_and_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    assert ast.get_docstring(ast.parse(text)), "a module says what it is"


_FORBIDDEN_CALLS = frozenset(
    {
        "eval", "exec", "compile", "__import__", "breakpoint", "input",
        "os.system", "os.popen", "os.execv", "os.spawnv", "tempfile.mktemp", "yaml.load",
        "yaml.unsafe_load", "ssl._create_unverified_context", "hashlib.md5", "hashlib.sha1",
    }
)  # fmt: skip
_FORBIDDEN_MODULES = frozenset({"pickle", "marshal", "shelve", "random", "xml", "pty"})
_MAY_BE_GUESSED = frozenset({"filters/auth_failures.py", "filters/limit.py", "telemetry/trace.py"})
"""Where `random` is good enough: the jitter of Retry-After, and ids that are no secret."""
_HOLDS_EXPAT = "wire/xml.py"
"""The one reader of XML: it refuses what makes XML dangerous before it means anything."""


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _faults(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = _dotted(node.func)
            if name in _FORBIDDEN_CALLS:
                yield f"{node.lineno}: {name}"
            for keyword in node.keywords:
                switched = isinstance(keyword.value, ast.Constant) and keyword.value.value
                if keyword.arg == "shell" and switched is not False:
                    yield f"{node.lineno}: shell="
                if keyword.arg in ("verify", "check_hostname") and switched is False:
                    yield f"{node.lineno}: {keyword.arg}=False"
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            modules = names if isinstance(node, ast.Import) else [node.module or ""]
            for module in modules:
                if module.partition(".")[0] in _FORBIDDEN_MODULES:
                    yield f"{node.lineno}: import {module}"
        elif isinstance(node, ast.Attribute) and _dotted(node) == "ssl.CERT_NONE":
            yield f"{node.lineno}: ssl.CERT_NONE"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_nothing_runs_text_as_code_or_trusts_what_is_not_verified(path: Path) -> None:
    faults = list(_faults(ast.parse(path.read_text(encoding="utf-8"))))
    name = path.relative_to(SOURCE).as_posix()
    if name in _MAY_BE_GUESSED:
        faults = [fault for fault in faults if not fault.endswith("import random")]
    elif name == _HOLDS_EXPAT:
        faults = [fault for fault in faults if not fault.endswith("import xml.parsers")]
    assert faults == []


@pytest.mark.parametrize(
    "text",
    [
        "import os; os.system('x')",
        "import subprocess; subprocess.run('x', shell=True)",
        "eval('1')",
        "from pickle import loads",
        "import pickle",
        "yaml.load(text)",
        "context.verify_mode = ssl.CERT_NONE",
        "get(url, verify=False)",
        "import random",
        "from random import choice",
        "hashlib.md5(data)",
    ],
)
def test_the_check_finds_what_it_looks_for(text: str) -> None:
    assert list(_faults(ast.parse(text)))


def test_no_exception_is_swallowed_without_a_word() -> None:
    """A handler of everything says in a comment why it is one."""
    bare = []
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ExceptHandler) and (
                node.type is None or _dotted(node.type) in ("Exception", "BaseException")
            ):
                around = "\n".join(lines[node.lineno - 2 : node.body[0].end_lineno])
                again = any(isinstance(each, ast.Raise) for each in node.body)
                if "#" not in around and not again:
                    bare.append(f"{path.name}:{node.lineno}")
    assert bare == []


def test_the_package_has_a_room_for_each_part_of_the_plan() -> None:
    """A room that the layers do not name would be free to import anything."""
    listed: set[str] = set()
    for line in (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines():
        listed.update(part.strip(' ",') for part in line.split("|") if "vallum." in part)
    rooms = {
        f"vallum.{path.stem if path.is_file() else path.name}"
        for path in SOURCE.iterdir()
        if not path.name.startswith("__")
        and (path.suffix == ".py" or (path / "__init__.py").exists())
    }
    assert rooms - listed == set()
