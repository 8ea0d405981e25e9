"""Questions: state, history, why, diff, displaced, incidents, log, check."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from chronicle.cli.completion import actors, lenses, settlements, sources
from chronicle.cli.opening import opened
from chronicle.cli.printing import put, tell
from chronicle.cli.render import (
    Command,
    chosen,
    emit,
    file_argument,
    need_no,
    no_columns,
    picked,
    say,
    table_options,
)
from chronicle.errors import UsageError
from chronicle.store.whole_file import write_whole

__all__ = ["check", "diff", "displaced", "history", "incidents", "log", "state", "why"]


def clock_options(command: Command) -> Command:
    """`--known-at` and `--published-by`."""
    for option in (
        click.option(
            "--published-by",
            metavar="DATE",
            help="Only what its source had published by that day.",
        ),
        click.option(
            "--known-at",
            metavar="T",
            help="As the log stood then: a day, an ISO time with offset, @POSITION.",
        ),
    ):
        command = option(command)
    return command


lens_option = click.option(
    "--lens",
    default="latest",
    show_default=True,
    shell_complete=lenses,
    help="latest, graded, majority, source:ID or cautious[:DAYS].",
)
on_option = click.option(
    "--on",
    metavar="DATE",
    help="The end of this day, UTC: a date, today, last, -3d. Default: last, the last "
    "day that a report of control speaks of.",
)


@click.command()
@file_argument
@click.option(
    "--on",
    multiple=True,
    metavar="DATE",
    help="The end of this day, UTC: a date, today, last, -3d. Default: last, the last "
    "day that a report of control speaks of. Several with --summary.",
)
@clock_options
@lens_option
@click.option(
    "--place",
    multiple=True,
    help="Only this settlement (id or name).",
    shell_complete=settlements,
)
@click.option("--admin1", help="Only settlements of this province.")
@click.option(
    "--control",
    help="Only settlements that this actor holds; `none`.",
    shell_complete=actors,
)
@click.option("--summary", is_flag=True, help="Places and known people by holder.")
@table_options("geojson", "parquet")
def state(
    file: str,
    on: tuple[str, ...],
    known_at: str | None,
    published_by: str | None,
    lens: str,
    place: tuple[str, ...],
    admin1: str | None,
    control: str | None,
    summary: bool,
    format_: str | None,
    out: Path | None,
) -> None:
    """Who held each settlement, since when, and who says so."""
    from chronicle.domain.summary import only, summary_table

    kind = chosen(format_, out, ("geojson", "parquet"))
    if kind == "geojson":
        no_columns(kind)
        if summary:
            raise UsageError("--summary has no places to map: no --format geojson")
    if len(on) > 1 and not summary:
        raise UsageError("several --on want --summary: one table has one day")
    with opened(file) as chronicle:
        ids = [chronicle.find(name) for name in place] or None
        states = [
            only(
                chronicle.outline(day, known_at, published_by, lens),
                settlements=ids,
                admin1=admin1,
                control=control,
            )
            for day in (on or (None,))
        ]
    found = summary_table(states) if summary else states[0].table()
    if kind == "geojson":
        from chronicle.formats.geojson import state_geojson

        data = state_geojson(found)
        if out is None:
            put(data + b"\n")
        else:
            write_whole(out, data)
    elif kind == "parquet":
        from chronicle.formats.parquet import parquet

        need_no(kind, out)
        data = parquet(picked(found))
        if out is None:
            put(data)
        else:
            write_whole(out, data)
    else:
        emit(found, kind, out)


@click.command()
@file_argument
@click.argument("settlement", shell_complete=settlements)
@clock_options
@table_options()
def history(
    file: str,
    settlement: str,
    known_at: str | None,
    published_by: str | None,
    format_: str | None,
    out: Path | None,
) -> None:
    """Every control report on SETTLEMENT (an id or a name, in any script)."""
    with opened(file) as chronicle:
        emit(chronicle.history(settlement, known_at, published_by), format_, out)


@click.command()
@file_argument
@click.argument("settlement", shell_complete=settlements)
@on_option
@clock_options
@lens_option
@table_options()
def why(
    file: str,
    settlement: str,
    on: str | None,
    known_at: str | None,
    published_by: str | None,
    lens: str,
    format_: str | None,
    out: Path | None,
) -> None:
    """The reports for and against, and why the lens decides so."""
    with opened(file) as chronicle:
        found = chronicle.why(settlement, on, known_at, published_by, lens)
    emit(found, format_, out)


@click.command()
@file_argument
@click.option("--from", "start", metavar="DATE", help="The world: from this day …")
@click.option("--to", "end", metavar="DATE", help="… to this day.")
@click.option("--on", metavar="DATE", help="Knowledge: about this day …")
@click.option("--known-from", metavar="T", help="… from this moment of the record …")
@click.option("--known-to", metavar="T", help="… to this one.")
@click.option("--published-from", metavar="DATE", help="… or from what was published")
@click.option("--published-to", metavar="DATE", help="by one day to another.")
@clock_options
@lens_option
@table_options()
def diff(
    file: str,
    start: str | None,
    end: str | None,
    on: str | None,
    known_from: str | None,
    known_to: str | None,
    published_from: str | None,
    published_to: str | None,
    known_at: str | None,
    published_by: str | None,
    lens: str,
    format_: str | None,
    out: Path | None,
) -> None:
    """What changed in the world, or in our knowledge of one day."""
    with opened(file) as chronicle:
        before, after = (
            chronicle.outline(*question, lens)
            for question in _two_questions(
                (start, end),
                on,
                (known_from, known_to),
                (published_from, published_to),
                (known_at, published_by),
            )
        )
        found = chronicle.diff(before, after)
    emit(found, format_, out)


Span = tuple[str | None, str | None]
Question = tuple[str | None, str | None, str | None]  # on, known_at, published_by


def _two_questions(
    world: Span, on: str | None, record: Span, sources: Span, clocks: Span
) -> tuple[Question, Question]:
    """The two states that `diff` compares; raises `UsageError` for a mixed question."""
    known_at, published_by = clocks
    if sum(any(span) for span in (world, record, sources)) != 1:
        raise UsageError(
            "diff wants either two days of the world (--from, --to), or one day (--on) "
            "and two moments of the record (--known-from, --known-to), or one day and "
            "two days of publication (--published-from, --published-to)"
        )
    if any(world):
        if world[0] is None or on is not None:
            raise UsageError(
                "diff in the world goes --from one day --to another (default: the last "
                "day reported on), and takes no --on"
            )
        return (
            (world[0], known_at, published_by),
            (world[1] or "last", known_at, published_by),
        )
    if any(record):
        if record[0] is None or known_at is not None:
            raise UsageError(
                "diff between moments of the record wants --known-from, and no "
                "--known-at; without --known-to it goes to now"
            )
        return (on, record[0], published_by), (on, record[1], published_by)
    if sources[0] is None or published_by is not None:
        raise UsageError(
            "diff between days of publication wants --published-from, and no "
            "--published-by; without --published-to it goes to all that is recorded"
        )
    return (on, known_at, sources[0]), (on, known_at, sources[1])


@click.command()
@file_argument
@on_option
@click.option("--area", help="Only figures for areas with this in their name.")
@clock_options
@table_options()
def displaced(
    file: str,
    on: str | None,
    area: str | None,
    known_at: str | None,
    published_by: str | None,
    format_: str | None,
    out: Path | None,
) -> None:
    """Figures of displaced people, with counter, measure, day and overlap."""
    with opened(file) as chronicle:
        emit(chronicle.displaced(on, area, known_at, published_by), format_, out)


@click.command()
@file_argument
@click.option("--from", "since", metavar="DATE", help="Only from this day on.")
@click.option("--to", "until", metavar="DATE", help="To this day. Default: last.")
@click.option(
    "--settlement",
    help="Only incidents at this settlement.",
    shell_complete=settlements,
)
@click.option("--kind", help="Only of this kind, in ACLED's words.")
@clock_options
@table_options()
def incidents(
    file: str,
    since: str | None,
    until: str | None,
    settlement: str | None,
    kind: str | None,
    known_at: str | None,
    published_by: str | None,
    format_: str | None,
    out: Path | None,
) -> None:
    """What happened where, by whom it is alleged; killed and injured with bounds."""
    with opened(file) as chronicle:
        found = chronicle.incidents(
            since,
            until,
            settlement=settlement,
            kind=kind,
            known_at=known_at,
            published_by=published_by,
        )
    emit(found, format_, out)


@click.command()
@file_argument
@click.option("--after", default=0, metavar="POS", help="Only later positions.")
@click.option(
    "--type", "type_", help="Only events of this type: control, incident, source …"
)
@click.option("--from", "since", metavar="DATE", help="Only of this day or later.")
@click.option("--to", "until", metavar="DATE", help="… and no later than this day.")
@click.option("--source", help="Only events of this source.", shell_complete=sources)
@click.option(
    "--settlement",
    help="Only events about this settlement.",
    shell_complete=settlements,
)
@click.option(
    "--published-by", metavar="DATE", help="Only what was published by that day."
)
@click.option("--follow", is_flag=True, help="Go on as events are recorded.")
@table_options("jsonl")
def log(
    file: str,
    after: int,
    type_: str | None,
    since: str | None,
    until: str | None,
    source: str | None,
    settlement: str | None,
    published_by: str | None,
    follow: bool,
    format_: str | None,
    out: Path | None,
) -> None:
    """The log, in order of position; `--format jsonl` has every field."""
    from chronicle.domain.describe import log_table
    from chronicle.domain.state import places_of
    from chronicle.domain.times import as_day
    from chronicle.formats.jsonl import line_of

    kind = chosen(format_, out, ("jsonl",))
    if follow and (out is not None or format_ not in (None, "jsonl")):
        raise UsageError("--follow prints JSON lines: no --out, no other --format")
    if kind == "jsonl" or follow:
        no_columns("jsonl")
    type_ = _type_of(type_)
    with opened(file) as chronicle:
        if source is not None:
            chronicle.check_source(source)
        first = None if since is None else chronicle.day(since, "--from")
        last = None if until is None else chronicle.day(until, "--to")
        place = None if settlement is None else chronicle.find(settlement)
        day = None if published_by is None else as_day(published_by, "published_by")

        def wanted(recorded: Any) -> bool:
            event = recorded.event
            return (
                (type_ is None or getattr(event, "TYPE", "redacted") == type_)
                and (source is None or getattr(event, "source", None) == source)
                and (place is None or place in places_of(event))
                and (first is None or (_day_of(event) or day_min) >= first)
                and (last is None or (_day_of(event) or day_max) <= last)
                and (
                    day is None or (getattr(event, "published", None) or day_max) <= day
                )
            )

        if kind != "jsonl" and not follow:
            told = log_table(filter(wanted, chronicle.log(after)))
            emit(chronicle.told_apart(told), kind, out)
            return
        if out is not None:
            lines = [line_of(r) for r in chronicle.log(after) if wanted(r)]
            write_whole(out, "".join(f"{line}\n" for line in lines).encode())
            return
        for recorded in chronicle.follow(after) if follow else chronicle.log(after):
            if wanted(recorded):
                tell(line_of(recorded))


def _day_of(event: object) -> date | None:
    """The day that a claim speaks of; None for what speaks of none."""
    return getattr(event, "since_day", None)


def _type_of(name: str | None) -> str | None:
    """The TYPE of a word such as `control`, which `report --kind` takes too."""
    from chronicle.domain.events import EVENTS

    if name is None or name in (*EVENTS, "redacted"):
        return name
    for ending in ("-reported", "-registered", "-finished"):
        if name + ending in EVENTS:
            return name + ending
    listed = ", ".join(sorted(EVENTS))
    raise UsageError(f"--type: no event is a {name!r}; there are {listed}")


day_min = date.min  # what speaks of no day is left out by either end
day_max = date.max  # what was never published was not published by any day


@click.command()
@file_argument
@click.option("--on", metavar="DATE", help="Default: the last day reported on.")
@click.option(
    "--stale-days",
    type=click.IntRange(0),
    default=7,
    show_default=True,
    help="Days of silence that count.",
)
@table_options()
def check(
    file: str, on: str | None, stale_days: int, format_: str | None, out: Path | None
) -> None:
    """Disputes, stale places, unlocated names, drifting counts, broken references."""
    with opened(file) as chronicle:
        found = chronicle.check(on, stale_days)
        empty = not chronicle.head
    emit(found, format_, out)
    if not found.rows and not empty:
        say("nothing to report")
