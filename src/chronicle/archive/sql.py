"""The archive's tables and questions as SQL for DuckDB, Spark and PostgreSQL.

    script("duckdb", manifest)     views on the files, and the questions as macros

An export leaves `duckdb.sql` and `spark.sql` beside the manifest; they name the files
of its position, so that a reader never sees a file that no manifest names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import NamedTuple

from chronicle.archive.manifest import Manifest, replace_file
from chronicle.archive.schema import TABLES
from chronicle.archive.sql_template import QUESTIONS, Question
from chronicle.errors import UsageError

__all__ = ["ENGINES", "script", "statements", "write_scripts"]


class Files(NamedTuple):
    """The files of a table: where their paths begin, and the paths; None: left open."""

    root: str
    paths: list[str] | None


@dataclass(frozen=True, slots=True)
class Engine:
    """How one engine writes what the others write otherwise."""

    title: str
    types: dict[str, str]
    days: str
    table: Callable[[str, Files], str]
    question: Callable[[Engine, Question], str]
    position_at: str


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _columns(table: str) -> str:
    return ", ".join(TABLES[table].names)


def _nothing(table: str, types: dict[str, str]) -> str:
    """A table without rows, for one of which the archive has no file."""
    columns = ", ".join(
        f"CAST(NULL AS {types[type_]}) AS {name}"
        for name, type_, _ in TABLES[table].columns
    )
    return f"SELECT {columns} WHERE false"


def _duckdb_table(table: str, files: Files) -> str:
    view = f"CREATE OR REPLACE VIEW {table} AS"
    if files.paths == []:
        return f"{view} {_nothing(table, _DUCKDB)};"
    listed = ["…"] if files.paths is None else files.paths
    inside = ",\n    ".join(_quoted(files.root + path) for path in listed)
    return (
        f"{view} SELECT {_columns(table)}\nFROM read_parquet([\n    {inside}\n], "
        "hive_partitioning = false);"
    )


def _duckdb_question(engine: Engine, asked: Question) -> str:
    takes = ", ".join(name for name, _ in asked.takes)
    body = asked.body.replace("{days}", engine.days)
    return f"CREATE OR REPLACE MACRO {asked.name}({takes}) AS TABLE\n{body};"


def _spark_table(table: str, files: Files) -> str:
    view = f"CREATE OR REPLACE TEMPORARY VIEW {table}"
    if files.paths == []:
        return f"{view} AS {_nothing(table, _SPARK)};"
    columns = ", ".join(
        f"{name} {_SPARK[type_]}" for name, type_, _ in TABLES[table].columns
    )
    paths = ["…"] if files.paths is None else [_globbed(path) for path in files.paths]
    one = paths[0] if len(paths) == 1 else "{" + ",".join(paths) + "}"
    return (
        f"{view} (\n  {fill(columns, 84, subsequent_indent='  ')}\n) USING parquet "
        f"OPTIONS (path {_escaped(_globbed(files.root) + one)});"
    )


def _globbed(path: str) -> str:
    """A path of which Hadoop takes no character for a wild card."""
    return "".join("\\" + one if one in "{}[]*?,\\" else one for one in path)


def _escaped(text: str) -> str:
    """A literal of Spark, whose strings know backslashes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _returns(engine: Engine, asked: Question) -> tuple[str, str]:
    takes = ", ".join(f"{name} {engine.types[type_]}" for name, type_ in asked.takes)
    gives = ", ".join(f"{name} {engine.types[type_]}" for name, type_ in asked.gives)
    return takes, fill(gives, 84, subsequent_indent="  ")


def _spark_question(engine: Engine, asked: Question) -> str:
    takes, gives = _returns(engine, asked)
    body = asked.body.replace("{days}", engine.days)
    return (
        f"CREATE OR REPLACE TEMPORARY FUNCTION {asked.name}({takes})\n"
        f"RETURNS TABLE ({gives})\nRETURN\n{body};"
    )


def _postgresql_table(table: str, files: Files) -> str:
    columns = ", ".join(
        f"{name} {_POSTGRESQL[type_]}" for name, type_, _ in TABLES[table].columns
    )
    made = f"CREATE TABLE {table} (\n  {fill(columns, 84, subsequent_indent='  ')}\n);"
    if table == "latest":
        made += "\nCREATE INDEX ON latest (settlement, valid_from);"
    return made


