"""Chronicle's own CSV files, one or a folder of them, as events and problems.

for file in read_folder(Path("scenarios/syria-2024/data")):
    for row in file.rows():
        ...  # a Row with its events, or a Problem
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from chronicle.domain.events import ActorRegistered, Event, SettlementRegistered
from chronicle.errors import InputError
from chronicle.formats import rows
from chronicle.formats.csv_folder.dialect import OtherDialect, is_utf8, other_dialect
from chronicle.formats.csv_folder.file import CsvRow, read_rows
from chronicle.formats.csv_folder.kinds import KINDS, Kind
from chronicle.formats.csv_folder.known import Known, Registers
from chronicle.formats.problem import Problem
from chronicle.formats.rows import MAX_BYTES, Record
from chronicle.store.bulk import Controls

__all__ = [
    "CsvRow",
    "OwnFile",
    "OwnFolder",
    "dataset_of",
    "is_own",
    "read_file",
    "read_folder",
]

_KINDS = {kind.file: kind for kind in KINDS}

# The reports that each kind of file holds: what is gone from it is sought among them.
TYPES = {
    "control.csv": ("control-reported", "reports-linked"),
    "displacement.csv": ("displacement-reported",),
    "incidents.csv": ("incident-reported",),
    "closures.csv": ("route-status-reported",),
    "support.csv": ("support-reported",),
    "legends.csv": ("legend-reported",),
}


@dataclass(frozen=True, slots=True)
class OwnFile:
    """One file of the format: its name, its SHA-256, its size in bytes, its rows."""

    name: str
    digest: str
    size: int
    path: Path
    kind: Kind
    dataset: str
    known: Registers
    limit: int
    notes: list[str] = field(default_factory=list)  # what was found, once it was read

    @property
    def types(self) -> tuple[str, ...]:
        """The TYPEs of the reports that the file holds."""
        return TYPES.get(self.kind.file, ())

    @property
    def kept_ids(self) -> bool:
        """Whether ids are those of whoever keeps the data, in every file of it."""
        return False

    @property
    def told_only(self) -> bool:
        """Whether all rows of the file are problems by design."""
        return self.kind.file == "unlocated.csv"

    def rows(self) -> Iterator[CsvRow | Problem]:
        """Rows and problems in the order of the file; it is opened at the first one.

        Raises `InputError` when the file cannot be read to its end, or is no longer
        the file that `digest` stands for: what came before is not to be used then.
        """
        for row in self.rows_and_blocks(0):
            assert not isinstance(row, Controls)  # only where blocks are asked for
            yield row

    def rows_and_blocks(self, size: int) -> Iterator[CsvRow | Problem | Controls]:
        """The same, with blocks of *size* ordinary control reports as columns."""
        other = self._other()
        trimmed: list[int] = []
        with (
            rows.open_local(self.path, limit=self.limit) as raw,
            io.BufferedReader(raw, rows.CHUNK) as file,
        ):
            yield from read_rows(
                file,
                self.name,
                self.kind,
                dataset=self.dataset,
                known=self.known,
                block=size,
                records=None if other is None else other.records(),
                trimmed=trimmed,
            )
            if raw.ended and raw.digest() != self.digest:
                raise InputError(
                    f"{self.path}: changed while it was read; read it again"
                )
        if other is not None:
            self.notes[:] = other.remarks
        if trimmed:
            self.notes.append(
                f"{len(trimmed):,} rows had blanks around their cells; read without"
            )

    def _other(self) -> OtherDialect | None:
        """The file as another dialect; None where it is plain, or nothing else."""
        plain = is_utf8(self.path, self.limit)
        if plain:
            header = _header_of(self.path, self.limit)
            if isinstance(header, Record) and set(self.kind.needed) <= set(
                header.cells
            ):
                names = header.cells
                plain = all(names) and len(set(names)) == len(names)
            else:
                plain = False
        return None if plain else other_dialect(self.path, self.kind)


@dataclass(frozen=True, slots=True)
class OwnFolder:
    """The files of the format in a folder, references first, and what else is there."""

    files: tuple[OwnFile, ...]
    ignored: tuple[str, ...]

    def __iter__(self) -> Iterator[OwnFile]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)


# --- finding files -----------------------------------------------------------------


def read_folder(
    path: Path,
    *,
    dataset: str | None = None,
    settlements: Collection[str] | None = None,
    actors: Collection[str] | None = None,
    limit: int = MAX_BYTES,
) -> OwnFolder:
    """The files of *path* with a name of the format, in the order to import them.

    *dataset* is the name of `dataset_of` unless given. *settlements* and *actors* are
    the ids that the log knows already, best as the mappings of `References`, which
    bring names and coordinates. A report may name those and the ones of the folder;
    where neither the log nor the folder lists any (None and no file), every id is let
    pass.

    Raises `InputError` when *path* is no folder, has no file of the format, or has one
    that is no plain file or larger than *limit* bytes.
    """
    rows.refuse_address(path)
    try:
        there = sorted(entry.name for entry in path.iterdir())
    except (OSError, ValueError) as refused:
        why = getattr(refused, "strerror", None) or "is no path"
        raise InputError(f"{path}: {why}") from refused
    chosen = [kind for kind in KINDS if kind.file in there]
    if not chosen:
        looked_for = ", ".join(_KINDS)
        raise InputError(f"{path}: none of {looked_for} is in this folder")
    files: list[OwnFile] = []

    def told_in(name: str) -> Callable[[], Iterator[Event]] | None:
        found = [kind for kind in chosen if kind.file == name]
        return partial(_events_of, files, name) if found else None

    known = Registers(
        Known(SettlementRegistered, settlements, told_in("settlements.csv")),
        Known(ActorRegistered, actors, told_in("actors.csv")),
    )
    name = dataset_of(path) if dataset is None else dataset
    files += [_file(path / kind.file, kind, name, known, limit) for kind in chosen]
    others = tuple(name for name in there if name not in _KINDS)
    return OwnFolder(tuple(files), others)


def _events_of(files: list[OwnFile], name: str) -> Iterator[Event]:
    for file in files:
        if file.name == name:
            for row in file.rows():
                if isinstance(row, CsvRow):
                    yield from row.events


def read_file(
    path: Path,
    *,
    dataset: str | None = None,
    settlements: Collection[str] | None = None,
    actors: Collection[str] | None = None,
    limit: int = MAX_BYTES,
) -> OwnFile:
    """One file of the format, recognised by its name or else by its header.

    As `read_folder`, but *dataset* is the name of the folder that the file is in, and
    the files beside it are not looked at.
    """
    kind = _KINDS.get(path.name) or _recognised(path, limit)
    known = Registers(
        Known(SettlementRegistered, settlements, None),
        Known(ActorRegistered, actors, None),
    )
    name = dataset_of(path.parent) if dataset is None else dataset
    return _file(path, kind, name, known, limit)


def dataset_of(folder: Path) -> str:
    """The name of the data set in *folder*: its own, or of `NAME/data` the NAME."""
    whole = folder.resolve()
    return whole.parent.name if whole.name == "data" else whole.name


def is_own(path: Path) -> bool:
    """Whether a file, or any file of a folder, has a name and header of the format."""
    try:
        if not path.is_dir():
            return _fits(path)
        return any(_fits(path / name) for name in _KINDS if (path / name).is_file())
    except (InputError, OSError, ValueError):
        return False


def _fits(path: Path) -> bool:
    header = _header_of(path, MAX_BYTES)
    kind = _KINDS.get(path.name)
    if not isinstance(header, Record):
        return False
    if kind is not None:
        return set(kind.needed) <= set(header.cells)
    return len(_candidates(header)) == 1


def _file(
    path: Path, kind: Kind, dataset: str, known: Registers, limit: int
) -> OwnFile:
    size, digest = rows.digest_of(path, limit=limit)
    return OwnFile(path.name, digest, size, path, kind, dataset, known, limit)


def _header_of(path: Path, limit: int) -> Record | Problem:
    with (
        rows.open_local(path, limit=limit) as raw,
        io.BufferedReader(raw, rows.CHUNK) as file,
    ):
        return next(rows.records(file, path.name))


def _candidates(header: Record) -> list[Kind]:
    """The kinds that a header may be of: those with the most of its columns."""
    there = set(header.cells)
    fitting = [
        (len(there & kind.columns.keys()), kind)
        for kind in KINDS
        if set(kind.needed) <= there
    ]
    most = max((columns for columns, _ in fitting), default=0)
    return [kind for columns, kind in fitting if columns == most]


def _recognised(path: Path, limit: int) -> Kind:
    header = _header_of(path, limit)
    if isinstance(header, Problem):
        raise InputError(str(header))
    kinds = _candidates(header)
    if len(kinds) == 1:
        return kinds[0]
    if kinds:
        may_be = " or ".join(kind.file for kind in kinds)
        raise InputError(f"{path}: may be {may_be}; give it that name")
    raise InputError(
        f"{path}: has the header of none of {', '.join(_KINDS)}; it begins "
        f"{','.join(header.cells)[:80]!r}"
    )
