"""`chronicle import --explain`: what each column of a table will become."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chronicle.cli.render import emit, free, say
from chronicle.errors import UsageError
from chronicle.store.whole_file import write_whole

if TYPE_CHECKING:
    from chronicle.formats.field_file import Wanted

__all__ = ["explain"]

COLUMNS = ("column", "becomes", "known_by", "row_1", "row_2", "row_3")


def explain(
    chronicle: Any,
    paths: Sequence[Path],
    dataset: str | None,
    wanted: Wanted,
    save: Path | None,
    kind: str,
    out: Path | None,
) -> None:
    """Show the proposal for each table among *paths*, and write it as a mapping."""
    from chronicle.domain.table import Table
    from chronicle.formats.spreadsheet.mapping import written

    tables = chronicle.tables_in(*paths, dataset=dataset, wanted=wanted)
    if not tables:
        raise UsageError(
            "none of these files is a table to be mapped: their formats are known"
        )
    if save is not None and len(tables) > 1:
        raise UsageError("--save-mapping is of one table; name one file")
    for file in tables:
        rows = [
            (
                one.header,
                one.column or "(not read)",
                one.because,
                *(*one.samples, "", "", "")[:3],
            )
            for one in file.proposal.columns
        ]
        of = file.proposal.kind.name
        header = (
            f"{file.name}: a table of {of}; header in line {file.sheet.header_line}"
        )
        if save is None:
            emit(Table(COLUMNS, rows, header, file.explained()), kind, out)
        else:
            mapping = file.proposal.mapping(file.options.mapping, file.sheet)
            write_whole(free(save), written(mapping).encode())
            say(f"{file.name}: mapping written to {save}")
