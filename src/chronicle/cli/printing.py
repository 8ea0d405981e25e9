"""The one place where the command line prints.

What people read is made safe for a terminal (`visible`). Data, such as csv and json, is
changed only where it goes to a terminal: in a pipe and in a file it is what it is.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from chronicle.domain.visible import visible
from chronicle.store.address import hidden

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["console", "put", "tell"]


def tell(text: str = "", *, err: bool = False) -> None:
    """Print a line for people, or several; a password in an address is not shown."""
    click.echo(visible(hidden(text)), err=err)


def put(data: str | bytes) -> None:
    """Print data on standard output as it is, with no line feed of our own."""
    if sys.stdout.isatty():
        text = data if isinstance(data, str) else data.decode(errors="backslashreplace")
        click.echo(visible(text), nl=False)
    else:
        click.echo(data, nl=False)


def console(*, err: bool = False, no_color: bool = False) -> Console:
    """Rich's console, which takes no text for markup, emoji or something to colour.

    What is printed on it must be `rich.text.Text` of what is `visible`.
    """
    from rich.console import Console

    return Console(
        stderr=err, no_color=no_color, highlight=False, markup=False, emoji=False
    )
