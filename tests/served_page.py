"""The local page on a real server in a thread, for tests that ask it over a socket."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from chronicle import create
from chronicle.domain.events import (
    ActorRegistered,
    ControlReported,
    SettlementRegistered,
    SourceRegistered,
)
from chronicle.web.server import Page, free_socket, page_app
from chronicle.web.shell import Shell

__all__ = ["TOKEN", "Served", "serving"]

TOKEN = "a-token-of-the-test"


@dataclass
class Served:
    """A page that is served, and what opens it."""

    port: int
    cookie: str

    def ask(
        self, path: str, headers: dict[str, str] | None = None, method: str = "GET"
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        told = {"Host": f"127.0.0.1:{self.port}", "Cookie": self.cookie}
        told.update(headers or {})
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in told.items():
            if value:
                connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer

    def raw(self, request: bytes) -> bytes:
        """The first bytes of the answer to what need not be a request."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as sock:
            sock.sendall(request)
            return sock.recv(4096)

    def cut(self, request: bytes) -> bytes:
        """The same, when nothing comes after it; empty where the server hangs up."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as sock:
            with suppress(OSError):  # it has heard enough
                sock.sendall(request)
                sock.shutdown(socket.SHUT_WR)
            try:
                return sock.recv(4096)
            except ConnectionError:
                return b""


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """A toy record, served until the context ends."""
    import uvicorn

    sock = free_socket(0)
    port = sock.getsockname()[1]
    ready = threading.Event()
    stop: list[uvicorn.Server] = []

    def work() -> None:  # a SQLite log belongs to the thread that opened it
        with create(folder / "toy.chronicle") as record:
            record.append(
                [
                    SettlementRegistered(
                        settlement="alder", name="Alder", lat=1, lon=2
                    ),
                    ActorRegistered(actor="red", name="Red"),
                    SourceRegistered(source="radio", name="Radio"),
                    ControlReported(
                        report_id="r1",
                        source="radio",
                        settlement="alder",
                        controller="red",
                        valid_from="2024-12-01",
                    ),
                ]
            )
            page = Page(record, "toy", None)
            shell = Shell(page_app(page), port=port, token=TOKEN)
            config = uvicorn.Config(
                shell, http="h11", ws="none", lifespan="off", log_level="critical"
            )
            server = uvicorn.Server(config)
            stop.append(server)
            ready.set()
            server.run(sockets=[sock])
            page.stopping.set()

    thread = threading.Thread(target=work)
    thread.start()
    ready.wait(20)
    yield Served(port, f"chronicle-{port}={TOKEN}")
    stop[0].should_exit = True
    thread.join(20)
    sock.close()
