"""`chronicle merge`: the work of several people in one record."""

from __future__ import annotations

from pathlib import Path

import click

from chronicle.cli.completion import files
from chronicle.cli.opening import opened
from chronicle.cli.render import chosen, emit, say, table_options
from chronicle.store.address import hidden

__all__ = ["merge"]

SHOWN = 20
COLUMNS = ("file", "new", "known", "conflicts", "left_out", "problems")


@click.command()
@click.argument("file", shell_complete=files)
@click.argument("other")
@click.option("--dry-run", is_flag=True, help="Say what would happen; record nothing.")
@click.option("--strict", is_flag=True, help="Merge nothing where there is a conflict.")
@table_options(columns=COLUMNS)
def merge(
    file: str,
    other: str,
    dry_run: bool,
    strict: bool,
    format_: str | None,
    out: Path | None,
) -> None:
    """Take OTHER, a chronicle or its export as JSON lines, into FILE.

    What both say alike is there once. A report, place or party that both have under one
    id in other words is a conflict: it stands as it is in FILE, and the problem shows
    both. Retractions and amendments follow their reports. When each was recorded is
    FILE's clock. Asked twice, it adds nothing; `import --undo LAST` takes it back.
    """
    from chronicle.domain.table import Table

    kind = chosen(format_, out)
    with opened(file) as chronicle:
        found = chronicle.merge(other, strict=strict, dry_run=dry_run)
    row = (
        found.file, found.new, found.known, found.conflicts, found.left_out,
        len(found.problems),
    )  # fmt: skip
    would = "would be: " if dry_run else ""
    told = f"{found.new:,} new, {found.known:,} known, {found.conflicts:,} conflicts"
    notes = [would + told]
    emit(
        Table(COLUMNS, [row], f"Merge of {hidden(other)} into {hidden(file)}", notes),
        kind,
        out,
    )
    for problem in found.problems[:SHOWN]:
        say(str(problem))
    if len(found.problems) > SHOWN:
        say(f"and {len(found.problems) - SHOWN:,} more")
