"""`chronicle brief`: what changed since the last one, with sources."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chronicle.cli.completion import files
from chronicle.cli.opening import opened
from chronicle.cli.printing import put
from chronicle.cli.questions import clock_options, lens_option
from chronicle.cli.render import out_option, say
from chronicle.errors import UsageError, how_to_install
from chronicle.store.whole_file import write_whole

if TYPE_CHECKING:
    from chronicle.report.brief import Brief

__all__ = ["brief"]

FORMATS = ("md", "html", "docx")


@click.command()
@click.argument("file", shell_complete=files)
@click.option(
    "--since",
    required=True,
    metavar="DATE",
    help="The day of the last brief: its end, UTC.",
)
@click.option(
    "--on", metavar="DATE", help="The last day told. Default: the last reported on."
)
@click.option(
    "--clock",
    type=click.Choice(["published", "recorded"]),
    default="published",
    show_default=True,
    help="What is new to us: not published by --since, or not in this log then.",
)
@clock_options
@lens_option
@click.option(
    "--as",
    "format_",
    type=click.Choice(FORMATS),
    help="Default: by --out's suffix, else md. docx needs the extra docx.",
)
@out_option
def brief(
    file: str,
    since: str,
    on: str | None,
    clock: str,
    known_at: str | None,
    published_by: str | None,
    lens: str,
    format_: str | None,
    out: Path | None,
) -> None:
    """What changed in the world and in our knowledge since a day, by area.

    With sources and grades, what is alleged, figures that may and may not be added, and
    a map; from the record alone. Beside an .md the map is an .svg of the same name.
    """
    from chronicle.report.brief import brief_of
    from chronicle.report.brief_formats import brief_docx, brief_html, brief_markdown

    kind = _kind(format_, out)
    with opened(file) as chronicle:
        told = brief_of(
            chronicle,
            since,
            on,
            known_at=known_at,
            published_by=published_by,
            lens=lens,
            clock=clock,
        )
        if kind == "html":
            data = brief_html(told).encode()
        elif kind == "docx":
            data = brief_docx(told, _png(told))
        else:
            picture = ""
            if out is not None and find_spec("matplotlib"):
                path = out.with_suffix(".svg")
                told.state.map(path)
                picture = path.name
            data = brief_markdown(told, picture).encode()
    if out is None:
        if kind == "docx":
            raise UsageError("--as docx needs --out, a file")
        put(data.decode())
        return
    write_whole(out, data)
    say(f"brief in {out}")


def _kind(format_: str | None, out: Path | None) -> str:
    suffix = "" if out is None else out.suffix.lower().lstrip(".")
    if format_ is not None:
        return format_
    if suffix in ("", *FORMATS):
        return suffix or "md"
    raise UsageError(
        f"--out {out}: no brief goes by .{suffix}; name .md, .html or .docx, or --as"
    )


def _png(told: Brief) -> bytes:
    if not find_spec("matplotlib"):
        say(f"no map in it: {how_to_install('plot')} draws one")
        return b""
    return told.state.map().data
