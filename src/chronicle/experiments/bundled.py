"""The case that lies beside the code; it is not in the wheel."""

from __future__ import annotations

from pathlib import Path

from chronicle.errors import UsageError

__all__ = ["CASE", "LICENCE", "bundled_case"]

CASE = Path("scenarios") / "syria-2024" / "data"
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
