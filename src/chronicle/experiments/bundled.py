"""The case that lies beside the code; it is not in the wheel.

What is asked of the record is asked of the case alone. A what-if runs on the case and
on the places of the country that it does not name: those in the case are there because
somebody said that they changed hands, and a forecast over them alone would be one over
places that are known to fall.
"""

from __future__ import annotations

from pathlib import Path

from chronicle.api import Chronicle, memory
from chronicle.errors import UsageError

__all__ = ["CASE", "LICENCE", "bundled_case", "bundled_record", "record_for_what_ifs"]

CASE = Path("scenarios") / "syria-2024" / "data"
ELSEWHERE = "elsewhere"
LICENCE = "Data: CC BY-SA 4.0; GeoNames CC BY 4.0, Wikipedia CC BY-SA; see its README"


def bundled_case(start: Path | None = None) -> Path:
    """The folder of the bundled case, sought upwards from *start* and from the code.

    Raises `UsageError` where there is none.
    """
    starts = [start or Path.cwd(), Path(__file__).resolve()]
    for place in starts:
        for folder in (place, *place.parents):
            if (folder / CASE / "control.csv").is_file():
                return folder / CASE
    raise UsageError(
        f"the bundled case ({CASE}) is not here; it stays out of the wheel because of "
        "its licence: run this in a clone, or name your own data"
    )


def bundled_record(start: Path | None = None) -> Chronicle:
    """The bundled case, and the places that it does not name, in memory."""
    return record_for_what_ifs(bundled_case(start))


def record_for_what_ifs(case: Path) -> Chronicle:
    """The case in a folder, in memory, with the places elsewhere if they lie by it."""
    record = memory()
    record.import_folder(case)
    elsewhere = case.parent / ELSEWHERE
    if elsewhere.is_dir():
        record.import_folder(elsewhere)
    return record
