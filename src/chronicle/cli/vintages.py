"""`chronicle vintages`: what came in when, and what it rewrote."""

from __future__ import annotations

from pathlib import Path

import click

from chronicle.cli.completion import files
from chronicle.cli.opening import opened
from chronicle.cli.render import chosen, emit, table_options

__all__ = ["vintages"]


@click.command()
@click.argument("file", shell_complete=files)
@click.option(
    "--of",
    "position",
    metavar="POSITION",
    help="What the import closed there changed of what was told before.",
)
@table_options()
def vintages(
    file: str, position: str | None, format_: str | None, out: Path | None
) -> None:
    """The imports of FILE, oldest first; with --of, what one of them said anew.

    A position is what other commands take: `chronicle diff --known-from @A --known-to
    @B --on DAY` tells what the imports between rewrote of who held what.
    """
    from chronicle.errors import UsageError

    kind = chosen(format_, out)
    with opened(file) as chronicle:
        if position is None:
            emit(chronicle.vintages(), kind, out)
            return
        told = position.removeprefix("@")
        if not (told.isascii() and told.isdigit()):
            raise UsageError(f"--of {position}: say the position of an import")
        emit(chronicle.vintages(int(told)), kind, out)
