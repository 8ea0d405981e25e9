"""Files into the log: one transaction a file, problems told, nothing half-imported.

Nothing is taken away unasked: a report that an earlier vintage of its file told, and
this one does not, is counted, and retracted only where *complete* is said.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from chronicle.domain.events import (
    Event,
    ImportFinished,
    ReportsLinked,
)
from chronicle.domain.fields import TEXT_LENGTH
from chronicle.errors import BadField, Conflict, InputError, RefusedImport
from chronicle.formats.csv_folder.folder import (
    OwnFile,
    dataset_of,
    is_own,
    read_file,
    read_folder,
)
from chronicle.formats.csv_folder.kinds import KINDS
from chronicle.formats.earlier import Earlier
from chronicle.formats.field_file import (
    ANY,
    OWN,
    Readable,
    Wanted,
    field_file,
    field_files,
)
from chronicle.formats.import_result import (
    FileResult,
    ImportResult,
    Progress,
)
from chronicle.formats.jsonl import is_export
from chronicle.formats.known_formats import recognised
from chronicle.formats.merging import merge_export
from chronicle.formats.problem import Problem
from chronicle.formats.spreadsheet.archive import is_packed, unpacked
from chronicle.formats.spreadsheet.table import TableFile
from chronicle.formats.suspicion import Suspicion, Watch
from chronicle.store.accepted import accept as accept_values
from chronicle.store.accepted import accepted
from chronicle.store.bulk import Controls
from chronicle.store.chunks import CHUNK
from chronicle.store.log import EventLog, Tally

__all__ = [
    "FileResult",
    "ImportResult",
    "Progress",
    "Readable",
    "import_paths",
    "tables_in",
]

NOTED = 200  # problems that the record itself keeps
ALL = "all"  # every value that looks wrong is right
TABLE = "table"  # the word for a table that is read by a mapping
LINE = 400  # characters of each, where there are few


def import_paths(
    log: EventLog,
    paths: Sequence[Path],
    *,
    dataset: str | None = None,
    strict: bool = False,
    complete: bool = False,
    progress: Progress | None = None,
    result: ImportResult | None = None,
    wanted: Wanted = ANY,
    accept: Sequence[str] = (),
) -> ImportResult:
    """Import folders and files, of the own format or the field's, as one command.

    A data set is a folder, or the files named together; its name is *dataset*, or else
    that of the folder. A file goes in whole, in one transaction; its bad rows become
    problems. With *strict* a file that has any is left out whole, and `RefusedImport`
    is raised at the end. With *complete* a report that only an earlier vintage of the
    same file of the same data set told is retracted. *result* is filled file by file:
    when an error ends the import it tells what went in before. *wanted* says which
    format, where it should not be found, and what to set of it. *accept* names values
    that look wrong and are right, `all` for every one. Raises `InputError`
    where there is nothing to read.
    """
    result = ImportResult() if result is None else result
    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: no such file or folder; nothing was imported")
    how = _How(strict, complete, dataset is not None, progress)
    earlier = Earlier(log)
    how.run = _run(paths, dataset), log.store.head()
    with ExitStack() as unpacking:
        inside = [one for path in paths for one in _unpacked(path, unpacking)]
        for path in _in_order(inside, wanted):
            if wanted.format is None and is_export(path):
                result.files.append(_import_export(log, path, strict))
                continue
            files, ignored = _opened(log, path, dataset, wanted, earlier)
            result.ignored += ignored
            for file in files:
                _take_in(log, file, how, result)
    result.suspicions = _suspicions(log, how.watch, accept)
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


def _suspicions(log: EventLog, watch: Watch, accept: Sequence[str]) -> list[Suspicion]:
    """What looks wrong and nobody has accepted, now or before."""
    head = log.store.head()
    last = next(iter(log.recorded(after=head - 1)), None) if head else None
    today = None if last is None else last.recorded_at.date()
    found = watch.suspicions(log.references(), today)
    right = [one.value for one in found] if ALL in accept else list(accept)
    if right:
        accept_values(log, right)
    known = accepted(log, (one.value for one in found))
    return [one for one in found if one.value not in known]


def tables_in(
    log: EventLog, paths: Sequence[Path], dataset: str | None, wanted: Wanted
) -> list[TableFile]:
    """The tables among *paths* that are read by a mapping; compressed ones are not."""
    found: list[TableFile] = []
    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: no such file or folder; nothing was imported")
        if not is_packed(path):
            files, _ = _opened(log, path, dataset, wanted, Earlier(log))
            found += [file for file in files if isinstance(file, TableFile)]
    return found


def _take_in(log: EventLog, file: Readable, how: _How, result: ImportResult) -> None:
    how.name(file)
    try:
        result.files.append(_import_file(log, file, how))
    except Conflict as error:
        before = ", ".join(done.file for done in result.files)
        rest = f"; before it {before} went in" if before else ""
        raise Conflict(f"{how.label}: {error}{rest}") from None


def _import_export(log: EventLog, path: Path, strict: bool) -> FileResult:
    """An export of a record: its events as they are, each under its own data set."""
    merge = merge_export(log, path, strict=strict)
    result = FileResult(path.name, new=merge.new, unchanged=merge.known)
    for problem in merge.problems:
        result.add(problem)
    if merge.known:
        some = ", ".join(merge.known_ids)
        more = ", …" if merge.known > len(merge.known_ids) else ""
        result.notes.append(f"{merge.known:,} ids are known already: {some}{more}")
    if merge.left_out:
        result.notes.append(
            f"{merge.left_out:,} events left out: redacted, or about what was left out"
        )
    return result


def _unpacked(path: Path, unpacking: ExitStack) -> list[Path]:
    """*path*; of a compressed one the file in it, or the folder of several."""
    if not is_packed(path):
        return [path]
    files = unpacking.enter_context(unpacked(path))
    return files if len(files) == 1 else [files[0].parent]


def _in_order(paths: Sequence[Path], wanted: Wanted) -> list[Path]:
    """Files that register places and parties before those that name them."""
    files = {
        path: read_file(path)
        for path in paths
        if not path.is_dir() and _is_own(path, wanted)
    }
    order = {path: KINDS.index(file.kind) for path, file in files.items()}
    return sorted(paths, key=lambda path: order.get(path, -1))


def _is_own(path: Path, wanted: Wanted) -> bool:
    """Whether *path* is to be read as the own format."""
    if wanted.format is not None:
        return wanted.format == OWN
    if wanted.table.mapping.told and path.is_file():
        return False
    if path.is_dir():
        return any((path / kind.file).exists() for kind in KINDS)
    named = path.name in {kind.file for kind in KINDS}
    return is_own(path) or (named and recognised(path) is None)


def _opened(
    log: EventLog,
    path: Path,
    dataset: str | None,
    wanted: Wanted,
    earlier: Earlier,
) -> tuple[Sequence[Readable], list[str]]:
    """The files at *path*, and the names of what is there and not read.

    What no format knows is a table of reports, to be read by a mapping.
    """
    if not _is_own(path, wanted):
        if path.is_dir():
            for name, reader in wanted.folders.items():
                if wanted.format in (None, name):
                    folder_file = reader(path, dataset, earlier)
                    if folder_file is not None:
                        return [folder_file], []
        if wanted.format in wanted.folders:
            raise InputError(f"{path}: is no folder of the format {wanted.format}")
        if path.is_dir():
            found, others = field_files(path, earlier, dataset, wanted)
            if found:
                return found, others
        elif wanted.format != TABLE and not wanted.table.mapping.told:
            file = field_file(path, earlier, dataset, wanted)
            if file is not None:
                return [file], []
        if path.is_file():
            name = dataset_of(path.parent) if dataset is None else dataset
            return [TableFile(path, name, log.references, wanted.table)], []
    known = log.references()
    places, actors = known.settlements, known.actors
    if path.is_dir():
        folder = read_folder(path, dataset=dataset, settlements=places, actors=actors)
        return folder.files, list(folder.ignored)
    return [read_file(path, dataset=dataset, settlements=places, actors=actors)], []


class _How:
    """How one command imports: what was asked for, and what it has done so far."""

    def __init__(
        self,
        strict: bool,
        complete: bool,
        sure: bool,
        progress: Progress | None,
    ) -> None:
        self.strict, self.complete, self.sure = strict, complete, sure
        self.progress = progress
        self.run = b"", 0  # what tells this command from others, and where it began
        self.label = ""
        self.watch = Watch()
        self._labels: set[tuple[str, str]] = set()

    def name(self, file: Readable) -> None:
        """Give *file* the name under which the record knows it.

        Two files of one name in one command are two, not vintages of each other: the
        second goes by its folder as well.
        """
        self.label, parents = file.name, list(file.path.resolve().parents)
        while (file.dataset, self.label) in self._labels and parents:
            self.label = f"{parents.pop(0).name}/{self.label}"
        self._labels.add((file.dataset, self.label))


def _run(paths: Sequence[Path], dataset: str | None) -> bytes:
    told = "\0".join([dataset or "", *(str(path.absolute()) for path in paths)])
    return hashlib.sha256(told.encode(errors="surrogatepass")).digest()


class _Strict(Exception):
    """Ends the transaction of a file that may not go in."""


def _import_file(log: EventLog, file: Readable, how: _How) -> FileResult:
    result = FileResult(how.label)
    last = _last_digest(log, file.dataset, how.label)

    def refused(line: int, event: Event, error: InputError) -> None:
        result.add(_problem(how.label, line, error))

    def finish(tally: Tally) -> Event | None:
        if how.strict and result.problem_count and not file.told_only:
            raise _Strict
        if not tally.recorded and last == file.digest:
            return None
        return ImportFinished(
            dataset=file.dataset,
            file=how.label,
            digest=file.digest,
            new=tally.new,
            changed=tally.changed,
            gone=tally.gone,
            problems=result.problem_count,
            note=_noted(result.problems, result.problem_count),
        )

    def told(done: int) -> None:
        if how.progress is not None:
            how.progress(how.label, done)

    try:
        tally = log.import_events(
            _events(file, result, how.watch),
            dataset=file.dataset,
            types=file.types,
            label=how.label,
            finish=finish,
            refused=refused,
            complete=lambda: how.complete and not result.hurt,
            sure=how.sure,
            kept_ids=file.kept_ids,
            run=how.run,
            progress=told,
        )
    except _Strict:
        result.refused = True
        return result
    result.new, result.changed = tally.new, tally.changed
    result.gone, result.unchanged = tally.gone, tally.unchanged
    result.not_told, result.examples = tally.not_told, tally.examples
    if isinstance(file, TableFile | OwnFile):
        result.notes = list(file.notes)
    if tally.moved and not file.kept_ids:
        some = ", ".join(tally.moved_examples)
        result.notes.append(
            f"{tally.moved:,} reports got another day and side at once ({some}): "
            "an id names a report, not a place, so this rewrites what was so before; "
            "give each change an id of its own, such as place:day"
        )
    if isinstance(file, TableFile):
        result.open = file.open
    return result


def _events(
    file: Readable, result: FileResult, watch: Watch
) -> Iterator[tuple[int, Event] | Controls]:
    """The events of a file in order; links last, because they may point forward."""
    see = watch.see
    links: list[tuple[int, Event]] = []
    for row in file.rows_and_blocks(CHUNK):
        if isinstance(row, Problem):
            result.add(row)
            continue
        if isinstance(row, Controls):
            see(row)
            yield row
            continue
        for event in row.events:
            see(event)
            if isinstance(event, ReportsLinked):
                links.append((row.line, event))
            else:
                yield row.line, event
    yield from links


def _problem(name: str, line: int, error: InputError) -> Problem:
    column = getattr(error, "field", None)
    column = "id" if column == "report_id" else column
    value = str(getattr(error, "value", "") or getattr(error, "name", ""))
    if isinstance(error, BadField) and value[:1] == value[-1:] == "'":
        value = value[1:-1]  # it keeps the repr, and a problem quotes by itself
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
