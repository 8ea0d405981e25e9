"""The tables of a chronicle on a server, who may do what, and whether they are so.

Every name is without its schema: it is found through `search_path`, which holds that
schema alone. A redaction is the one change that the log allows, and writers have no
right to it but through `redact_payload`, which runs as the owner.
"""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from psycopg import sql

from chronicle.errors import StorageError, Untrusted

__all__ = ["COLUMNS", "SCHEMA_VERSION", "TYPES", "check_schema", "grant", "make_tables"]

SCHEMA_VERSION = 1

COLUMNS = {
    "chronicle": "one int4, id text, created_at int8, version int4",
    "codes": "seq int8, kind text, code int8, id text",
    "events": (
        "position int8, stream int8, version int8, type text, recorded_at int8, "
        "report text?, target text?, dataset int8?, hot bytea, body bytea"
    ),
    "commands": "key text, digest bytea, positions text",
    "leaves": "first int8, hashes bytea, salts bytea",
    "emptied": "position int8, payload bytea",
    "subtrees": "level int8, number int8, root bytea",
    "seal": "one int4, state bytea, head text",
}
"""The columns of each table, in order; `?` where NULL is allowed."""

TYPES = {
    table: [column.split()[1].rstrip("?") for column in columns.split(", ")]
    for table, columns in COLUMNS.items()
}
# Text is compared by its bytes, as in a file: equal chronicles are in equal order.
_TABLES = """
CREATE TABLE chronicle (
  one int4 PRIMARY KEY CHECK (one = 1),
  id text COLLATE "C" NOT NULL,
  created_at int8 NOT NULL,
  version int4 NOT NULL
);
CREATE TABLE codes (
  seq int8 PRIMARY KEY,
  kind text COLLATE "C" NOT NULL,
  code int8 NOT NULL CHECK (code >= 0),
  id text COLLATE "C" NOT NULL,
  UNIQUE (kind, id),
  UNIQUE (kind, code)
);
CREATE TABLE events (
  position int8 PRIMARY KEY CHECK (position > 0),
  stream int8 NOT NULL,
  version int8 NOT NULL CHECK (version >= 0),
  type text COLLATE "C" NOT NULL,
  recorded_at int8 NOT NULL,
  report text COLLATE "C",
  target text COLLATE "C",
  dataset int8,
  hot bytea NOT NULL,
  body bytea NOT NULL,
  UNIQUE (stream, version)
);
CREATE UNIQUE INDEX events_report ON events (report) WHERE report IS NOT NULL;
CREATE INDEX events_target ON events (target) WHERE target IS NOT NULL;
CREATE TABLE commands (
  key text COLLATE "C" PRIMARY KEY,
  digest bytea NOT NULL,
  positions text NOT NULL
);
CREATE TABLE leaves (
  first int8 PRIMARY KEY CHECK (first > 0),
  hashes bytea NOT NULL,
  salts bytea NOT NULL
);
CREATE TABLE emptied (
  position int8 PRIMARY KEY CHECK (position > 0),
  payload bytea NOT NULL
);
CREATE TABLE subtrees (
  level int8 NOT NULL,
  number int8 NOT NULL,
  root bytea NOT NULL,
  PRIMARY KEY (level, number)
);
CREATE TABLE seal (
  one int4 PRIMARY KEY CHECK (one = 1),
  state bytea NOT NULL,
  head text NOT NULL
);
"""