def _postgresql_question(engine: Engine, asked: Question) -> str:
    takes, gives = _returns(engine, asked)
    body = asked.body.replace("{days}", engine.days)
    return (
        f"CREATE OR REPLACE FUNCTION {asked.name}({takes})\n"
        f"RETURNS TABLE ({gives})\nLANGUAGE sql STABLE AS $$\n"
        f"{body}\n$$;"
    )


_DUCKDB = {
    "int64": "BIGINT",
    "int8": "TINYINT",
    "float64": "DOUBLE",
    "bool": "BOOLEAN",
    "text": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMPTZ",
}
_SPARK = _DUCKDB | {"text": "STRING", "timestamp": "TIMESTAMP"}
_POSTGRESQL = _DUCKDB | {
    "int8": "SMALLINT",
    "float64": "DOUBLE PRECISION",
    "text": "TEXT",
}
_LAST_BY = "SELECT coalesce(max(position), 0) FROM moments WHERE recorded_at <= moment"

ENGINES: dict[str, Engine] = {
    "duckdb": Engine(
        "DuckDB",
        _DUCKDB,
        "SELECT CAST(unnest(generate_series(first_day, last_day, INTERVAL 1 DAY))"
        " AS DATE) AS day",
        _duckdb_table,
        _duckdb_question,
        f"CREATE OR REPLACE MACRO position_at(moment) AS\n({_LAST_BY});",
    ),
    "spark": Engine(
        "Spark SQL",
        _SPARK,
        "SELECT explode(sequence(first_day, last_day, INTERVAL 1 DAY)) AS day",
        _spark_table,
        _spark_question,
        "CREATE OR REPLACE TEMPORARY FUNCTION position_at(moment TIMESTAMP)\n"
        f"RETURNS BIGINT RETURN\n({_LAST_BY});",
    ),
    "postgresql": Engine(
        "PostgreSQL",
        _POSTGRESQL,
        "SELECT CAST(generate_series(first_day, last_day, INTERVAL '1 day')"
        " AS DATE) AS day",
        _postgresql_table,
        _postgresql_question,
        "CREATE OR REPLACE FUNCTION position_at(moment TIMESTAMPTZ)\n"
        f"RETURNS BIGINT LANGUAGE sql STABLE AS $$\n{_LAST_BY}\n$$;",
    ),
}


def statements(
    engine: str, files: dict[str, list[str]] | None = None, root: str = ""
) -> list[tuple[str, str]]:
    """The statements of one engine in order, each with what it makes.

    *files* are the paths of each table, which begin at *root*; without them they are
    left open (*…*).
    """
    found = ENGINES[engine]
    made = []
    for table in TABLES:
        paths = None if files is None else files.get(table, [])
        made.append((table, found.table(table, Files(root, paths))))
    made.append(("position_at", found.position_at))
    made += [(asked.name, found.question(found, asked)) for asked in QUESTIONS]
    return made


def script(engine: str, manifest: Manifest, folder: Path | None = None) -> str:
    """What to run in an engine so that its tables are the archive's.

    Paths are relative to the archive, or absolute with *folder*. PostgreSQL reads no
    Parquet: its script makes the tables, and docs/sql.md says how they are filled.
    Raises `UsageError` for an engine that there is not.
    """
    if engine not in ENGINES:
        raise UsageError(f"no engine {engine!r}; there are {', '.join(ENGINES)}")
    files: dict[str, list[str]] = {table: [] for table in TABLES}
    for file in manifest.files:
        files[file.table].append(file.path)
    root = "./" if folder is None else folder.as_posix() + "/"
    head = (
        f"-- The archive of log {manifest.log} up to position {manifest.position}, "
        f"schema {manifest.schema}.\n"
    )
    if manifest.what_if:
        head += f"-- WHAT-IF: this is the branch {manifest.what_if}, and no record.\n"
    if folder is None and engine != "postgresql":
        head += (
            "-- Run it in the folder of the archive: the paths are relative to it.\n"
        )
    return head + "\n\n".join(sql for _, sql in statements(engine, files, root)) + "\n"


def write_scripts(folder: Path, manifest: Manifest) -> None:
    """The scripts of all engines, beside the manifest; each is replaced in one step."""
    for engine in ENGINES:
        text = script(engine, manifest)
        path = folder / f"{engine}.sql"
        if not path.exists() or path.read_text() != text:
            replace_file(path, text.encode())
