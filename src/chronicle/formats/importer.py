"""Files into the log: one transaction a file, problems told, nothing half-imported."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from chronicle.domain.events import (
    Event,
    ImportFinished,
    ReportsLinked,
)
from chronicle.domain.fields import TEXT_LENGTH
from chronicle.errors import Conflict, InputError, RefusedImport
from chronicle.formats.csv_folder.folder import OwnFile, read_file, read_folder
from chronicle.formats.problem import Problem
from chronicle.store.bulk import Controls
from chronicle.store.log import CHUNK, EventLog, Tally

__all__ = ["FileResult", "ImportResult", "Progress", "import_path"]

KEPT = 1_000  # problems that are kept of one file; the rest are counted
NOTED = 200  # problems that the record itself keeps
LINE = 400  # characters of each, where there are few

# The reports that each kind of file holds: what is gone from it is sought among them.
TYPES = {
    "control.csv": ("control-reported", "reports-linked"),
    "displacement.csv": ("displacement-reported",),
    "incidents.csv": ("incident-reported",),
    "closures.csv": ("route-status-reported",),
    "support.csv": ("support-reported",),
    "legends.csv": ("legend-reported",),
}
NO_ROWS = "unlocated.csv"  # nothing in it is a row to be imported; strict or not

Progress = Callable[[str, int], None]  # the file, and how many events were read


@dataclass
class FileResult:
    """What became of one file: counts of its reports and registrations."""

    file: str
    new: int = 0
    changed: int = 0
    gone: int = 0
    unchanged: int = 0
    problem_count: int = 0
    problems: list[Problem] = field(default_factory=list)
    refused: bool = False  # by --strict: nothing of it was imported
    hurt: bool = False  # rows could not be read, so what is gone was not judged

    def add(self, problem: Problem) -> None:
        """Count *problem*, and keep it while there is room."""
        self.problem_count += 1
        self.hurt |= not problem.rule.startswith("unknown column")
        if len(self.problems) < KEPT:
            self.problems.append(problem)


@dataclass
class ImportResult:
    """What became of the files of one import."""

    files: list[FileResult] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[Problem]:
        """The problems of all files, in their order."""
        return [problem for file in self.files for problem in file.problems]

    def total(self, name: str) -> int:
        """The sum of a count over the files."""
        return sum(getattr(file, name) for file in self.files)


def import_path(
    log: EventLog,
    path: Path,
    *,
    dataset: str | None = None,
    strict: bool = False,
    progress: Progress | None = None,
) -> ImportResult:
    """Import a folder or a file of the own CSV format.

    A file goes in whole, in one transaction; its bad rows become problems. With
    *strict* a file that has any is left out whole, and `RefusedImport` is raised at the
    end. Raises `InputError` where there is nothing to read.
    """
    references = log.references()
    places, actors = references.settlements, references.actors
    result = ImportResult()
    if path.is_dir():
        folder = read_folder(path, dataset=dataset, settlements=places, actors=actors)
        files, result.ignored = folder.files, list(folder.ignored)
    else:
        files = (read_file(path, dataset=dataset, settlements=places, actors=actors),)
    for file in files:
        try:
            result.files.append(_import_file(log, file, strict, progress))
        except Conflict as error:
            before = ", ".join(done.file for done in result.files)
            rest = f"; before it {before} went in" if before else ""
            raise Conflict(f"{file.name}: {error}{rest}") from None
    refused = [file.file for file in result.files if file.refused]
    if refused:
        others = len(result.files) - len(refused)
        went = f"the other {others} went in; " if others else ""
        raise RefusedImport(
            f"{', '.join(refused)}: left out whole, because --strict found problems; "
            f"{went}mend the rows, or import without --strict to take the good ones",
            [str(problem) for problem in result.problems],
        )
    return result


class _Strict(Exception):
    """Ends the transaction of a file that may not go in."""


def _import_file(
    log: EventLog, file: OwnFile, strict: bool, progress: Progress | None
) -> FileResult:
    result = FileResult(file.name)
    dataset, types = file.dataset, TYPES.get(file.kind.file, ())
    last = _last_digest(log, dataset, file.name)

    def refused(line: int, event: Event, error: InputError) -> None:
        result.add(_problem(file.name, line, error))

    def finish(tally: Tally) -> Event | None:
        if strict and result.problem_count and file.kind.file != NO_ROWS:
            raise _Strict
        if not tally.recorded and last == file.digest:
            return None
        return ImportFinished(
            dataset=dataset,
            file=file.name,
            digest=file.digest,
            new=tally.new,
            changed=tally.changed,
            gone=tally.gone,
            problems=result.problem_count,
            note=_noted(result.problems, result.problem_count),
        )

    def told(done: int) -> None:
        if progress is not None:
            progress(file.name, done)

    try:
        tally = log.import_events(
            _events(file, result),
            dataset=dataset,
            types=types,
            label=file.name,
            finish=finish,
            refused=refused,
            whole=lambda: not result.hurt,
            progress=told,
        )
    except _Strict:
        result.refused = True
        return result
    result.new, result.changed = tally.new, tally.changed
    result.gone, result.unchanged = tally.gone, tally.unchanged
    return result


def _events(
    file: OwnFile, result: FileResult
) -> Iterator[tuple[int, Event] | Controls]:
    """The events of a file in order; links last, because they may point forward."""
    links: list[tuple[int, Event]] = []
    for row in file.rows_and_blocks(CHUNK):
        if isinstance(row, Problem):
            result.add(row)
            continue
        if isinstance(row, Controls):
            yield row
            continue
        for event in row.events:
            if isinstance(event, ReportsLinked):
                links.append((row.line, event))
            else:
                yield row.line, event
    yield from links


def _problem(name: str, line: int, error: InputError) -> Problem:
    column = getattr(error, "field", None)
    value = str(getattr(error, "value", "") or getattr(error, "name", ""))
    rule = getattr(error, "rule", None) or str(error)
    return Problem(file=name, line=line, column=column, value=value, rule=rule)


def _noted(problems: list[Problem], count: int) -> str:
    """The problems as the record keeps them: a line each, as long as there is room."""
    noted = problems[:NOTED]
    room = (TEXT_LENGTH - 40) // max(len(noted), 1) - 1
    lines = [_line(str(problem), min(room, LINE)) for problem in noted]
    if count > len(lines):
        lines.append(f"and {count - len(lines):,} more")
    return "\n".join(lines)


def _line(told: str, room: int) -> str:
    told = " ".join(told.split())
    return told if len(told) <= room else told[: room - 1] + "…"


def _last_digest(log: EventLog, dataset: str, name: str) -> str:
    """The digest of the last import of that file; empty when there was none."""
    digest = ""
    for recorded in log.recorded(types=("import-finished",)):
        event = recorded.event
        if (
            isinstance(event, ImportFinished)
            and event.dataset == dataset
            and event.file == name
        ):
            digest = event.digest
    return digest