_NEVER = """
BEGIN
  RAISE EXCEPTION 'append-only: % is never changed or deleted', TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END
"""
_EMPTIED = """
BEGIN
  IF NEW.body = ''::bytea AND OLD.type <> 'report-redacted'
    AND NEW.position = OLD.position AND NEW.stream = OLD.stream
    AND NEW.version = OLD.version AND NEW.type = OLD.type
    AND NEW.recorded_at = OLD.recorded_at
    AND NEW.report IS NOT DISTINCT FROM OLD.report
    AND NEW.target IS NOT DISTINCT FROM OLD.target
    AND NEW.dataset IS NOT DISTINCT FROM OLD.dataset
    AND EXISTS (
      SELECT 1 FROM events AS redaction WHERE redaction.type = 'report-redacted'
      AND redaction.target IN (OLD.report, OLD.target)
    )
  THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'append-only: a recorded event is never changed'
    USING ERRCODE = 'integrity_constraint_violation';
END
"""
_UNSALTED = """
BEGIN
  IF NEW.first = OLD.first AND NEW.hashes = OLD.hashes
    AND length(NEW.salts) = length(OLD.salts)
    AND EXISTS (
      SELECT 1 FROM emptied WHERE emptied.position >= OLD.first
      AND emptied.position < OLD.first + length(OLD.salts) / 16
    )
  THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'append-only: a leaf is never changed'
    USING ERRCODE = 'integrity_constraint_violation';
END
"""
# A salt gives way to the hash of its payload, from which nothing can be guessed.
_REDACT = """
DECLARE
  one record;
  leaf record;
  at int4;
BEGIN
  FOR one IN
    SELECT e.position, e.hot, e.body FROM events AS e
    WHERE (e.report = redacted OR e.target = redacted)
    AND e.type <> 'report-redacted'
    AND NOT EXISTS (SELECT 1 FROM emptied AS x WHERE x.position = e.position)
  LOOP
    SELECT l.first, l.salts INTO leaf FROM leaves AS l
      WHERE l.first <= one.position ORDER BY l.first DESC LIMIT 1;
    at := (one.position - leaf.first)::int4 * 16 + 1;
    INSERT INTO emptied VALUES (
      one.position, sha256(substring(leaf.salts, at, 16) || one.hot || one.body)
    );
    UPDATE leaves
      SET salts = overlay(salts PLACING decode(repeat('00', 16), 'hex') FROM at FOR 16)
      WHERE leaves.first = leaf.first;
  END LOOP;
  UPDATE events SET hot = blank, body = ''::bytea
    WHERE (report = redacted OR target = redacted) AND type <> 'report-redacted';
END
"""
_FUNCTIONS = {
    "never": ("()", "trigger", _NEVER),
    "only_emptied": ("()", "trigger", _EMPTIED),
    "only_unsalted": ("()", "trigger", _UNSALTED),
    "redact_payload": ("(redacted text, blank bytea)", "void", _REDACT),
}
_UPDATES = {"events": "only_emptied", "leaves": "only_unsalted"}
_OWN = ("redact_payload",)  # runs with the rights of the owner

_KEYS = {
    ("chronicle", "PRIMARY KEY (one)"),
    ("codes", "PRIMARY KEY (seq)"),
    ("codes", "UNIQUE (kind, id)"),
    ("codes", "UNIQUE (kind, code)"),
    ("events", 'PRIMARY KEY ("position")'),
    ("events", "UNIQUE (stream, version)"),
    ("commands", "PRIMARY KEY (key)"),
    ("leaves", "PRIMARY KEY (first)"),
    ("emptied", 'PRIMARY KEY ("position")'),
    ("subtrees", "PRIMARY KEY (level, number)"),
    ("seal", "PRIMARY KEY (one)"),
}


def _triggers() -> dict[tuple[str, str], str]:
    """The function of each trigger, by table and name."""
    found = {}
    for table in COLUMNS:
        if table != "seal":  # which moves on with each write
            found[table, f"{table}_update"] = _UPDATES.get(table, "never")
        found[table, f"{table}_delete"] = "never"
        found[table, f"{table}_truncate"] = "never"
    return found


def make_tables(connection: psycopg.Connection, schema: str) -> None:
    """Make the tables, functions and triggers in an empty schema."""
    connection.execute(_TABLES)
    for name, (arguments, returns, body) in _FUNCTIONS.items():
        connection.execute(
            sql.SQL(
                "CREATE FUNCTION {name} {arguments} RETURNS {returns} "
                "LANGUAGE plpgsql {rights} SET search_path = {schema}, pg_temp "
                "AS {body}"
            ).format(
                name=sql.Identifier(name),
                arguments=sql.SQL(arguments),
                returns=sql.SQL(returns),
                rights=sql.SQL("SECURITY DEFINER" if name in _OWN else ""),
                schema=sql.Identifier(schema),
                body=sql.Literal(body),
            )
        )
        connection.execute(
            sql.SQL("REVOKE ALL ON FUNCTION {} FROM PUBLIC").format(
                sql.Identifier(name)
            )
        )
    for (table, name), function in _triggers().items():
        deed = name.rpartition("_")[2].upper()
        each = "STATEMENT" if deed == "TRUNCATE" else "ROW"
        connection.execute(
            sql.SQL(
                f"CREATE TRIGGER {name} BEFORE {deed} ON {table} "
                f"FOR EACH {each} EXECUTE FUNCTION {function}()"
            )
        )


