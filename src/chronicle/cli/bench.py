"""`chronicle bench`: figures as ratios against peers and limits, taken in one run."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from chronicle.cli.render import emit, say, table_options
from chronicle.errors import UsageError

__all__ = ["bench", "benchmarks_folder"]

COLUMNS = (
    *("name", "value", "unit", "ratio", "goal", "met", "spread"),
    *("n", "seed", "against"),
)


def benchmarks_folder() -> Path:
    """The folder of the benchmarks beside the code; they stay out of the wheel.

    Raises `UsageError` where there is none.
    """
    for start in (Path.cwd(), Path(__file__).resolve()):
        for folder in (start, *start.parents):
            if (folder / "benchmarks" / "suite.py").is_file():
                return folder / "benchmarks"
    raise UsageError("the benchmarks are not here; run them in a clone")


@click.command()
@click.option(
    "--suite",
    type=click.Choice(["replay", "whatif"]),
    default="replay",
    show_default=True,
    help="Which figures.",
)
@click.option(
    "--events", default=100_000, show_default=True, help="Reports in the made-up log."
)
@click.option(
    "--settlements", default=10_000, show_default=True, help="Settlements in it."
)
@click.option("--growth", is_flag=True, help="How cost grows up to --events, instead.")
@table_options()
def bench(
    suite: str,
    events: int,
    settlements: int,
    growth: bool,
    format_: str | None,
    out: Path | None,
) -> None:
    """Take the figures: ours, the peer's or the limit's, the ratio, the spread.

    Rounds are interleaved, medians compared, and every timed answer is checked. The
    ratio is what counts: this machine's speed is in both of its parts.
    """
    from chronicle.tables import Table

    if not (1_000 <= events <= 100_000_000 and 1 <= settlements <= 1_000_000):
        raise UsageError("--events from 1,000 and --settlements from 1, within reason")
    folder = str(benchmarks_folder())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        taken: Any = import_module("suite")
        versions = taken.versions()
        if growth:
            rows = list(taken.growth(events, say))
            columns = tuple(rows[0])
        else:
            rows = list(taken.run(suite, events, settlements, say))
            columns = COLUMNS
    except ImportError as missing:
        raise UsageError(
            f"bench needs {missing.name}: pip install 'conflict-chronicle[bench,fast]'"
        ) from None
    told = ", ".join(f"{name} {number}" for name, number in versions.items())
    table = Table(
        columns,
        [tuple(row.get(name) for name in columns) for row in rows],
        f"Figures of suite {suite}, {events:,} reports, {settlements:,} settlements",
        [told],
    )
    if format_ == "json":
        import msgspec

        listed = [{**row, "versions": versions} for row in rows]
        text = msgspec.json.format(msgspec.json.encode(listed), indent=1).decode()
        if out is None:
            click.echo(text)
        else:
            out.write_text(text)
        return
    emit(table, format_, out)
