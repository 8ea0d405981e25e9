"""`chronicle demo`: the main job on the bundled case, from import to a what-if."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import combinations, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chronicle.cli.demo_whatif import run_forward
from chronicle.cli.printing import tell
from chronicle.cli.render import as_csv, say, show
from chronicle.errors import InputError, StorageError, how_to_install
from chronicle.experiments.bundled import LICENCE, bundled_case
from chronicle.store.whole_file import write_whole

if TYPE_CHECKING:
    from chronicle.api import Chronicle
    from chronicle.domain.table import Table

__all__ = ["bundled_case", "demo"]

DAYS = ("2024-11-27", "2024-11-30", "2024-12-05", "2024-12-08")
DISPUTED_PLACE, DISPUTED_DAY = "khanasir", "2024-12-02"
PUBLISHED = ("2024-12-01", "2024-12-02", "2024-12-03")
FIGURES = ("d13", "d17", "d18")  # OCHA, WFP, OCHA: 5 and 6 December
STALE_DAYS = 7


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="The folder to write to.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Where the case is, if it does not lie beside the code.",
)
@click.option("--serve", is_flag=True, help="Then open the page of it all.")
def demo(out: Path, data: Path | None, serve: bool) -> None:
    """Import the offensive of 27 November 2024, ask what was so, and who said so.

    Then run the front of 30 November forward, knowing what was published by that day,
    and score it against what followed. Writes a chronicle, tables as CSV, a map and the
    report of the what-if to the folder of --out. The bundled case is for trying and
    teaching: most of its rows are recollection, and say so.
    """
    from chronicle.api import create, open_chronicle

    source = data or bundled_case()
    if not (source / "control.csv").is_file():
        raise InputError(f"{source}: no control.csv in it; nothing was made")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as broken:
        raise StorageError(f"cannot make {out}: {broken.strerror}") from None
    path = out / "syria-2024.chronicle"
    chronicle: Chronicle = open_chronicle(path) if path.exists() else create(path)
    with chronicle:
        result = chronicle.import_folder(source)
        tell(
            f"{path}: {chronicle.head:,} events; {result.total('new'):,} new, "
            f"{result.total('changed'):,} changed, {result.total('gone'):,} gone, "
            f"{result.total('problem_count'):,} problems (names nobody could place; "
            "chronicle check lists them)\n"
        )
        tables = {
            "control": control_table(chronicle, DAYS),
            **change_tables(chronicle),
            "khanasir-as-published": published_table(chronicle),
            "khanasir-why": chronicle.why(
                DISPUTED_PLACE, DISPUTED_DAY, published_by=PUBLISHED[1]
            ),
            "displaced": figures_table(chronicle),
            "not-heard-of": stale_table(chronicle),
        }
        for name, table in tables.items():
            show(_short(table) if name in LONG else table)
            write_whole(out / f"{name}.csv", as_csv(table).encode())
        for day in DAYS:
            state = chronicle.state(day).table()
            write_whole(out / f"state-{day}.csv", as_csv(state).encode())
        pictures = _draw(chronicle, out)
        report = run_forward(source, out)
    tell(f"Written to {out}: {path.name}, {len(tables) + len(DAYS)} tables as CSV")
    for picture in pictures:
        tell(f"  {picture}")
    if serve:
        _serve(path, None if report is None else report.parent)
        return
    say(f"next: chronicle why {path} Hama --on 2024-12-05")


def _serve(path: Path, run: Path | None) -> None:
    """The page of the record, with the ensemble of 30 November beside it."""
    from chronicle.api import open_chronicle
    from chronicle.cli.serve import serve_page
    from chronicle.web.server import PORT

    with open_chronicle(path) as chronicle:
        serve_page(chronicle, path.name, port=PORT, run=run, open_=False)


LONG = frozenset({"not-heard-of", "changed-1", "changed-2", "changed-3"})
SHOWN = 12


def _short(table: Table) -> Table:
    """The first rows for the screen; the file has them all."""
    from chronicle.domain.table import Table

    left = len(table) - SHOWN
    notes = (
        [*table.notes, f"… and {left} more, in the CSV"] if left > 0 else table.notes
    )
    return Table(table.columns, table.rows[:SHOWN], table.header, notes)


def control_table(chronicle: Chronicle, days: Sequence[str]) -> Table:
    """Settlements by actor on each day."""
    from chronicle.domain.table import Table

    states = [chronicle.state(day) for day in days]
    counts = [
        Counter(place.control or place.status for place in s.places.values())
        for s in states
    ]
    names = {
        id_: actor.short or actor.name
        for id_, actor in states[-1].references.actors.items()
    }
    sides = sorted({side for count in counts for side in count})
    sides.sort(key=lambda side: -counts[0][side])
    rows: list[tuple[object, ...]] = [
        (side, names.get(side, f"({side})"), *(count[side] for count in counts))
        for side in sides
    ]
    header = "Settlements by who held them at the end of each day, as known now"
    return Table(("control", "name", *days), rows, header)


def change_tables(chronicle: Chronicle) -> dict[str, Table]:
    """What changed from each day of `DAYS` to the next."""
    found = {}
    for number, (start, end) in enumerate(pairwise(DAYS), 1):
        table = chronicle.diff(start, end)
        table.notes[0] = f"{start} to {end}: {table.notes[0]}"
        found[f"changed-{number}"] = table
    return found


def published_table(chronicle: Chronicle) -> Table:
    """One place on one day, as published by three days: the source clock."""
    from chronicle.domain.table import Table

    rows: list[tuple[object, ...]] = []
    for day in PUBLISHED:
        why = chronicle.why(DISPUTED_PLACE, DISPUTED_DAY, published_by=day)
        decides = next(row for row in why if row["role"] == "decides")
        rows.append(
            (
                day,
                decides["control"],
                decides["report"],
                decides["source"],
                f"{decides['reliability']}{decides['credibility']}",
                decides["note"],
            )
        )
    columns = ("published_by", "control", "report", "source", "grade", "says")
    header = (
        f"Who held Khanasir at the end of {DISPUTED_DAY}, as published by three days"
    )
    return Table(columns, rows, header)


def figures_table(chronicle: Chronicle) -> Table:
    """Three United Nations figures of two days, and why they may not be added."""
    from chronicle.domain.displacement import relation
    from chronicle.domain.events import DisplacementReported
    from chronicle.domain.table import Table

    found = chronicle.displaced("2024-12-06")
    index = found.columns.index("report")
    rows = [row for row in found.rows if row[index] in FIGURES]
    claims = [
        recorded.event
        for report in FIGURES
        if (recorded := chronicle.report(report)) is not None
    ]
    figures = [c for c in claims if isinstance(c, DisplacementReported)]
    notes = [
        f"{one.report_id} and {other.report_id} may not be added: {one.report_id} "
        f"{relation(one, other)}"
        for one, other in combinations(figures, 2)
    ]
    header = "Three figures of 5 and 6 December 2024, side by side"
    return Table(found.columns, rows, header, notes)


def stale_table(chronicle: Chronicle) -> Table:
    """The places of which nobody said anything for a week; empty is not quiet."""
    from chronicle.domain.table import Table

    state = chronicle.state(DAYS[-1])
    rows: list[tuple[object, ...]] = []
    for id_, place in sorted(state.places.items()):
        heard = place.last_heard
        if heard is None or (state.on - heard).days >= STALE_DAYS:
            name = state.references.settlements[id_].name
            rows.append((id_, name, place.control or place.status, heard))
    never = sum(1 for row in rows if row[-1] is None)
    header = f"Not reported on in the week to {DAYS[-1]}: unknown, not quiet"
    note = f"{len(rows)} places, {never} of them never but for the baseline"
    return Table(("settlement", "name", "control", "last_heard"), rows, header, [note])


def _draw(chronicle: Chronicle, out: Path) -> list[Path]:
    """The map of the four days; without matplotlib only a word on how to get it."""
    if find_spec("matplotlib") is None:
        say(f"no map: {how_to_install('plot')} draws it")
        return []
    path = out / "map.png"
    chronicle.map(DAYS, path, licence=LICENCE)
    return [path]
