"""States as pictures: what `draw` shows of a chronicle."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from chronicle.domain.state import State, diff
from chronicle.domain.views import coarse
from chronicle.report.drawing.maps import MapPlace, Panel, draw_state_maps
from chronicle.report.drawing.page import Caption

if TYPE_CHECKING:
    from chronicle.api import Chronicle

__all__ = ["draw_days", "map_places"]


def map_places(state: State) -> dict[str, MapPlace]:
    """The settlements of a state as a map shows them, but for severe places."""
    places = {}
    for id_, place in state.places.items():
        known = state.references.settlements[id_]
        lat, lon = coarse(known.lat, known.lon, known.sensitivity)
        if lat is None or lon is None:
            continue
        heard = place.last_heard
        places[id_] = MapPlace(
            name=known.name,
            lat=lat,
            lon=lon,
            control=place.control,
            status=place.status,
            population=known.population,
            stale_days=None if heard is None else (state.on - heard).days,
            disputed=place.disputed,
            kind=known.kind,
        )
    return places


def draw_days(
    chronicle: Chronicle, path: Path, days: Sequence[date], licence: str
) -> None:
    """Small maps of several days; outlined is what changed hands on the day itself."""
    panels = []
    for day in days:
        state = chronicle.state(day)
        places = map_places(state)
        changed = diff(chronicle.state(day - timedelta(days=1)), state)
        panels.append(
            Panel(
                day=day,
                places=list(places.values()),
                highlight=[
                    places[c.settlement] for c in changed if c.settlement in places
                ],
            )
        )
    actors = {
        id_: (actor.short or actor.name, None)
        for id_, actor in state.references.actors.items()
    }
    branch = chronicle.what_if
    title = f"WHAT-IF {branch}: who would hold what" if branch else "Who held what"
    caption = Caption(
        asked="each map at the end of its day (UTC)",
        clock=f"as known at position {state.position}",
        lens=state.lens,
        licence=licence,
    )
    draw_state_maps(path, panels, actors, title=title, caption=caption)
