"""Many processes on one chronicle, on both backends; and what a lost answer means."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest

import soak_postgres
import soak_writers
from chronicle.errors import OutcomeUnknown, StorageError
from chronicle.store.log import EventLog
from chronicle.store.postgres.store import PostgresStore
from log_toys import control, opening
from postgres_server import NAMED, ask, drop, new_url, schema_of

OURS = pytest.mark.skipif(NAMED in os.environ, reason="needs a server of our own")


@pytest.fixture
def url() -> Iterator[str]:
    url = new_url()
    yield url
    drop(url)


@pytest.mark.slow
def test_writers_of_a_file_lose_and_double_nothing(tmp_path: Path) -> None:
    found = soak_writers.campaign(str(tmp_path / "a.chronicle"), 8, 2.0, 4, seed=1)
    assert found.clean, str(found)
    assert found.acknowledged > 20


@pytest.mark.slow
def test_writers_on_a_server_lose_and_double_nothing(url: str) -> None:
    found = soak_writers.campaign(url, 8, 2.0, 4, seed=1)
    assert found.clean, str(found)
    assert found.acknowledged > 10


@pytest.mark.slow
def test_nothing_is_lost_when_back_ends_are_terminated() -> None:
    found = soak_postgres.campaign(kills=0, terminations=20, seed=1)
    assert found.clean, str(found)
    assert found.failed + found.unknown > 0


@pytest.mark.slow
@OURS
def test_nothing_is_lost_when_the_server_is_killed() -> None:
    found = soak_postgres.campaign(kills=2, terminations=0, seed=2)
    assert found.clean, str(found)
    assert found.failed + found.unknown > 0


def test_a_back_end_that_dies_before_the_commit_has_recorded_nothing(
    url: str,
) -> None:
    store = PostgresStore.create(url)
    log = EventLog(store)
    log.append(opening())

    def dies(event: str) -> None:
        with store.writing() as work:
            if event:
                work.code("settlement", event)
            first, second = store.address.lock
            ask(
                "SELECT pg_terminate_backend(pid) FROM pg_locks "
                "WHERE locktype = 'advisory' AND classid = %s AND objid = %s",
                *(first, second % (1 << 32)),
            )

    for event in ("dogwood", ""):
        with pytest.raises(StorageError, match="nothing was recorded"):
            dies(event)
    assert log.append([control("r1")], key="k") == [6]
    assert store.codes("settlement") == ["alder", "birch", "cedar"]
    store.close()


class Proxy:
    """Stands between client and server, and cuts the connection at a COMMIT if told.

    Before the server hears of it, or, if it is *heard*, when the server has answered.
    """

    def __init__(self, url: str, folder: Path, heard: bool) -> None:
        self.heard = heard
        self.server = parse_qs(urlsplit(url).query)["host"][0] + "/.s.PGSQL.5432"
        self.armed = False
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / ".s.PGSQL.5432"))
        self._listening.listen()
        self._sockets = [self._listening]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        self.url = f"postgresql://postgres@/postgres?host={quote(str(folder), safe='')}"
        self.url += f"&schema={schema_of(url)}"

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.server)
            cut = threading.Event()
            self._sockets += [client, server]
            for one in ((client, server, True), (server, client, False)):
                thread = threading.Thread(target=self._pass, args=(*one, cut))
                self._threads.append(thread)
                thread.start()

    def _pass(
        self,
        source: socket.socket,
        to: socket.socket,
        asks: bool,
        cut: threading.Event,
    ) -> None:
        with suppress(OSError):
            while some := source.recv(1 << 16):
                if asks and self.armed and b"COMMIT" in some:
                    self.armed = False
                    cut.set()
                    if not self.heard:
                        break
                elif cut.is_set():  # the answer to it
                    break
                to.sendall(some)
        for one in (source, to):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for one in self._sockets:
            one.close()


@OURS
@pytest.mark.parametrize("heard", [True, False], ids=["committed", "not"])
def test_a_lost_answer_is_settled_by_the_key(
    url: str, tmp_path: Path, heard: bool
) -> None:
    """Committed or not, the client cannot know: the same command finds out."""
    store = PostgresStore.create(url)
    EventLog(store).append(opening())
    store.close()
    proxy = Proxy(url, tmp_path, heard)
    store = PostgresStore.open(proxy.url)
    log = EventLog(store)
    for number in range(5):
        proxy.armed = True
        event = control(f"r{number}")
        with pytest.raises(OutcomeUnknown):
            log.append([event], key=f"k{number}")
        assert store.head() == 5 + number + heard
        assert log.append([event], key=f"k{number}") == [6 + number]
    assert store.head() == 10
    store.close()
    proxy.close()
