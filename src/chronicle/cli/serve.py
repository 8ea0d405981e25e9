"""`chronicle serve`: the local page."""

from __future__ import annotations

import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chronicle.cli.opening import opened
from chronicle.cli.printing import tell
from chronicle.cli.render import say
from chronicle.errors import UsageError

if TYPE_CHECKING:
    from chronicle.api import Chronicle
    from chronicle.web.entry import Desk

__all__ = ["serve"]

PATIENCE = 5.0  # seconds in which another writer has to be done, while a person waits


@click.command()
@click.argument("file", envvar="CHRONICLE_FILE")
@click.option(
    "--port",
    type=click.IntRange(0, 65_500),
    default=8765,
    show_default=True,
    help="If it is taken, the next free one; 0: any.",
)
@click.option(
    "--run",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder of a what-if run, shown beside the record.",
)
@click.option(
    "--write",
    is_flag=True,
    help="Let the page record reports; without it the page is read-only.",
)
@click.option(
    "--review",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="With --write: the names that `import --review` left open, to work off.",
)
@click.option("--open", "open_", is_flag=True, help="Open it in the browser.")
def serve(
    file: str,
    port: int,
    run: Path | None,
    write: bool,
    review: Path | None,
    open_: bool,
) -> None:
    """A map with two clocks of FILE, on this computer only; Ctrl-C stops it.

    The page is offline, and read-only unless you say --write. Its address holds a
    secret of this start.
    """
    if review is not None and not write:
        raise UsageError("--review is filled in by the page: say --write, too")
    with opened(file) as chronicle:
        if not write:
            serve_page(chronicle, chronicle.name, port=port, run=run, open_=open_)
            return
        from chronicle.web.entry import Desk

        desk = Desk(lambda: reopened(file))
        try:
            serve_page(
                chronicle, chronicle.name, port=port, run=run, open_=open_, desk=desk,
                review=review,
            )  # fmt: skip
        finally:
            desk.close()


def reopened(file: str) -> Chronicle:
    """The record once more, for the thread that writes; it waits its turn briefly."""
    from chronicle.api import open_chronicle

    return open_chronicle(file, lock_timeout=PATIENCE)


def serve_page(
    chronicle: Chronicle,
    name: str,
    *,
    port: int,
    run: Path | None,
    open_: bool,
    desk: Desk | None = None,
    review: Path | None = None,
) -> None:
    """Serve until Ctrl-C, and say where."""
    from chronicle.web.server import free_socket
    from chronicle.web.server import serve as run_server

    sock = free_socket(port)
    got = sock.getsockname()[1]
    if port and got != port:
        say(f"port {port} is taken; this is {got}")

    def started(address: str) -> None:
        tell(f"Chronicle at {address}")
        does = "read-only" if desk is None else "which may record reports"
        say(f"on this computer only, {does}; Ctrl-C stops it")
        sys.stdout.flush()
        if open_:
            webbrowser.open(address)

    run_server(
        chronicle, name, sock=sock, run=run, started=started, desk=desk, review=review
    )
    say("stopped")
