"""The local server answers to this computer's own page, and to nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import request_fuzz
from chronicle.web.server import free_socket
from chronicle.web.shell import CSP
from served_page import TOKEN, Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served")) as page:
        yield page


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


@pytest.mark.slow
def test_a_thousand_hostile_requests_are_nobodys_fault(served: Served) -> None:
    told = request_fuzz.asked(served, seed=1, count=1_000)
    assert sum(told.values()) == 1_000
    assert told["200"] > 20  # some are sound, so that the page itself is asked too
    assert told["400"] + told["404"] + told["401"] > 200


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
