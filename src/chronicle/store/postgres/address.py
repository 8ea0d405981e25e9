"""What a `postgresql://` address says: the server, the database, the schema."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit
from zlib import crc32

from chronicle.errors import UsageError

__all__ = ["Address", "parse"]

SCHEMA = "chronicle"  # where the address names none
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}", re.ASCII)
_PORTS = re.compile(r"[0-9,]*", re.ASCII)
_CLASS = 0x4348524E  # "CHRN": the first half of the keys of our advisory locks


class Address(NamedTuple):
    """A chronicle on a server: a schema of a database."""

    parameters: dict[str, str]  # for libpq
    schema: str
    shown: str  # without password, for people

    @property
    def title(self) -> str:
        """What to call it: the schema, or where that is the usual one, the database."""
        database = self.parameters.get("dbname", SCHEMA)
        return database if self.schema == SCHEMA else self.schema

    @property
    def lock(self) -> tuple[int, int]:
        """The key of the writers' lock, known before the schema is there."""
        second = crc32(self.schema.encode())
        return _CLASS, second - (1 << 32) if second >= 1 << 31 else second


def parse(told: str) -> Address:
    """The address in *told*; raises `UsageError`, which never holds the password.

    libpq reads it, so that `~/.pgpass`, services and the variables `PG…` hold as ever;
    the parameter `schema` is ours. The names that it gives are shown, and no secret.
    """
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = urlsplit(told)
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=False)
    except ValueError:
        raise _unreadable() from None
    schema = dict(pairs).get("schema", SCHEMA)
    if not _NAME.fullmatch(schema) or schema.startswith("pg_"):
        raise UsageError(f"schema {schema!r}: small letters, digits and _, at most 63")
    rest = urlencode([pair for pair in pairs if pair[0] != "schema"], quote_via=quote)
    try:
        found = conninfo_to_dict(urlunsplit(parts._replace(query=rest)))
    except ProgrammingError:  # its message holds the whole address
        raise _unreadable() from None
    parameters = {key: str(value) for key, value in found.items() if value is not None}
    rest = parameters.get("host", "") + parameters.get("dbname", "")
    if not _PORTS.fullmatch(parameters.get("port", "")) or "@" in rest:
        raise _unreadable()  # a password with `/` or `@` in it, which is told to nobody
    return Address(parameters, schema, _shown(parameters, schema))


def _unreadable() -> UsageError:
    return UsageError(
        "the address of the server cannot be read; write "
        "postgresql://USER@HOST:PORT/DATABASE?schema=NAME, %-escape what is no letter, "
        "and keep the password in ~/.pgpass"
    )


def _shown(parameters: dict[str, str], schema: str) -> str:
    user, host = parameters.get("user", ""), parameters.get("host", "")
    where = f"{user}@" if user else ""
    if not host.startswith("/"):  # the folder of a socket
        where += host
    port = parameters.get("port")
    where += f":{port}" if port else ""
    suffix = "" if schema == SCHEMA else f"?schema={schema}"
    return f"postgresql://{where}/{parameters.get('dbname', '')}{suffix}"
