"""Telling the log: init, import, report, retract, amend, redact, link."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from chronicle.cli.opening import opened, refuse_swapped
from chronicle.cli.render import chosen, emit, say, table_options
from chronicle.errors import ChronicleError, InputError, UsageError

__all__ = [
    "amend",
    "import_",
    "init",
    "link",
    "redact",
    "report",
    "retract",
]

SHOWN_PROBLEMS = 20
IMPORTED = ("file", "new", "changed", "gone", "unchanged", "problems")

file_argument: Callable[[Any], Any] = click.argument("file")


@click.command()
@file_argument
def init(file: str) -> None:
    """Make a new chronicle in FILE; an existing one is not touched."""
    from chronicle.api import create

    create(file).close()
    say(f"new chronicle at {file}; next: chronicle import {file} FOLDER")


@click.command("import")
@file_argument
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--as", "format_in", type=click.Choice(["own"]), help="The format; found by itself."
)
@click.option("--dataset", help="Name of the data set; default: the folder's name.")
@click.option("--dry-run", is_flag=True, help="Say what would happen; record nothing.")
@click.option("--strict", is_flag=True, help="A file with problems is left out whole.")
@table_options(columns=IMPORTED)
def import_(
    file: str,
    paths: Sequence[Path],
    format_in: str | None,
    dataset: str | None,
    dry_run: bool,
    strict: bool,
    format_: str | None,
    out: Path | None,
) -> None:
    """Read files or folders; prints what is new, changed, gone, and the problems.

    Rows that break a rule become problems, with file, line, column, value and rule; the
    good rows go in. The same files again add nothing.
    """
    from chronicle.formats.importer import ImportResult

    refuse_swapped(f"import {paths[0]} {file}", file, paths[0])
    kind = chosen(format_, out)  # refuse what cannot be told before anything is done
    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: no such file or folder; nothing was imported")
    results: list[ImportResult] = []
    failed: ChronicleError | None = None
    with opened(file) as chronicle, progress_bar() as told:
        for path in paths:
            try:
                found = chronicle.import_folder(
                    path,
                    dataset=dataset,
                    strict=strict,
                    dry_run=dry_run,
                    progress=told,
                )
            except ChronicleError as error:
                failed = error
                break
            results.append(found)
    if results:  # also those before the one that failed: they are in the log
        _show_imported(file, results, dry_run, kind, out)
    if failed is not None:
        for line in getattr(failed, "problems", ())[:SHOWN_PROBLEMS]:
            say(line)
        raise failed


def _show_imported(
    file: str, results: Sequence[Any], dry_run: bool, kind: str, out: Path | None
) -> None:
    from chronicle.domain.table import Table

    rows: list[tuple[Any, ...]] = [
        (f.file, f.new, f.changed, f.gone, f.unchanged, f.problem_count)
        for result in results
        for f in result.files
    ]
    totals = [sum(row[index] for row in rows) for index in range(1, 6)]
    summary = ", ".join(
        f"{n:,} {name}" for n, name in zip(totals, IMPORTED[1:], strict=True)
    )
    would = "would be: " if dry_run else ""
    table = Table(IMPORTED, rows, f"Import into {file}", [would + summary])
    ignored = sorted({name for result in results for name in result.ignored})
    if ignored:
        table.notes.append(f"not read: {', '.join(ignored)}")
    emit(table, kind, out)
    problems = [problem for result in results for problem in result.problems]
    for problem in problems[:SHOWN_PROBLEMS]:
        say(str(problem))
    if totals[-1] > SHOWN_PROBLEMS:
        say(
            f"and {totals[-1] - SHOWN_PROBLEMS:,} more; chronicle check {file} has them"
        )


class progress_bar:  # noqa: N801  (used like a function)
    """A progress line per file on a terminal, after half a second; silent elsewhere."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Callable[[str, int], None]:
        settings = click.get_current_context().find_root().obj or {}
        if sys.stderr.isatty() and not settings.get("quiet"):
            from rich.console import Console
            from rich.progress import (
                Progress,
                SpinnerColumn,
                TextColumn,
                TimeElapsedColumn,
            )

            self._bar = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                TextColumn("{task.completed:,} rows"),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.start()
        return self._told

    def _told(self, name: str, done: int) -> None:
        if self._bar is None:
            return
        if name not in self._tasks:
            self._tasks[name] = self._bar.add_task(name, total=None)
        self._bar.update(self._tasks[name], completed=done)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


KINDS = {
    "control": "ControlReported",
    "displacement": "DisplacementReported",
    "incident": "IncidentReported",
    "support": "SupportReported",
    "route-status": "RouteStatusReported",
    "legend": "LegendReported",
    "settlement": "SettlementRegistered",
    "route": "RouteRegistered",
    "actor": "ActorRegistered",
    "source": "SourceRegistered",
}
EXTRA = {"ignore_unknown_options": True, "allow_extra_args": True}


def _kinds_help() -> str:
    return "What is told: " + ", ".join(KINDS) + "."