def grant(
    connection: psycopg.Connection,
    schema: str,
    writers: Sequence[str],
    readers: Sequence[str],
) -> None:
    """Let roles add to the log, or read it; neither may change or delete a row."""
    for role in (*writers, *readers):
        connection.execute(
            sql.SQL(
                "GRANT USAGE ON SCHEMA {schema} TO {role}; "
                "GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}"
            ).format(schema=sql.Identifier(schema), role=sql.Identifier(role))
        )
    for role in writers:
        connection.execute(
            sql.SQL(
                "GRANT INSERT ON events, codes, commands, leaves, subtrees, seal "
                "TO {role}; GRANT UPDATE ON seal TO {role}; "
                "GRANT EXECUTE ON FUNCTION redact_payload TO {role}"
            ).format(role=sql.Identifier(role))
        )


def check_schema(connection: psycopg.Connection, name: str, schema: str) -> None:
    """Refuse a schema that is not exactly ours, before anything of it is used.

    A view, a rule, a column or a trigger too many could keep nothing of what it
    acknowledges. Raises `StorageError` where there is no chronicle, `Untrusted` for a
    foreign or newer one.
    """
    known: dict[str, str] = dict(
        connection.execute(
            "SELECT c.relname, c.relkind::text FROM pg_class AS c "
            "WHERE c.relnamespace = to_regnamespace(quote_ident(%s)) "
            "AND c.relkind NOT IN ('i', 'I', 't', 'c')",
            (schema,),
        ).fetchall()
    )
    if "chronicle" not in known:
        raise StorageError(f"no chronicle at {name}; `chronicle init {name}` makes one")
    strange = sorted({*known} ^ {*COLUMNS})
    strange += [table for table in COLUMNS if known.get(table) not in (None, "r")]
    if not strange:
        strange = sorted(_strange(connection, schema))
    if strange:
        raise Untrusted(
            f"{name} has a foreign schema ({', '.join(strange)}); nothing of it was run"
        )
    found = connection.execute("SELECT version FROM chronicle").fetchone()
    version = found[0] if found else 0
    if version > SCHEMA_VERSION:
        raise Untrusted(
            f"{name} has schema {version}, this program knows {SCHEMA_VERSION}; use a "
            "newer Chronicle"
        )


def _strange(connection: psycopg.Connection, schema: str) -> set[str]:
    """What of the columns, keys, triggers, rules and functions is not as made."""
    here = "WHERE c.relnamespace = to_regnamespace(quote_ident(%s)) "

    def ask(statement: str) -> set[tuple[str, ...]]:
        rows = connection.execute(statement, (schema,))
        return {tuple(row) for row in rows}

    columns: dict[str, list[str]] = {table: [] for table in COLUMNS}
    for table, _, told in sorted(
        ask(
            "SELECT c.relname, a.attnum, a.attname || ' ' || t.typname || "
            "CASE WHEN a.attnotnull THEN '' ELSE '?' END FROM pg_attribute AS a "
            "JOIN pg_class AS c ON c.oid = a.attrelid "
            f"JOIN pg_type AS t ON t.oid = a.atttypid {here}"
            "AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped"
        )
    ):
        columns[table].append(told)
    strange = {
        table for table, told in COLUMNS.items() if ", ".join(columns[table]) != told
    }
    keys = ask(
        "SELECT c.relname, pg_get_constraintdef(k.oid) FROM pg_constraint AS k "
        f"JOIN pg_class AS c ON c.oid = k.conrelid {here}AND k.contype IN ('p', 'u')"
    )
    strange |= {table for table, _ in keys ^ _KEYS}
    unique = ask(
        "SELECT c.relname FROM pg_class AS c "
        "JOIN pg_index AS i ON i.indexrelid = c.oid "
        f"{here}AND c.relname = 'events_report' AND i.indisunique AND i.indisvalid"
    )
    strange |= {"events_report"} if not unique else set()
    triggers = ask(
        "SELECT c.relname, t.tgname, p.proname FROM pg_trigger AS t "
        "JOIN pg_class AS c ON c.oid = t.tgrelid JOIN pg_proc AS p ON p.oid = t.tgfoid "
        f"{here}AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')"
    )
    wanted = {(*key, function) for key, function in _triggers().items()}
    strange |= {name for _, name, _ in triggers ^ wanted}
    strange |= {
        name
        for (name,) in ask(
            f"SELECT c.relname FROM pg_class AS c {here}AND (c.relhasrules "
            "OR c.relrowsecurity OR c.relhassubclass)"
        )
    }
    functions: dict[str, str] = dict(
        connection.execute(
            "SELECT proname, prosrc FROM pg_proc "
            "WHERE pronamespace = to_regnamespace(quote_ident(%s))",
            (schema,),
        ).fetchall()
    )
    ours = {name: body for name, (_, _, body) in _FUNCTIONS.items()}
    return strange | {
        name for name in {*functions, *ours} if functions.get(name) != ours.get(name)
    }
