"""The local server: the page's files, its documents, and news of the log."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from chronicle.errors import UsageError
from chronicle.web.documents import documents, news_document, record_document
from chronicle.web.payload import encoded, zipped
from chronicle.web.shell import Shell, new_token

if TYPE_CHECKING:
    from chronicle.api import Chronicle
    from chronicle.web.entry import Desk

__all__ = ["PORT", "Page", "free_socket", "page_app", "serve", "static_files"]

PORT: Final = 8765
PORTS_TRIED: Final = 20
POLL_SECONDS: Final = 0.5  # between two looks at the head of the log
NEWS_SECONDS: Final = 2.0  # between two news on one stream, however much is recorded
MOST_STREAMS: Final = 32  # open pages: each looks at the head by itself
POSITION_DIGITS: Final = 15
TICK_SECONDS: Final = 0.1  # between two looks at whether the server stops
GRACE_SECONDS: Final = 3
MAX_HEADERS: Final = 16_384  # bytes
TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
JSON: Final = "application/json"
WRITING: Final = "entry"  # how the names of files begin that only a writing page has
_WRITING_HEAD: Final = (
    b'<link rel="stylesheet" href="entry.css">\n'
    b'<script type="module" src="entry.js"></script>\n'
)


def static_files(*, writes: bool = False) -> dict[str, bytes]:
    """The files of the page by name; those that write only where it *writes*."""
    folder = files("chronicle.web").joinpath("static")
    found = {
        one.name: one.read_bytes()
        for one in folder.iterdir()
        if Path(one.name).suffix in TYPES
        and (writes or not one.name.startswith(WRITING))
    }
    if writes:
        index = found["index.html"]
        found["index.html"] = index.replace(b"</head>", _WRITING_HEAD + b"</head>", 1)
    return found


class Page:
    """What the server answers with: files as they are, documents as the log grows."""

    def __init__(
        self,
        chronicle: Chronicle,
        name: str,
        run: Path | None,
        desk: Desk | None = None,
        review: Path | None = None,
    ) -> None:
        self.chronicle = chronicle
        self.desk = desk  # where entries are taken; None: the page is read-only
        self.stopping = threading.Event()
        self.streams = 0  # open pages that are told news
        self._name = name
        self._told = documents(chronicle, name, run)
        self.review = review  # the names that an import left open, if any
        self._files = static_files(writes=desk is not None)

    def head(self) -> int:
        """The position of the log now."""
        return self.chronicle.head

    def data(self) -> bytes:
        """The record, made anew when the log has grown."""
        if self.chronicle.head != self._told.position:
            told = record_document(self.chronicle, self._name)
            fresh = encoded(told)
            self._told = replace(self._told, data=fresh, position=told["position"])
        return self._told.data

    def news(self, after: int) -> bytes:
        """What was recorded after a position."""
        return encoded(news_document(self.chronicle, after))

    def land(self) -> bytes:
        return self._told.land

    def what_if(self) -> bytes:
        return self._told.what_if

    def file(self, name: str) -> tuple[bytes, str] | None:
        """A file and its type; only those that lie in the folder have a name here."""
        body = self._files.get(name)
        return None if body is None else (body, TYPES[Path(name).suffix])


def _answer(request: Request, body: bytes, kind: str) -> Response:
    headers = {"vary": "accept-encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        body = zipped(body)
        headers["content-encoding"] = "gzip"
    return Response(body, media_type=kind, headers=headers)


def page_app(page: Page) -> Starlette:
    """The application inside the shell."""

    async def file(request: Request) -> Response:
        found = page.file(request.path_params.get("name") or "index.html")
        if found is None:
            return Response("no such file\n", 404, media_type="text/plain")
        return _answer(request, *found)

    def document(told: Callable[[], bytes]) -> Callable[[Request], object]:
        async def give(request: Request) -> Response:
            return _answer(request, told(), JSON)

        return give

    async def news(request: Request) -> Response:
        asked = request.query_params.get("after", "")
        if not (
            asked.isdecimal() and asked.isascii() and len(asked) <= POSITION_DIGITS
        ):
            return Response("after=POSITION\n", 400, media_type="text/plain")
        return _answer(request, page.news(int(asked)), JSON)

    async def live(request: Request) -> Response:
        if page.streams >= MOST_STREAMS:
            told = "too many pages are open; close one\n"
            return Response(told, 503, media_type="text/plain")
        return StreamingResponse(_news(page, request), media_type="text/event-stream")

    writing: list[Route] = []
    if page.desk is not None:
        from chronicle.web.entry import entry_routes

        writing = entry_routes(page.desk, reviews=page.review is not None)
        if page.review is not None:
            from chronicle.web.review import ReviewDesk, review_routes

            writing += review_routes(page.desk, ReviewDesk(page.review))
    app = Starlette(
        routes=[
            *writing,
            Route("/data.json", document(page.data)),
            Route("/land.json", document(page.land)),
            Route("/whatif.json", document(page.what_if)),
            Route("/news.json", news),
            Route("/live", live),
            Route("/", file),
            Route("/{name}", file),
        ]
    )
    app.router.redirect_slashes = False
    return app


async def _news(page: Page, request: Request) -> AsyncIterator[str]:
    """The head of the log when it has moved, not too often; ends when the server stops.

    A stream that does not end by itself keeps the server from stopping.
    """
    told, since_told, waited = -1, NEWS_SECONDS, POLL_SECONDS
    page.streams += 1
    try:
        while not page.stopping.is_set():
            if waited >= POLL_SECONDS:
                waited = 0.0
                if await request.is_disconnected():
                    return
                if since_told >= NEWS_SECONDS and (head := page.head()) != told:
                    told, since_told = head, 0.0
                    yield f"id: {head}\nevent: head\ndata: {head}\n\n"
            await asyncio.sleep(TICK_SECONDS)
            waited += TICK_SECONDS
            since_told += TICK_SECONDS
        yield "event: bye\ndata: 0\n\n"
    finally:
        page.streams -= 1


class _Server(uvicorn.Server):
    """A server that ends its streams first when it is asked to stop."""

    def __init__(self, config: uvicorn.Config, stopping: threading.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._stopping.set()
        super().handle_exit(sig, frame)


def free_socket(port: int = PORT) -> socket.socket:
    """A listening socket of this computer alone: *port*, or the next that is free.

    Raises `UsageError` where none of them is. Port 0 is any.
    """
    for tried in range(port, port + PORTS_TRIED) if port else (0,):
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", tried))
            sock.listen(64)
        except (OSError, OverflowError):
            sock.close()
            continue
        return sock
    last = port + PORTS_TRIED - 1
    raise UsageError(f"no port of {port} to {last} is free; name one with --port")


def serve(
    chronicle: Chronicle,
    name: str,
    *,
    sock: socket.socket,
    run: Path | None = None,
    started: Callable[[str], None] = lambda address: None,
    desk: Desk | None = None,
    review: Path | None = None,
) -> None:
    """Serve the page on *sock* until Ctrl-C; *started* is told the address to open.

    With a *desk* the page also takes entries, and works a *review* off; without one it
    has no route that writes.
    """
    page = Page(chronicle, name, run, desk, review)
    port = sock.getsockname()[1]
    token = new_token()
    config = uvicorn.Config(
        Shell(page_app(page), port=port, token=token, writes=desk is not None),
        http="h11",
        ws="none",
        lifespan="off",
        log_level="critical",
        access_log=False,
        server_header=False,
        h11_max_incomplete_event_size=MAX_HEADERS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    started(f"http://127.0.0.1:{port}/?t={token}")
    server = _Server(config, page.stopping)
    try:
        server.run(sockets=[sock])
    except KeyboardInterrupt:
        pass  # uvicorn raises it again after all has ended well
    finally:
        sock.close()
