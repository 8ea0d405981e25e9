"""The local server answers to this computer's own page, and to nobody else."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chronicle import create
from chronicle.domain.events import (
    ActorRegistered,
    ControlReported,
    SettlementRegistered,
    SourceRegistered,
)
from chronicle.web.server import Page, free_socket, page_app
from chronicle.web.shell import CSP, Shell

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
        with socket.create_connection(("127.0.0.1", self.port), 10) as sock:
            sock.sendall(request)
            return sock.recv(4096)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    import uvicorn

    folder: Path = tmp_path_factory.mktemp("served")
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


def test_the_page_is_given_with_a_policy_that_lets_nothing_else_run(
    served: Served,
) -> None:
    answer = served.ask("/")
    assert answer.status == 200
    assert answer.getheader("Content-Security-Policy") == CSP
    assert "unsafe" not in CSP
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("Cache-Control") == "no-store"


def test_the_token_leaves_the_address_at_once(served: Served) -> None:
    answer = served.ask(f"/?t={TOKEN}", {"Cookie": ""})
    assert (answer.status, answer.getheader("Location")) == (303, "/")
    cookie = answer.getheader("Set-Cookie", "")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/", {"Cookie": ""}, 401),
        ("/data.json", {"Cookie": ""}, 401),
        ("/data.json", {"Cookie": "chronicle-1=x; y"}, 401),
        ("/?t=guess", {"Cookie": ""}, 401),
        ("/?t=%00%ff", {"Cookie": ""}, 401),
        ("/", {"Host": "evil.example"}, 421),
        ("/", {"Host": ""}, 400),
        ("/", {"Host": "127.0.0.1"}, 421),
        ("/data.json", {"Origin": "https://evil.example"}, 403),
        ("/data.json", {"Origin": "null"}, 403),
        ("/data.json", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("/data.json", {"Sec-Fetch-Site": "same-site"}, 403),
        ("/../../etc/passwd", {}, 404),
        ("/..%2f..%2fetc%2fpasswd", {}, 404),
        ("/%00", {}, 404),
        ("/main.js%00.css", {}, 404),
        ("/" + "a" * 5_000, {}, 404),
        ("/?" + "a" * 5_000, {}, 414),
        ("/nothing", {}, 404),
        ("/data.json", {"Sec-Fetch-Site": "same-origin"}, 200),
        ("/main.js", {"Sec-Fetch-Site": "none"}, 200),
        ("/live/", {}, 404),
    ],
)
def test_who_may_ask_for_what(
    served: Served, path: str, headers: dict[str, str], status: int
) -> None:
    assert served.ask(path, headers).status == status


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "X"])
def test_the_page_is_read_only(served: Served, method: str) -> None:
    assert served.ask("/data.json", method=method).status == 405


def test_no_request_is_our_fault(served: Served) -> None:
    host = f"Host: 127.0.0.1:{served.port}\r\nCookie: {served.cookie}\r\n".encode()
    for request in (
        b"GET / HTTP/1.1\r\n" + host + b"X: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET http://evil.example/ HTTP/1.1\r\n" + host + b"\r\n",
        b"GET / HTTP/1.1\r\n" + host + b"Host: evil.example\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\n" + host + b"\r\n",
        b"GET / HTTP/1.1\r\n" + host + b"Content-Length: 5\r\n\r\nhello",
        b"GET / HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /data.json?t=" + b"%" * 500 + b" HTTP/1.1\r\n" + host + b"\r\n",
    ):
        answer = served.raw(request)
        assert not answer or b" 5" not in answer.split(b"\r\n")[0][8:12], request[:60]
        assert b"Traceback" not in answer


def test_a_taken_port_gives_the_next() -> None:
    first = free_socket(0)
    port = first.getsockname()[1]
    second = free_socket(port)
    assert second.getsockname()[1] != port
    first.close()
    second.close()


def test_news_after_a_position(served: Served) -> None:
    assert served.ask("/news.json?after=0").status == 200
    for asked in ("", "?after=", "?after=-1", "?after=1e3", "?after=" + "9" * 40):
        assert served.ask(f"/news.json{asked}").status == 400, asked
    assert served.ask("/news.json?after=0", {"Cookie": ""}).status == 401


def test_too_many_open_pages_are_refused(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chronicle.web.server.MOST_STREAMS", 0)
    assert served.ask("/live").status == 503
