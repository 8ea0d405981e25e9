"""Hostile requests to the local page by the thousand, each made from a seed.

    request(page, dice)       bytes, as a browser or a stranger may send them
    asked(page, seed, count)  send as many; how often each status was the answer

Whatever is sent, the answer is of the page, or 4xx, or the connection ends; who has not
the token, or names another host, is never given the page.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from served_page import Served

__all__ = ["asked", "request"]

PATHS = (
    *("/", "/data.json", "/main.js", "/style.css", "/land.json", "/what-if.json"),
    *("/nothing", "/live", "/data.json/", "//", "/../etc/passwd", "/%2e%2e/%2e%2e/x"),
    *("/%00", "/main.js%00.css", "/%ff%fe", "/\\..\\..", "/;/", "/%", "/%zz", "*", ""),
    *("http://evil.example/", "//evil.example/", "/?t=", "/?t=%00", "/?t=guess&t=x"),
    *("/data.json?on=2024-12-01", "/data.json?" + "a=b&" * 700, "/" + "a/" * 3_000),
    *("/\u202e.js", "/é", "/main.js?\x00", "/ HTTP/1.0", "/\t", "/{{7*7}}", "/$(id)"),
)
METHODS = (
    *("GET",) * 12,
    *("HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "get"),
    *("G\x00T", "", "X" * 3_000, "PROPFIND", "\xff"),
)
VERSIONS = (
    *("HTTP/1.1",) * 12,
    "HTTP/1.0",
    "HTTP/0.9",
    "HTTP/2.0",
    "HTTP/9.9",
    "",
    "x",
)
NAMES = (
    *(
        "Host",
        "Cookie",
        "Origin",
        "Sec-Fetch-Site",
        "Content-Length",
        "Range",
        "Accept",
    ),
    *("Transfer-Encoding", "Upgrade", "Connection", "Expect", "If-None-Match", "X-A"),
    *(
        "Accept-Encoding",
        "X-Forwarded-Host",
        "Content-Type",
        "Te",
        "Trailer",
        "",
        " ",
        ":",
    ),
    *("H\u00f6st", "Host ", "\x00", "a" * 9_000),
)
VALUES = (
    *(
        "",
        " ",
        "0",
        "-1",
        "5",
        "99999999999999999999",
        "0x10",
        "1_0",
        "nan",
        "evil.example",
    ),
    *("null", "https://evil.example", "cross-site", "none", "same-origin", "chunked"),
    *("chunked, chunked", "gzip", "close", "keep-alive", "upgrade", "websocket", "h2c"),
    *(
        "100-continue",
        "*",
        '"x"',
        "bytes=0-",
        "bytes=9-1,1-1," + "0-," * 900,
        "a" * 70_000,
    ),
    *("chronicle-1=x", "t=\xff", "\x00", "\x1b]0;t\x07", "\u202e", "a\r b", "=;=;=,"),
)
BODIES = (
    *(
        b"",
        b"hello",
        b"0\r\n\r\n",
        b"5\r\nhello\r\n0\r\n\r\n",
        b"zz\r\n",
        b"\x00" * 999,
    ),
    *(b"{" * 5_000, b"GET / HTTP/1.1\r\n\r\n", b"ffffffffffffffff\r\nx"),
)


def request(page: Served, dice: random.Random) -> bytes:
    """A request that is sound, but for none, one or a few things about it."""
    method, path, version = "GET", dice.choice(PATHS[:6]), "HTTP/1.1"
    headers = [("Host", f"127.0.0.1:{page.port}"), ("Cookie", page.cookie)]
    body = b""
    for _ in range(dice.choice((0, 1, 1, 2, 3, 6))):
        deed = dice.randrange(8)
        if deed == 0:
            method = dice.choice(METHODS)
        elif deed == 1:
            path = dice.choice(PATHS)
        elif deed == 2:
            version = dice.choice(VERSIONS)
        elif deed == 3 and headers:
            headers.pop(dice.randrange(len(headers)))
        elif deed == 4 and headers:
            name, _ = headers[at := dice.randrange(len(headers))]
            headers[at] = (name, dice.choice(VALUES))
        elif deed == 5:
            headers.insert(0, (dice.choice(NAMES), dice.choice(VALUES)))
        elif deed == 6:
            body = dice.choice(BODIES)
        else:
            headers += [(dice.choice(NAMES), dice.choice(VALUES))] * dice.choice(
                (1, 200)
            )
    lines = [f"{method} {path} {version}", *(f"{n}: {v}" for n, v in headers), "", ""]
    made = "\r\n".join(lines).encode("utf-8", "surrogatepass") + body
    if dice.random() < 0.2:
        return _spoilt(made, dice)
    return made


def _spoilt(made: bytes, dice: random.Random) -> bytes:
    """With some bytes changed, or the end cut off."""
    if dice.random() < 0.3:
        return made[: dice.randrange(len(made))]
    spoilt = bytearray(made)
    for _ in range(dice.choice((1, 1, 3, 30))):
        spoilt[dice.randrange(len(spoilt))] = dice.choice(b"\x00\n\r :/%\xff\x80G")
    return bytes(spoilt)


def fault_in(page: Served, sent: bytes, answer: bytes) -> str:
    """What is wrong with an answer; empty for nothing."""
    status = answer[9:12]
    if not answer:
        return ""
    if not answer.startswith(b"HTTP/1.1 ") or status[:1] not in b"234":
        return f"answered by {answer[:60]!r}"
    if b"Traceback" in answer:
        return "a trace is shown"
    if status == b"200" and page.cookie.encode() not in sent:
        return "given to somebody without the token"
    if status == b"200" and f"127.0.0.1:{page.port}".encode() not in sent:
        return "given under another name"
    return ""


def asked(page: Served, seed: int, count: int) -> Counter[str]:
    """Send *count* requests; raises `AssertionError` that shows the first at fault."""
    told: Counter[str] = Counter()
    for number in range(count):
        sent = request(page, random.Random(seed * 1_000_003 + number))
        answer = page.cut(sent)
        if fault := fault_in(page, sent, answer):
            raise AssertionError(f"request {number} of seed {seed}: {fault}: {sent!r}")
        told[answer[9:12].decode() if answer else "hung up"] += 1
    return told
