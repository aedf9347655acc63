"""Reads the OpenAPI documents that a policy names, and places their problems in their files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from vallum.config.diagnostics import Report
from vallum.config.document import Document, read_document
from vallum.config.source import SourceError
from vallum.openapi.load import load_contract
from vallum.openapi.model import Contract, Unknown
from vallum.openapi.problems import ContractErrors, ContractProblem

_MOST_PROBLEMS = 100
"""Problems of one contract that are shown; a file that is no contract at all has thousands."""


class ContractSource:
    """A contract's document and the files that it refers to."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            SourceError: the document cannot be read.
        """
        self.path = path
        self._documents: dict[str, Document] = {"": read_document(path)}
        if not isinstance(self._documents[""].data, dict):
            raise SourceError("contract", "an OpenAPI document is a mapping")

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that was read."""
        return tuple(document.path for document in self._documents.values())

    @property
    def data(self) -> Mapping[str, Any]:
        """The root document."""
        data: Mapping[str, Any] = self._documents[""].data
        return data

    def property_names(self) -> frozenset[str]:
        """The names of all properties that any schema in the documents declares."""
        names: set[str] = set()
        todo: list[Any] = [document.data for document in self._documents.values()]
        while todo:
            value = todo.pop()
            if isinstance(value, dict):
                declared = value.get("properties")
                if isinstance(declared, dict):
                    names.update(str(name) for name in declared)
                todo += value.values()
            elif isinstance(value, list):
                todo += value
        return frozenset(names)

    def compile(self, *, unknown: Unknown, overrides: Mapping[str, Unknown]) -> Contract:
        """The contract.

        Raises:
            ContractErrors: it cannot be enforced.
        """
        return load_contract(
            self.data,
            unknown=unknown,
            overrides=overrides,
            resolve=self._resolve,
        )

    def _resolve(self, file: str) -> Mapping[str, Any]:
        if file not in self._documents:
            try:
                self._documents[file] = read_document(self.path.parent / file)
            except SourceError as err:
                raise ValueError(f"line {err.line}: {err.message}") from err
        data = self._documents[file].data
        if not isinstance(data, dict):
            raise ValueError("it is no mapping")
        return data

    def report(self, problems: Iterable[ContractProblem], report: Report) -> None:
        """Add a contract's problems to a report, each with its file and line."""
        by_file: dict[str, list[tuple[str, ContractProblem]]] = {}
        for problem in list(problems)[:_MOST_PROBLEMS]:
            file, separator, pointer = problem.pointer.partition("#")
            if not separator:
                file, pointer = "", problem.pointer
            by_file.setdefault(file, []).append((pointer, problem))
        for file, found in by_file.items():
            document = self._documents[file]
            places = document.positions([pointer for pointer, _ in found])
            for pointer, problem in found:
                code = "contract" if problem.severity == "error" else "contract-warning"
                report.add_at(code, problem.message, document.path, places[pointer], problem.hint)

    def place(self, pointer: str) -> tuple[int, int]:
        """Line and column of a pointer into the root document."""
        return self._documents[""].positions([pointer])[pointer]

    def digest(self) -> bytes:
        """Changes when any file of the contract does."""
        digest = hashlib.sha256()
        for document in self._documents.values():
            digest.update(hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).digest())
        return digest.digest()


def open_contract(path: Path, report: Report) -> ContractSource | None:
    """The source of a contract; None once the report says why it cannot be read."""
    try:
        return ContractSource(path)
    except SourceError as err:
        report.add_source_error(err, path)
        return None


def compile_contract(
    source: ContractSource, report: Report, *, unknown: Unknown, overrides: Mapping[str, Unknown]
) -> Contract | None:
    """A compiled contract; None once the report says why it cannot be enforced."""
    try:
        return source.compile(unknown=unknown, overrides=overrides)
    except ContractErrors as err:
        source.report(err.problems, report)
        return None
