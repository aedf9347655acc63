"""What databases and their drivers say about a statement that failed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from vallum.inspection.leaks.model import Form, Leak, first_and_rest, mask_all

_SHAPES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "mysql": (
        "an error of MySQL or MariaDB",
        (
            r"You have an error in your SQL syntax",
            r"check the manual that corresponds to your M[a-zA-Z]{4,6} server",
            r"com\.mysql\.(?:cj\.)?jdbc",
            r"MySQLSyntaxErrorException",
            r"ERROR 1[0-9]{3} \([0-9A-Z]{5}\)",
            r"mysqli?_(?:fetch|num|query)[a-z_]*\(\)",
            r"Unknown column '[^'\n]+' in '",
            r"used SELECT statements have (?:a )?different number of columns",
            r"\bER_(?:DUP|NO|BAD|PARSE|ACCESS|LOCK|DATA|ROW)_[A-Z_]+",
        ),
    ),
    "postgresql": (
        "an error of PostgreSQL",
        (
            r"ERROR:\s+(?:syntax error at or near|(?:relation|column) \"|unterminated quoted)",
            r"ERROR:\s+invalid input syntax for",
            r"psycopg[23]?\.(?:errors\.)?[A-Z]",
            r"org\.postgresql\.util\.PSQLException",
            r"\bpq: (?:syntax error|duplicate key|relation)",
            r"\bpg_(?:query|exec)\(\): ",
        ),
    ),
    "oracle": (
        "an error of Oracle",
        (r"\bORA-[0-9]{5}\b", r"\bPLS-[0-9]{5}\b", r"oracle\.jdbc\."),
    ),
    "sqlserver": (
        "an error of SQL Server",
        (
            r"Unclosed quotation mark after the character string",
            r"Incorrect syntax near '",
            r"Microsoft OLE DB Provider for",
            r"\[Microsoft\]\[(?:ODBC|SQL)",
            r"com\.microsoft\.sqlserver\.jdbc",
            r"SqlClient\.SqlException",
            r"Conversion failed when converting the (?:n?varchar|date)",
        ),
    ),
    "sqlite": (
        "an error of SQLite",
        (
            r"SQLITE_(?:ERROR|CONSTRAINT|MISUSE|CORRUPT|BUSY)",
            r"sqlite3\.(?:Operational|Integrity|Programming)Error",
            r"near \"[^\"\n]+\": syntax error",
            r"unrecognized token: \"",
            r"SQLite3::[A-Z]",
        ),
    ),
    "db2": (
        "an error of DB2",
        (r"\bSQLCODE[=:] ?-[0-9]{2,5}", r"\bDB2 SQL error", r"com\.ibm\.db2\.jcc"),
    ),
    "driver": (
        "an error of a driver or mapper",
        (
            r"SQLSTATE\[[0-9A-Z]{5}\]",
            r"java\.sql\.SQL[A-Za-z]*Exception",
            r"sqlalchemy\.exc\.[A-Z]",
            r"org\.hibernate\.[A-Za-z.]*Exception",
            r"\bPDOException\b",
            r"ActiveRecord::[A-Z]",
            r"django\.db\.utils\.[A-Z]",
            r"SequelizeDatabaseError|QueryFailedError",
            r"PrismaClient[A-Za-z]+Error",
        ),
    ),
    "other": (
        "an error of Firebird, HSQLDB, H2, Ingres, MaxDB, Documentum, FrontBase or Sybase",
        (
            r"Dynamic SQL Error|isc_dsql_",
            r"org\.(?:hsqldb|h2)\.jdbc",
            r"\[Ingres\]|Ingres SQLSTATE",
            r"maxdb(?:::|_)query\(\)",
            r"\[DM_QUERY_E_[A-Z]+\]",
            r"\[FrontBase",
            r"Unexpected end of command in statement",
            r"com\.sybase\.jdbc|Sybase message:",
        ),
    ),
    "mongodb": (
        "an error of MongoDB",
        (r"MongoServerError|MongoError: ", r"pymongo\.errors\.[A-Z]", r"E11000 duplicate key"),
    ),
}

LEAK: Final = Leak(
    kind="sql_error",
    forms=tuple(
        Form(f"sql_error.{rule}", words, forms, first_and_rest(re.compile("|".join(forms))))
        for rule, (words, forms) in _SHAPES.items()
    ),
    mask=mask_all,
)
