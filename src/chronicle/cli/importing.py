"""`chronicle import`: files into the log, and out of it again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chronicle.cli.completion import files
from chronicle.cli.import_explain import explain
from chronicle.cli.import_options import accepted_in, asked_table, mapping_options
from chronicle.cli.opening import opened, refuse_swapped
from chronicle.cli.progress import progress_bar
from chronicle.cli.render import chosen, emit, say, table_options
from chronicle.errors import ChronicleError, InputError, UsageError
from chronicle.store.address import hidden

if TYPE_CHECKING:
    from chronicle.formats.field_file import Wanted
    from chronicle.formats.importer import FileResult, ImportResult
    from chronicle.formats.spreadsheet.table import TableOptions

__all__ = ["import_"]

SHOWN_PROBLEMS = 20
IMPORTED = ("file", "new", "changed", "gone", "not_told", "unchanged", "problems")


@click.command("import")
@click.argument("file", shell_complete=files)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--as",
    "format_in",
    metavar="FORMAT",
    help="The format, own or table or one of the field; found by itself.",
)
@click.option(
    "--set",
    "options",
    multiple=True,
    metavar="NAME=VALUE",
    help="An option of the format; see docs/formats.",
)
@click.option("--day", metavar="DATE", help="The day of a file that does not say it.")
@click.option("--dataset", help="Name of the data set; default: the folder's name.")
@click.option(
    "--complete",
    is_flag=True,
    help="These files are all there is: retract what an earlier vintage of the same "
    "file told and this one does not.",
)
@click.option("--dry-run", is_flag=True, help="Say what would happen; record nothing.")
@click.option("--strict", is_flag=True, help="A file with problems is left out whole.")
@click.option(
    "--undo",
    metavar="LAST|POSITION",
    help="Take back what the last import brought, or that of one file.",
)
@click.option(
    "--accept",
    multiple=True,
    metavar="VALUE|all",
    help="A value that looks wrong and is right: it is not listed again.",
)
@mapping_options
@table_options(columns=IMPORTED, bare=lambda: show_columns())
def import_(
    file: str,
    paths: Sequence[Path],
    format_in: str | None,
    options: Sequence[str],
    day: str | None,
    dataset: str | None,
    complete: bool,
    dry_run: bool,
    strict: bool,
    undo: str | None,
    accept: Sequence[str],
    format_: str | None,
    out: Path | None,
    **table: Any,
) -> None:
    """Read files or folders; prints what is new and changed, and the problems.

    A file is of Chronicle's own format, of one of the field's, or any table of reports
    (CSV, Excel, OpenDocument): its columns are known by their names in six languages;
    --explain shows what each will become. Names of places, parties and sources are
    looked up; --register makes those that are new.

    Rows that break a rule become problems, with file, line, column, value and rule; the
    good rows go in. The same files again add nothing.

    Nothing is taken away unless you say so. A data set is a folder, or the files named
    in one command. A row that an earlier vintage told and this one does not is counted
    as not told, and stands. With --complete it is gone: retracted, where only the same
    file of the same data set had told it. --undo LAST takes an import back.

    Exit code 3: problems, and nothing went in. 0 with a count of problems: the others
    went in.
    """
    from chronicle.formats.importer import ImportResult

    kind = chosen(format_, out)  # refuse what cannot be told before anything is done
    if undo is not None:
        if paths:
            raise UsageError("--undo takes back what was imported; name no files")
        _undo(file, undo)
        return
    if not paths:
        raise UsageError("name the files or folders to import")
    wanted = _wanted(format_in, day, options, asked_table(table))
    refuse_swapped(f"import {paths[0]} {file}", file, paths[0])
    if table["explain"] or table["save_mapping"] is not None:
        with opened(file) as chronicle:
            explain(chronicle, paths, dataset, wanted, table["save_mapping"], kind, out)
        if table["explain"]:
            return
    accept = (*accept, *accepted_in(table["review"]))
    result = ImportResult()
    failed: ChronicleError | None = None
    with opened(file) as chronicle, progress_bar() as told:
        try:
            chronicle.import_folder(
                *paths,
                dataset=dataset,
                strict=strict,
                complete=complete,
                dry_run=dry_run,
                progress=told,
                result=result,
                wanted=wanted,
                accept=accept,
            )
        except ChronicleError as error:
            failed = error
    if result.files:  # also those before the one that failed: they are in the log
        _show_imported(file, result, complete, dry_run, kind, out)
        _tell_open(result, table["review"], wanted.table)
        _tell_suspicions(result)
    if failed is not None:
        for line in getattr(failed, "problems", ())[:SHOWN_PROBLEMS]:
            say(line)
        raise failed
    if result.nothing_read:
        count = result.total("problem_count")
        were = "were problems" if count > 1 else "was a problem"
        raise InputError(f"nothing was imported: there {were}, {count:,} in all")


def _tell_suspicions(result: ImportResult) -> None:
    """One list of what looks wrong, by value."""
    found = result.suspicions
    for one in found[:SHOWN_PROBLEMS]:
        say(f"looks wrong: {one}")
    if len(found) > SHOWN_PROBLEMS:
        say(f"and {len(found) - SHOWN_PROBLEMS:,} more look wrong")
    if found:
        say(f"it is recorded as it is; --accept {found[0].value!r} or all, if right")


def _tell_open(result: ImportResult, review: Path | None, asked: TableOptions) -> None:
    """Write the names in doubt into the review, or say how they are settled."""
    still = [one for file in result.files for one in file.open]
    doubts = result.suspicions
    if review is not None and (still or doubts or asked.choices):
        from chronicle.formats.spreadsheet.review import write_review

        left = write_review(review, asked.choices, still, doubts)
        if left:
            names = "name is" if left == 1 else "names are"
            say(
                f"{left:,} {names} open: fill in `choice` in {review}, and import again"
            )
    elif still:
        say(
            "names in doubt: --register makes those that are new; --review names.csv "
            "lists all of them, to choose"
        )


def _wanted(
    format_in: str | None,
    day: str | None,
    options: Sequence[str],
    table: TableOptions,
) -> Wanted:
    """What the user says of the format; raises `UsageError` for what makes no sense."""
    from chronicle.domain.times import as_day
    from chronicle.flee.record import FLEE, flee_folder
    from chronicle.formats.field_file import OWN, Wanted
    from chronicle.formats.importer import TABLE
    from chronicle.formats.known_formats import format_named

    given: dict[str, str] = {}
    for option in options:
        name, sign, value = option.partition("=")
        if not sign:
            raise UsageError(f"--set {option}: write it as NAME=VALUE")
        given[name] = value
    besides = OWN, TABLE, FLEE
    if format_in is not None and format_in not in besides:
        format_named(format_in, besides)
    when = None if day is None else as_day(day, "day")
    return Wanted(format_in, when, given, table, {FLEE: flee_folder})


def show_columns() -> None:
    """The columns of the own format, needed and optional, with types and words."""
    from chronicle.domain.table import Table
    from chronicle.formats.csv_folder.describe import ColumnInWords, columns_in_words

    rows = [tuple(one) for one in columns_in_words()]
    notes = ["chronicle template DIR writes these files with an example row each"]
    table = Table(
        ColumnInWords._fields, rows, "The own format: a CSV file a kind", notes
    )
    emit(table, chosen(None, None), None)


def _show_imported(
    file: str,
    result: ImportResult,
    complete: bool,
    dry_run: bool,
    kind: str,
    out: Path | None,
) -> None:
    from chronicle.domain.table import Table

    rows: list[tuple[Any, ...]] = [
        (f.file, f.new, f.changed, f.gone, f.not_told, f.unchanged, f.problem_count)
        for f in result.files
    ]
    totals = [sum(row[index] for row in rows) for index in range(1, len(IMPORTED))]
    words = ("new", "changed", "gone", "not told this time", "unchanged", "problems")
    summary = ", ".join(f"{n:,} {name}" for n, name in zip(totals, words, strict=True))
    would = "would be: " if dry_run else ""
    table = Table(IMPORTED, rows, f"Import into {hidden(file)}", [would + summary])
    for told in result.files:
        table.notes.extend(_notes(told, complete, dry_run))
    if result.ignored:
        table.notes.append(f"not read: {', '.join(sorted(set(result.ignored)))}")
    emit(table, kind, out)
    problems = result.problems
    for problem in problems[:SHOWN_PROBLEMS]:
        say(str(problem))
    if totals[-1] > SHOWN_PROBLEMS:
        say(
            f"and {totals[-1] - SHOWN_PROBLEMS:,} more; chronicle check {file} has them"
        )


def _notes(file: FileResult, complete: bool, dry_run: bool) -> list[str]:
    """What a user must not miss of one file."""
    notes = [f"{file.file}: {note}" for note in file.notes]
    some = ", ".join(file.examples)
    more = ", …" if file.gone + file.not_told > len(file.examples) else ""
    if file.gone:
        what = "report" if file.gone == 1 else "reports"
        would = "would be " if dry_run else ""
        notes.append(
            f"{file.file}: {file.gone:,} {what} {would}RETRACTED, told before and not "
            f"in this complete vintage: {some}{more}"
        )
    if file.not_told:
        what = "report stands" if file.not_told == 1 else "reports stand"
        notes.append(
            f"{file.file}: {file.not_told:,} {what} that an earlier vintage told and "
            f"this one does not: {some}{more}; --complete would retract them"
        )
    if complete and file.hurt:
        notes.append(
            f"{file.file}: has rows that could not be read, so nothing of it is gone"
        )
    return notes


def _undo(file: str, undo: str) -> None:
    position = None
    if undo.upper() != "LAST":
        told = undo.removeprefix("@")
        if not (told.isascii() and told.isdigit()):
            raise UsageError(f"--undo {undo}: say LAST, or the position of an import")
        position = int(told)
    with opened(file) as chronicle:
        undone = chronicle.undo_import(position)
    say(
        f"undone: {', '.join(undone.files)}: {undone.retracted:,} reports RETRACTED, "
        f"{undone.restored:,} changes taken back, {undone.registrations:,} "
        "registrations as before"
    )
    if undone.kept:
        say(f"{undone.kept:,} new registrations stay: nothing is said of them any more")
