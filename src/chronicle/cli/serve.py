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

if TYPE_CHECKING:
    from chronicle.api import Chronicle

__all__ = ["serve"]


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
@click.option("--open", "open_", is_flag=True, help="Open it in the browser.")
def serve(file: str, port: int, run: Path | None, open_: bool) -> None:
    """A map with two clocks of FILE, on this computer only; Ctrl-C stops it.

    The page is read-only and offline. Its address holds a secret of this start.
    """
    with opened(file) as chronicle:
        serve_page(chronicle, chronicle.name, port=port, run=run, open_=open_)


def serve_page(
    chronicle: Chronicle, name: str, *, port: int, run: Path | None, open_: bool
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
        say("on this computer only, read-only; Ctrl-C stops it")
        sys.stdout.flush()
        if open_:
            webbrowser.open(address)

    run_server(chronicle, name, sock=sock, run=run, started=started)
    say("stopped")
