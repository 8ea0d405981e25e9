"""`chronicle map`: any record, any day, as a picture or a film."""

from __future__ import annotations

from pathlib import Path

import click

from chronicle.cli.completion import files
from chronicle.cli.opening import opened
from chronicle.cli.questions import clock_options, lens_option
from chronicle.cli.render import free, say
from chronicle.errors import UsageError
from chronicle.store.whole_file import write_whole

__all__ = ["map_"]


@click.command("map")
@click.argument("file", shell_complete=files)
@click.option(
    "--on",
    "days",
    multiple=True,
    metavar="DATE",
    help="The end of this day, UTC; again for more days side by side; for a film its "
    "first and its last day. Default: the last day reported on; of a film all.",
)
@clock_options
@lens_option
@click.option("--place", metavar="NAME", help="Only what lies about this place.")
@click.option(
    "--km",
    type=click.FloatRange(1, 5_000),
    default=40.0,
    show_default=True,
    help="How far about --place.",
)
@click.option("--admin1", metavar="NAME", help="Only this province, or its P-code.")
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 30),
    default=2.0,
    show_default=True,
    help="Days a second of a film.",
)
@click.option(
    "--licence", default="", metavar="TEXT", help="Terms of the data, at foot."
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help=".png, .svg, .pdf; films: .gif, .webp, .mp4 (with ffmpeg); .html: the page.",
)
def map_(
    file: str,
    days: tuple[str, ...],
    known_at: str | None,
    published_by: str | None,
    lens: str,
    place: str | None,
    km: float,
    admin1: str | None,
    speed: float,
    licence: str,
    out: Path,
) -> None:
    """Who held what on a day, drawn: land, roads, places, and what changed.

    Where places crowd, insets show them larger. Sensitive places are drawn coarsely or
    not at all; no border is drawn.
    """
    free(out)
    if out.suffix.lower() in (".html", ".htm"):
        _page(file, out, clocks=bool(days or known_at or published_by))
        return
    with opened(file) as chronicle:
        chronicle.map(
            list(days) or None,
            out=out,
            known_at=known_at,
            published_by=published_by,
            lens=lens,
            place=place,
            km=km,
            admin1=admin1,
            days_per_second=speed,
            licence=licence,
        )
    say(f"map in {out}")


def _page(file: str, out: Path, *, clocks: bool) -> None:
    """The page with all days in one file, as `chronicle export --as html` writes it."""
    from chronicle.web.documents import documents
    from chronicle.web.single_file import single_file

    if clocks:
        raise UsageError(
            "an .html page has all days and both clocks in it: leave out --on, "
            "--known-at and --published-by"
        )
    with opened(file) as chronicle:
        page = single_file(documents(chronicle, chronicle.name, None))
    write_whole(out, page)
    say(f"page in {out}; it works offline")
