"""What stands between a browser and the page: who may ask, for what, how much.

The page is for the person at this computer. Another site that a browser has open must
not read it (DNS rebinding, cross-site requests), nor may another user of the computer
who has no token. Whatever a request holds, it is answered by 4xx or by the page.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final

__all__ = ["CSP", "HEADERS", "Shell", "new_token"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: "
    "blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS: Final = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "geolocation=(), camera=(), microphone=()",
    "cache-control": "no-store",
}
MAX_BODY: Final = 1 << 20  # bytes
MAX_QUERY: Final = 2_000
_SAME: Final = (b"same-origin", b"none")


def new_token() -> str:
    """A secret for one start of the server."""
    return secrets.token_urlsafe(24)


class Refused(Exception):
    """A request that is answered by a status alone."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Shell:
    """An ASGI application round another one, for one port and one token."""

    def __init__(
        self, app: App, *, port: int, token: str, writes: bool = False
    ) -> None:
        self._app = app
        self._token = token
        self._cookie = f"chronicle-{port}"
        self._hosts = {f"127.0.0.1:{port}".encode(), f"localhost:{port}".encode()}
        self._methods = ("GET", "HEAD", "POST") if writes else ("GET", "HEAD")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        started = False

        async def with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                told = {name for name, _ in message.get("headers", [])}
                message["headers"] = [
                    *message.get("headers", []),
                    *(
                        (name.encode(), value.encode())
                        for name, value in HEADERS.items()
                        if name.encode() not in told
                    ),
                ]
            await send(message)

        try:
            if await self._let_in(scope, with_headers):
                await self._app(scope, receive, with_headers)
        except Refused as refused:
            allowed = ", ".join(self._methods)
            await _plain(with_headers, refused.status, refused.reason, allowed)
        except Exception:
            # Whatever it was, it came of what was sent; a trace would tell a stranger
            # how we are built, and a 5xx that there is something to find.
            if started:
                raise
            await _plain(with_headers, 400, "that request cannot be answered")

    async def _let_in(self, scope: Scope, send: Send) -> bool:
        """Whether the request goes on; raises `Refused`, or answers it itself."""
        headers = _headers(scope["headers"])
        if scope["method"] not in self._methods:
            raise Refused(405, f"only {', '.join(self._methods)}")
        hosts = headers.get(b"host", [])
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            raise Refused(421, "this server answers to this computer only")
        origin = b"http://" + hosts[0]
        if any(one != origin for one in headers.get(b"origin", [])):
            raise Refused(403, "another site may not ask")
        if any(one not in _SAME for one in headers.get(b"sec-fetch-site", [])):
            raise Refused(403, "another site may not ask")
        query: bytes = scope.get("query_string", b"")
        if len(query) > MAX_QUERY:
            raise Refused(414, "the address is too long")
        _check_body(scope["method"], headers)
        if scope["method"] == "POST":
            _check_writer(headers, origin)
        if scope["path"] == "/" and query.startswith(b"t="):
            if not hmac.compare_digest(query[2:], self._token.encode()):
                raise Refused(401, "not the address that was printed at the start")
            await self._hand_over(send)
            return False
        if not self._has_token(headers):
            raise Refused(401, "open the address that was printed at the start")
        return True

    def _has_token(self, headers: dict[bytes, list[bytes]]) -> bool:
        wanted = f"{self._cookie}={self._token}".encode()
        return any(
            hmac.compare_digest(part.strip(), wanted)
            for line in headers.get(b"cookie", [])
            for part in line.split(b";")
        )

    async def _hand_over(self, send: Send) -> None:
        """Put the token into a cookie and out of the address."""
        cookie = f"{self._cookie}={self._token}; Path=/; HttpOnly; SameSite=Strict"
        headers = [(b"location", b"/"), (b"set-cookie", cookie.encode())]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def _headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for name, value in pairs:
        found.setdefault(name.lower(), []).append(value)
    return found


def _check_body(method: str, headers: dict[bytes, list[bytes]]) -> None:
    lengths = headers.get(b"content-length", [])
    if method != "POST":
        if lengths not in ([], [b"0"]) or headers.get(b"transfer-encoding"):
            raise Refused(400, "a question has no body")
        return
    if headers.get(b"content-type") != [b"application/json"]:
        raise Refused(415, "only application/json")
    if headers.get(b"transfer-encoding"):
        raise Refused(411, "the length is needed, and no transfer encoding")
    if len(lengths) != 1 or not lengths[0].isdigit():
        raise Refused(411, "the length is needed")
    if len(lengths[0]) > len(str(MAX_BODY)) or int(lengths[0]) > MAX_BODY:
        raise Refused(413, "too much")


def _check_writer(headers: dict[bytes, list[bytes]], origin: bytes) -> None:
    """Refuse a request that writes, unless it says that this very page sends it.

    Browsers say so of every POST; whatever does not say it is not the page.
    """
    if headers.get(b"origin") != [origin]:
        raise Refused(403, "only this page may write")
    if headers.get(b"sec-fetch-site", [b"same-origin"]) != [b"same-origin"]:
        raise Refused(403, "only this page may write")


async def _plain(
    send: Send, status: int, text: str, allowed: str = "GET, HEAD"
) -> None:
    body = f"{text}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
    ]
    if status == 405:
        headers.append((b"allow", allowed.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
