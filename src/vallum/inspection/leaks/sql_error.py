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
            r"MySQLSyntaxErrorException|\bpymysql\.err\.|\bMySQLdb\.",
            r"ERROR 1[0-9]{3} \([0-9A-Z]{5}\)",
            r"mysqli?_(?:fetch|num|query)[a-z_]*\(\)",
            r"Unknown column '[^'\n]+' in '",
            r"Unknown database '",
            r"used SELECT statements have (?:a )?different number of columns",
            r"\bER_(?:DUP|NO|BAD|PARSE|ACCESS|LOCK|DATA|ROW)_[A-Z_]+",
            r"Duplicate entry '[^'\n]{0,200}' for key '",
            r"Table '[\w$-]{1,64}\.[\w$-]{1,64}' doesn't exist",
            r"Field '[\w$.-]{1,130}' doesn't have a default value",
            r"(?:Data too long|Out of range value) for column '[^'\n]{1,130}' at row [0-9]",
            r"Incorrect [a-z]{3,10} value: '[^'\n]{0,200}' for column '",
            r"Access denied for user '[^'\n]{0,100}'@'",
            r"Cannot (?:add or update a child|delete or update a parent) row: a foreign key",
            r"Lock wait timeout exceeded; try|Deadlock found when trying to get lock",
            r"Illegal mix of collations \(",
            r"Column count doesn't match value count|Subquery returns more than 1 row",
            r"Operand should contain [0-9] column|Invalid use of group function",
            r"Truncated incorrect [A-Z]{4,8} value: '",
            r"XPATH syntax error: '",
            r"(?:Lost connection|Can't connect) to (?:local )?MySQL|MySQL server has gone away",
        ),
    ),
    "postgresql": (
        "an error of PostgreSQL",
        (
            r"ERROR:\s+(?:syntax error at or near|(?:relation|column) \"|unterminated quoted)",
            r"ERROR:\s+invalid input syntax for",
            r"(?:syntax error|unterminated quoted string) at or near \"",
            r"invalid input syntax for type [a-z]|value too long for type character",
            (
                r"\b(?:relation|column|constraint) \"[^\"\n]{1,130}\" (?:of re"
                r"lation \"[^\"\n]{1,130}\" )?"
                r"(?:does not exist|violates not-null)|\brelation \"[^\"\n]{1,130}\" already exists"
            ),
            r"\bcolumn \w{1,64}\.\w{1,64} does not exist",
            (
                r"\bfunction [\w.]{1,130}\((?:integer|bigint|text|unknown|nume"
                r"ric|uuid|boolean|jsonb?)"
                r"[\w ,\[\]]{0,200}\) does not exist|operator does not exist: [a-z]"
            ),
            r"violates (?:unique|foreign key|check|exclusion|not-null) constraint",
            r"permission denied for (?:table|relation|schema|sequence) [a-z_]",
            r"password authentication failed for user \"|no pg_hba\.conf entry",
            r"missing FROM-clause entry for|each UNION query must have the same",
            r"could not serialize access due to|canceling statement due to",
            r"current transaction is aborted, commands|bind message supplies [0-9]",
            r"remaining connection slots are reserved|sorry, too many clients already",
            r"waits for [A-Z][a-zA-Z]{3,24}Lock on ",
            r"psycopg[23]?\.(?:errors\.)?[A-Z]|\basyncpg\.exceptions\.|\bNpgsql\.[A-Z]|\bPG::[A-Z]",
            r"org\.postgresql\.util\.PSQLException",
            r"\bpq: (?:syntax error|duplicate key|relation)",
            r"\bpg_(?:query|exec)\(\): ",
            r"\(SQLSTATE [0-9A-Z]{5}\)",
            r"FATAL:\s+(?:database|role|password|sorry|no pg_hba)",
            r"cannot execute [A-Z]{4,10} in a read-only transaction",
            r"server closed the connection unexpectedly|SSL SYSCALL error: ",
            r"column reference \"[^\"\n]{1,130}\" is ambiguous",
            r"is of type [a-z ]{3,30} but expression is",
            r"more than one row returned by a subquery|invalid byte sequence for encoding \"",
        ),
    ),
    "oracle": (
        "an error of Oracle",
        (
            r"\bORA-[0-9]{5}\b",
            r"\b(?:PLS|TNS)-[0-9]{5}\b",
            r"\bDP[IY]-[0-9]{4}: ",
            r"oracle\.jdbc\.",
        ),
    ),
    "sqlserver": (
        "an error of SQL Server or Access",
        (
            r"Unclosed quotation mark after the character string",
            r"Incorrect syntax near '",
            r"Microsoft OLE DB Provider for|Microsoft JET Database Engine|ODBC Microsoft Access",
            r"\[Microsoft\]\[(?:ODBC|SQL)",
            r"com\.microsoft\.sqlserver\.jdbc",
            r"SqlClient\.SqlException",
            r"Conversion failed when converting the (?:n?varchar|date)",
            r"Arithmetic overflow error (?:converting|for data type)",
            r"Invalid (?:object|column) name '[^'\n]{1,130}'\.",
            r"Violation of (?:PRIMARY|UNIQUE) KEY constraint",
            r"Cannot insert duplicate key (?:row )?in ",
            r"statement conflicted with the [A-Z ]{3,20} constraint",
            r"String or binary data would be truncated|Cannot insert the value NULL into column '",
            r"Must declare the (?:scalar|table) variable|The multi-part identifier \"",
            r"chosen as the deadlock victim|Could not find stored procedure '",
            r"Cannot open database \"[^\"\n]{1,130}\" requested by the login",
            r"network-related or instance-specific error",
            r"Error converting data type [a-z]|Subquery returned more than 1 value",
            r"is invalid in the select list because|Ambiguous column name '",
            r"There is already an object named '|expects parameter '@\w",
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
            r"\b(?:UNIQUE|NOT NULL|CHECK|FOREIGN KEY|PRIMARY KEY) constraint failed",
            r"\bno such (?:table|column|function): [\w.]",
            r"attempt to write a readonly database|database disk image is malformed",
            r"SELECTs to the left and right of [A-Z]",
            r"\bambiguous column name: \w|\btable \w{1,64} has no column named \w",
            r"too many SQL variables",
        ),
    ),
    "db2": (
        "an error of DB2",
        (
            r"\bSQLCODE[=:] ?-[0-9]{2,5}",
            r"\bDB2 SQL error",
            r"com\.ibm\.db2\.jcc",
            r"\[IBM\]\[CLI Driver\]",
        ),
    ),
    "driver": (
        "an error of a driver or mapper",
        (
            r"SQLSTATE\[[0-9A-Z]{5}\]",
            r"java\.sql\.SQL[A-Za-z]*Exception|No suitable driver found for jdbc:",
            r"sqlalchemy\.exc\.[A-Z]|\bpeewee\.[A-Z][a-zA-Z]+Error",
            r"org\.hibernate\.[A-Za-z.]*Exception",
            r"could not (?:extract ResultSet|execute statement; SQL)",
            r"org\.apache\.ibatis\.|### Error (?:querying|updating) database|bad SQL grammar \[",
            r"could not prepare statement \[",
            r"\bPDOException\b",
            r"ActiveRecord::[A-Z]",
            r"django\.db\.utils\.[A-Z]|django\.core\.exceptions\.FieldError",
            r"Cannot resolve keyword '",
            r"Sequelize[A-Z][A-Za-z]{2,40}Error|(?:QueryFailed|EntityMetadataNotFound)Error",
            r"PrismaClient[A-Za-z]+Error|Invalid `prisma\.",
            r"DrizzleQueryError|\bEcto\.[A-Z][a-zA-Z]{2,40}Error",
            r"Illuminate\\{1,2}Database|Doctrine\\{1,2}(?:DBAL|ORM)|\[Semantical Error\] line 0",
            r"Microsoft\.EntityFrameworkCore\.|The LINQ expression '",
            r"error returned from database: ",
            r"\bsql: (?:no rows in result set|expected [0-9]+ arg|database is closed|Scan error)",
        ),
    ),
    "statement": (
        "a statement as a program wrote it",
        (
            (
                r"\b(?i:from|into|update) (?:[`\"\[]\w{1,64}[`\"\]]\.)?[`\"\[]\w{1,64}[`\"\]] "
                r"(?i:where [`\"\[(]\w|where \w{1,64} ?[=<>]|set [`\"\[]\w|val"
                r"ues ?\(|(?:inner|left) join "
                r"|order by |limit [0-9$?:]|\([`\"\[]\w)"
            ),
        ),
    ),
    "other": (
        (
            "an error of Firebird, HSQLDB, H2, Ingres, MaxDB, Sybase, Inf"
            "ormix, Teradata, Vertica, HANA,"
            " Snowflake, ClickHouse, DuckDB, Hive, Spark, Trino or BigQuery"
        ),
        (
            r"Dynamic SQL Error|isc_dsql_",
            r"org\.(?:hsqldb|h2)\.jdbc",
            r"\[Ingres\]|Ingres SQLSTATE",
            r"maxdb(?:::|_)query\(\)",
            r"\[DM_QUERY_E_[A-Z]+\]",
            r"\[FrontBase",
            r"Unexpected end of command in statement",
            r"com\.sybase\.jdbc|Sybase message:",
            r"Informix SQL error|com\.informix\.jdbc",
            r"\[Teradata Database\]|\[TeraJDBC",
            r"Vertica: |com\.vertica\.|SAP DBTech JDBC",
            r"SQL compilation error|\bDB::Exception: ",
            r"\bCatalog Error: (?:Table|Column|View|Type|Schema|Scalar|Function) ",
            r"\bBinder Error: [A-Z]",
            r"HiveSQLException|org\.apache\.spark\.sql\.|\bio\.trino\.",
            r"FAILED: (?:Parse|Semantic)Exc",
            r"Unrecognized name: \w{1,64} at \[",
        ),
    ),
    "mongodb": (
        "an error of MongoDB",
        (
            r"Mongo(?:Server|Network|Bulk|Parse|Write|Runtime|oose)[A-Za-z]{0,24}Error",
            r"MongoError: ",
            r"pymongo\.errors\.[A-Z]|\bcom\.mongodb\.",
            r"E11000 duplicate key",
            r"Executor error during (?:find|aggregate)|\bBSON(?:Type|Version)?Error: ",
            r"Cast to ObjectId failed|unknown (?:top level )?operator: \$",
        ),
    ),
    "store": (
        "an error of Redis, Elasticsearch, Cassandra, Neo4j, DynamoDB, Couchbase or InfluxDB",
        (
            r"WRONGTYPE Operation against|NOAUTH Authentication|MISCONF Redis",
            r"\bredis\.exceptions\.",
            (
                r"\b(?:index_not_found|search_phase_execution|query_shard|pars"
                r"ing|mapper_parsing)_exception"
            ),
            r"com\.datastax\.|org\.apache\.cassandra\.|no viable alternative at input",
            r"\b(?:illegal_argument|circuit_breaking|resource_already_exists)_exception",
            r"\bReplyError: |READONLY You can't write against|CROSSSLOT Keys in request",
            r"\bNeo\.(?:Client|Database|Transient)Error\.",
            r"Service: AmazonDynamoDB|\(Service: DynamoDb, Status",
            r"com\.couchbase\.|error parsing query: found |\bAQL: [a-z]",
        ),
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
