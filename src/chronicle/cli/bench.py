"""`chronicle bench`: figures as ratios against peers and limits, taken in one run."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from chronicle.cli.printing import put, tell
from chronicle.cli.render import emit, say, table_options
from chronicle.errors import MissingExtra, UsageError
from chronicle.store.whole_file import write_whole

__all__ = ["bench", "benchmarks_folder"]

COLUMNS = (
    *("name", "value", "unit", "ratio", "goal", "met", "spread"),
    *("n", "seed", "against"),
)
LEAST_GROWTH = 10_000
FAILED = 70  # EX_SOFTWARE of sysexits.h, as for any fault of ours


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
    type=click.Choice(["replay", "questions", "whatif", "page", "trust", "scale"]),
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
    ratio is what counts: this machine's speed is in both of its parts. A figure without
    its peer is "not run"; one that fails is told, and the others are taken.
    """
    if not (1_000 <= events <= 100_000_000 and 1 <= settlements <= 1_000_000):
        raise UsageError("--events from 1,000 and --settlements from 1, within reason")
    if growth and events < LEAST_GROWTH:
        raise UsageError(f"--growth wants --events from {LEAST_GROWTH:,}")
    folder = str(benchmarks_folder())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    taken: Any = import_module("suite")
    versions = taken.versions()
    rows: list[dict[str, Any]] = []
    try:
        made = (
            (taken.scale_growth if suite == "scale" else taken.growth)(events, say)
            if growth
            else taken.run(suite, events, settlements, say)
        )
        for row in made:
            rows.append(row)  # noqa: PERF402 - an interrupt must leave those before it
    except ImportError as missing:
        raise MissingExtra(f"bench needs {missing.name}", "bench,fast") from None
    except KeyboardInterrupt:
        # A suite takes many minutes: what was taken is told, then the command ends.
        if rows:
            _emit(rows, suite, events, settlements, versions, format_, out)
        say(f"figures taken before the interrupt: {len(rows)}")
        raise
    _emit(rows, suite, events, settlements, versions, format_, out)
    failed = [f"{row['name']} ({row['failed']})" for row in rows if "failed" in row]
    if failed:
        listed = "; ".join(failed)
        tell(f"chronicle: figures that could not be taken: {listed}", err=True)
        raise click.exceptions.Exit(FAILED)


def _emit(
    rows: list[dict[str, object]],
    suite: str,
    events: int,
    settlements: int,
    versions: dict[str, str],
    format_: str | None,
    out: Path | None,
) -> None:
    """The rows as a table, or as JSON just as they were taken."""
    if format_ == "json":
        import msgspec

        listed = [{**row, "versions": versions} for row in rows]
        text = msgspec.json.format(msgspec.json.encode(listed), indent=1).decode()
        if out is None:
            put(text + "\n")
        else:
            write_whole(out, text.encode() + b"\n")
        return
    from chronicle.domain.table import Table

    sizes = f", {events:,} reports, {settlements:,} settlements"
    if suite not in (
        "replay",
        "questions",
        "scale",
    ):  # whose sizes are those of the figures
        sizes = ""
    columns = COLUMNS if "name" in rows[0] else tuple(rows[0])
    told = ", ".join(f"{name} {number}" for name, number in versions.items())
    table = Table(
        columns,
        [tuple(_cell(row, name) for name in columns) for row in rows],
        f"Figures of suite {suite}{sizes}",
        [told],
    )
    emit(table, format_, out)


def _cell(row: dict[str, object], name: str) -> object:
    """A value of the table; in place of a ratio that is not there, that it is not."""
    value = row.get(name)
    if name == "ratio" and value is None:
        return "failed" if "failed" in row else "not run"
    return value
