"""Write a run to a folder: tables, pictures, branches, provenance and report.

The layout is that of `chronicle.experiments.files`, which reads it again.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import msgspec

from chronicle.domain.table import Table
from chronicle.errors import StorageError
from chronicle.experiments.arms import chosen_replicas
from chronicle.experiments.files import csv_bytes, keep_results, kept_of
from chronicle.experiments.run import Run
from chronicle.formats.parquet import parquet
from chronicle.report.figures import draw_run
from chronicle.report.html import write_report
from chronicle.report.warnings import people_left_out
from chronicle.store.whole_file import write_whole

__all__ = ["write_run"]

TABLES = ("arrivals", "chances", "displaced", "hosted")  # of each arm


def write_run(run: Run, folder: str | Path, *, branches: int = 0) -> list[Path]:
    """Write a run to *folder*, with *branches* replicas of each arm as chronicles.

    Returns the files, the report last. A branch that is there already stays as it is.
    """
    folder = Path(folder)
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        keep_results(run, folder)
        for arm in run.arms:
            for name in (*TABLES, "compared") if arm is not run.arms[0] else TABLES:
                table: Table = getattr(run, name)(arm.label)
                if table.rows:
                    written.append(_write_table(table, folder / f"{name}-{arm.slug}"))
            if branches:
                (folder / "branches").mkdir(exist_ok=True)
            for number in chosen_replicas(arm, branches) if branches else ():
                path = folder / "branches" / f"{arm.slug}-{number}.chronicle"
                if not path.exists():
                    run.branch(number, path, arm=arm.label).close()
                written.append(path)
        pictures = draw_run(run, folder) if find_spec("matplotlib") else {}
        written += pictures.values()
        kept = kept_of(run, no_people=people_left_out(run))
        told = msgspec.json.format(msgspec.json.encode(kept), indent=1)
        write_whole(folder / "run.json", told + b"\n")
        written.append(folder / "run.json")
        written.append(write_report(run, folder / "report.html"))
    except OSError as broken:
        raise StorageError(f"cannot write {folder}: {broken.strerror}") from None
    return written


def _write_table(table: Table, stem: Path) -> Path:
    arrow = find_spec("pyarrow") is not None
    path = stem.with_name(f"{stem.name}.{'parquet' if arrow else 'csv'}")
    write_whole(path, parquet(table) if arrow else csv_bytes(table))
    return path