@click.command(context_settings=EXTRA)
@file_argument
@click.option(
    "--kind",
    type=click.Choice(list(KINDS)),
    default="control",
    show_default=True,
    help=_kinds_help(),
)
@click.option("--key", help="Names this command, so that it can be repeated safely.")
@click.option(
    "--expected",
    multiple=True,
    metavar="SETTLEMENT=POSITION",
    help="Refuse when a later event about it is there.",
)
@click.argument("fields", nargs=-1, type=click.UNPROCESSED)
def report(
    file: str,
    kind: str,
    key: str | None,
    expected: Sequence[str],
    fields: Sequence[str],
) -> None:
    """Record one claim by hand, field by field.

    Fields are given as `name=value` or `--name value`, by the names of the event:

    \b
    chronicle report my.chronicle settlement=Aleppo controller=hts \\
        valid_from=2024-11-30 source=ap published=2024-11-30
    chronicle report my.chronicle --kind source source=ap name="Associated Press"
    """
    from chronicle.cli.fields import event_of

    with opened(file) as chronicle:
        event = event_of(chronicle, KINDS[kind], pairs(fields))
        seen = {
            chronicle.find(name): _whole(at) for name, at in pairs(expected).items()
        }
        positions = chronicle.append(event, expected=seen or None, key=key)
        _told(chronicle, positions)


def pairs(given: Sequence[str]) -> dict[str, str]:
    """`name=value`, `--name=value` and `--name value` as a dictionary."""
    found: dict[str, str] = {}
    words = iter(given)
    for word in words:
        name, sign, value = word.partition("=")
        if not sign:
            if not word.startswith("--"):
                raise UsageError(f"{word!r}: write fields as name=value")
            value = next(words, "")
            if not value:
                raise UsageError(f"{word} wants a value")
        name = name.removeprefix("--").replace("-", "_")
        if name in found:
            raise UsageError(f"field {name!r} is given twice")
        found[name] = value
    return found


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise UsageError(f"{text!r} is no position")
    return int(text)


def _told(chronicle: Any, positions: Sequence[int]) -> None:
    for position in positions:
        for recorded in chronicle.log(position - 1, position):
            name = getattr(recorded.event, "report_id", "")
            click.echo(f"{position}\t{name}" if name else f"{position}")


def remark_options(command: Any) -> Any:
    """What remarks share."""
    for option in (
        click.option("--key", help="Names this command, to repeat it safely."),
        click.option("--published", metavar="DATE", help="When that source said so."),
        click.option("--source", default="editor", show_default=True, help="Who says."),
        click.option("--reason", "--note", default="", help="Why; name no persons."),
    ):
        command = option(command)
    return command


@click.command()
@file_argument
@click.argument("report")
@remark_options
def retract(
    file: str,
    report: str,
    reason: str,
    source: str,
    published: str | None,
    key: str | None,
) -> None:
    """REPORT is wrong: from now on it does not count. It stays in the log.

    To take a retraction back, retract it by its own id.
    """
    from chronicle.domain.events import ReportRetracted

    event = ReportRetracted(
        report=report,
        reason=reason,
        source=source,
        published=published,  # type: ignore[arg-type]
    )
    with opened(file) as chronicle:
        _told(chronicle, chronicle.append(event, key=key))


@click.command(context_settings=EXTRA)
@file_argument
@click.argument("report")
@remark_options
@click.argument("fields", nargs=-1, type=click.UNPROCESSED)
def amend(
    file: str,
    report: str,
    fields: Sequence[str],
    reason: str,
    source: str,
    published: str | None,
    key: str | None,
) -> None:
    """Replace fields of REPORT, given as name=value; what it said before is kept."""
    from chronicle.cli.fields import changes_of
    from chronicle.domain.events import ReportAmended

    with opened(file) as chronicle:
        event = ReportAmended(
            report=report,
            changes=changes_of(chronicle, report, pairs(fields)),
            reason=reason,
            source=source,
            published=published,  # type: ignore[arg-type]
        )
        _told(chronicle, chronicle.append(event, key=key))


@click.command()
@file_argument
@click.argument("report")
@remark_options
@click.option("--yes", is_flag=True, help="Do not ask.")
def redact(
    file: str,
    report: str,
    reason: str,
    source: str,
    published: str | None,
    key: str | None,
    yes: bool,
) -> None:
    """REPORT is harmful: its payload is removed for good; digest and reason stay.

    Its amendments and retractions go with it. Not reached are remarks on those, links
    that name it from the other side, and copies, exports and backups made before: keep
    names out of reasons.
    """
    from chronicle.domain.events import ReportRedacted

    if not yes and sys.stdin.isatty():
        click.confirm(f"Remove the payload of {report} for good?", abort=True, err=True)
    event = ReportRedacted(
        report=report,
        reason=reason,
        source=source,
        published=published,  # type: ignore[arg-type]
    )
    with opened(file) as chronicle:
        _told(chronicle, chronicle.append(event, key=key))


@click.command()
@file_argument
@click.argument("report")
@click.argument("other")
@click.option(
    "--as",
    "relation",
    type=click.Choice(["same-change", "disputes"]),
    required=True,
    help="Same change at another date, or they cannot both be so.",
)
@remark_options
def link(
    file: str,
    report: str,
    other: str,
    relation: str,
    reason: str,
    source: str,
    published: str | None,
    key: str | None,
) -> None:
    """Link REPORT with OTHER."""
    from chronicle.domain.events import ReportsLinked

    event = ReportsLinked(
        report=report,
        other=other,
        relation=relation,
        note=reason,
        source=source,
        published=published,  # type: ignore[arg-type]
    )
    with opened(file) as chronicle:
        _told(chronicle, chronicle.append(event, key=key))
