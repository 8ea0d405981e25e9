"""`Chronicle.map` and `State.map`: any record on any day as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from chronicle.domain.state import State
from chronicle.domain.times import Day, KnownAt, as_day
from chronicle.errors import UsageError
from chronicle.report.drawing.film import FILMS
from chronicle.report.drawing.page import PICTURES, Named
from chronicle.report.maps import View, draw_days, film_days, film_span
from chronicle.store.whole_file import write_whole

if TYPE_CHECKING:
    from chronicle.api import Chronicle

__all__ = ["MAP_FORMATS", "Picture", "map_record", "map_state"]

MAP_FORMATS = (*PICTURES, *FILMS)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in memory; a notebook shows it, `save` keeps it."""

    data: bytes
    suffix: str

    def save(self, path: str | PathLike[str]) -> None:
        """Write it to *path*, whose suffix must be that of the picture."""
        target = Path(path)
        if target.suffix.lower() != self.suffix:
            raise UsageError(f"{target.name}: this picture is a {self.suffix[1:]}")
        write_whole(target, self.data)

    def _repr_png_(self) -> bytes | None:
        return self.data if self.suffix == ".png" else None

    def _repr_svg_(self) -> str | None:
        return self.data.decode() if self.suffix == ".svg" else None


def map_state(
    state: State,
    out: str | PathLike[str] | None = None,
    *,
    place: str | None = None,
    km: float = 40.0,
    admin1: str | None = None,
    licence: str = "",
) -> Picture:
    """`State.map`: a picture of one state; with *out* also a file.

    Raises `UsageError` for another suffix than a picture's, an unknown province, or
    without matplotlib; `UnknownId` for a place that the record has not.
    """
    view = View(place=place, km=km, admin1=admin1, licence=licence)
    return _picture([state], out, view, getattr(state, "what_if", ""))


def map_record(
    chronicle: Chronicle,
    on: Day | Sequence[Day] | None = None,
    out: str | Path | None = None,
    *,
    known_at: KnownAt | None = None,
    published_by: Day | None = None,
    lens: str = "latest",
    place: str | None = None,
    km: float = 40.0,
    admin1: str | None = None,
    days_per_second: float = 2.0,
    licence: str = "",
) -> Picture:
    """`Chronicle.map`: days side by side, or a film of them; the suffix says which."""
    view = View(
        place=place, km=km, admin1=admin1, record=chronicle.name, licence=licence
    )
    given = [on] if isinstance(on, str | date) else list(on or [])
    days = sorted({as_day(day, "on") for day in given})
    is_film = out is not None and Path(out).suffix.lower() in FILMS
    if len(days) < (2 if is_film else 1):
        known = chronicle.control_days(known_at)
        if known is None:
            raise UsageError("nothing to draw: the record has no report of control")
        days = [days[0] if days else known[0], known[1]] if is_film else [known[1]]
    if is_film:
        days = film_span(days[0], days[-1])
    states = [chronicle.state(day, known_at, published_by, lens) for day in days]
    if is_film:
        assert out is not None
        film_days(Path(out), states, view, days_per_second, chronicle.what_if)
        return Picture(Path(out).read_bytes(), Path(out).suffix.lower())
    return _picture(states, out, view, chronicle.what_if)


def _picture(
    states: Sequence[State], out: str | PathLike[str] | None, view: View, branch: str
) -> Picture:
    """Draw *states*, and keep them where *out* says."""
    if out is not None and Path(out).suffix.lower() not in MAP_FORMATS:
        raise UsageError(
            f"{Path(out).name}: a map is {', '.join(MAP_FORMATS)}, not "
            f"{Path(out).suffix or 'bare'!r}"
        )
    target = Named("map.png" if out is None else Path(out).name)
    draw_days(target, states, view, branch)
    picture = Picture(target.getvalue(), Path(target.name).suffix.lower())
    if out is not None:
        picture.save(out)
    return picture
