"""States as maps: what `drawing` shows of them, one day, several, or a film."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from chronicle.domain.lenses import parse_lens
from chronicle.domain.names import Gazetteer
from chronicle.domain.state import State
from chronicle.domain.views import coarse
from chronicle.errors import AmbiguousName, UnknownId, UsageError
from chronicle.report.drawing.film import write_film
from chronicle.report.drawing.maps import (
    MOST_PANELS,
    Layout,
    MapPlace,
    MapRoute,
    Panel,
    draw_state_map,
    draw_state_maps,
)
from chronicle.report.drawing.page import Caption, Named, Target
from chronicle.report.drawing.palette import Actors
from chronicle.report.drawing.words import day_words

__all__ = ["View", "changed_on_the_day", "draw_days", "film_days", "film_span"]

MOST_FRAMES = 750
INITIALS = 5  # letters: a short name in capitals up to this is told in full beside it


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How a map is asked for, beside its days: what of the land, under which name.

    *place* is an id or a name, about which *km* are seen; *admin1* a province by name
    or P-code, whose places alone are drawn. *record* names the chronicle on the
    picture, *licence* the terms of its data.
    """

    place: str | None = None
    km: float = 40.0
    admin1: str | None = None
    record: str = ""
    licence: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.km <= 5_000:
            raise UsageError(f"km: {self.km:g} is not from 1 to 5,000")


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


def changed_on_the_day(state: State) -> set[str]:
    """The settlements that changed hands on the day itself.

    A place of which nothing was said before did not change: that is its first report.
    """
    lens, defaults = parse_lens(state.lens), state.references.reliabilities()
    found = set()
    for id_, place in state.places.items():
        reports = state.heard.control.get(id_, ())
        earlier = [one for one in reports if one.claim.since_day < state.on]
        if len(earlier) == len(reports) or not earlier:
            continue
        before = lens(earlier, defaults)
        if (before.control, before.status) != (place.control, place.status):
            found.add(id_)
    return found


def map_routes(state: State, places: dict[str, MapPlace]) -> list[MapRoute]:
    """The roads between drawn places, and whether a report has shut them."""
    is_open = {route.key for route in state.open_routes}
    return [
        MapRoute(start=(a.lat, a.lon), end=(b.lat, b.lon), is_open=route.key in is_open)
        for route in state.references.routes.values()
        if (a := places.get(route.settlement_a))
        and (b := places.get(route.settlement_b))
    ]


def draw_days(
    target: Target, states: Sequence[State], view: View, branch: str = ""
) -> None:
    """One map, or up to nine small ones, of *states* in order of their days.

    *branch* names the what-if that they are of. Raises `UsageError` for what the view
    names and the record has not, and as `page.sheet` does.
    """
    if not 1 <= len(states) <= MOST_PANELS:
        raise UsageError(
            f"1 to {MOST_PANELS} days fit on a picture, not {len(states)}; a film "
            "(.gif, .webp, .mp4) takes more"
        )
    panels = [_panel(state, view) for state in states]
    last, layout = states[-1], _layout(states[-1], view)
    caption, title = _caption(last, view), _title(states, branch, view)
    if len(panels) > 1:
        draw_state_maps(
            target, panels, _actors(last), title=title, caption=caption, layout=layout
        )
        return
    (panel,) = panels
    draw_state_map(
        target,
        panel.places,
        _actors(last),
        title=title,
        caption=caption,
        highlight=panel.highlight,
        routes=panel.routes,
        layout=layout,
    )


def film_days(
    target: Path,
    states: Iterable[State],
    view: View,
    days_per_second: float,
    branch: str = "",
) -> None:
    """A film with one map a day; the suffix of *target* says its format.

    All frames have one scale, one legend and the same names. Raises as `draw_days`, and
    `UsageError` where a film needs a program that is not there.
    """
    if not 0.1 <= days_per_second <= 30:
        raise UsageError(f"{days_per_second:g} days a second is not from 0.1 to 30")
    kept = [(state, _panel(state, view)) for state in states]
    common = tuple(dict.fromkeys(p for _, panel in kept for p in panel.places))
    write_film(target, _frames(kept, common, view, branch), days_per_second)


def _frames(
    kept: Sequence[tuple[State, Panel]],
    common: tuple[MapPlace, ...],
    view: View,
    branch: str,
) -> Iterator[bytes]:
    for state, panel in kept:
        frame = Named("frame.png", dots=100)
        focus = _layout(state, view).focus
        draw_state_map(
            frame,
            panel.places,
            _actors(state),
            title=_title([state], branch, view),
            caption=_caption(state, view),
            highlight=panel.highlight,
            routes=panel.routes,
            layout=Layout(focus=focus, common=common),
        )
        yield frame.getvalue()


def film_span(first: date, last: date) -> list[date]:
    """Every day from *first* to *last*; raises `UsageError` for too many."""
    count = (last - first).days + 1
    if not 1 <= count <= MOST_FRAMES:
        raise UsageError(
            f"{first} to {last} are {count:,} days; a film has 1 to {MOST_FRAMES}: "
            "say --on FIRST --on LAST"
        )
    return [first + timedelta(days=n) for n in range(count)]


def _panel(state: State, view: View) -> Panel:
    places = map_places(state)
    if view.admin1 is not None:
        wanted = _within(state, view.admin1)
        places = {id_: place for id_, place in places.items() if id_ in wanted}
    if not places:
        raise UsageError(
            "nothing to draw: no place has coordinates that may be shown; import a "
            "table with columns lat and lon, or settlements.csv with them, which "
            "chronicle template writes to fill in"
        )
    changed = changed_on_the_day(state)
    return Panel(
        day=state.on,
        places=list(places.values()),
        highlight=[place for id_, place in places.items() if id_ in changed],
        routes=map_routes(state, places),
    )


def _within(state: State, area: str) -> set[str]:
    """The settlements of a province; raises `UsageError` where none is so named."""
    settlements = state.references.settlements
    asked = area.casefold().strip()
    found = {
        id_
        for id_, place in settlements.items()
        if asked in (place.admin1.casefold(), place.admin1_pcode.casefold())
    }
    if found and asked:
        return found
    names = sorted({place.admin1 for place in settlements.values() if place.admin1})
    near = difflib.get_close_matches(area, names, 3, 0.5) or names[:8]
    hint = f"; there are {', '.join(near)}" if near else "; the record names none"
    raise UsageError(f"no province {area!r}{hint}")


def _layout(state: State, view: View) -> Layout:
    if view.place is None:
        return Layout()
    known = state.references.settlements[_id_of(state, view.place)]
    lat, lon = coarse(known.lat, known.lon, known.sensitivity)
    if lat is None or lon is None:
        raise UsageError(f"{known.name!r} is a severe place: no map shows it")
    return Layout(focus=(lat, lon, view.km))


def _id_of(state: State, name: str) -> str:
    """The settlement that *name* names; raises `UnknownId` for none, or several."""
    settlements = state.references.settlements
    if name in settlements:
        return name
    gazetteer = Gazetteer(
        {key: (one.name, *one.aliases) for key, one in settlements.items()}
    )
    found = gazetteer.find(name)
    if len(found) > 1:
        raise AmbiguousName("settlement", name, found)
    if not found:
        raise UnknownId("settlement", name, gazetteer.like(name))
    return found[0]


def _actors(state: State) -> Actors:
    """Labels for the legend; initials are told in full."""
    actors = {}
    for id_, actor in state.references.actors.items():
        label = actor.short or actor.name
        if label.isupper() and len(label) <= INITIALS and actor.name != label:
            label = f"{label}: {actor.name.partition(' (')[0]}"
        actors[id_] = (label, None)
    return actors


def _title(states: Sequence[State], branch: str, view: View) -> str:
    """Which data, what is asked, which days; a branch says that it is one."""
    state = states[-1]
    held = "who held what"
    if branch:
        held = f"WHAT-IF {branch}: who would hold what"
    when = f" on {day_words(state.on)}" if len(states) == 1 else ""
    where = f" in {view.admin1}" if view.admin1 else ""
    if view.place:
        where = f" about {state.references.settlements[_id_of(state, view.place)].name}"
    named = ", ".join(_datasets(state)[:2]) or view.record
    return f"{named}: {held}{where}{when}" if named else f"W{held[1:]}{where}{when}"


def _datasets(state: State) -> list[str]:
    """The data sets from which the reports on control came."""
    return sorted(
        {
            one.claim.dataset
            for reports in state.heard.control.values()
            for one in reports
            if one.claim.dataset
        }
    )


def _caption(state: State, view: View) -> Caption:
    clock = f"as known at position {state.position:,} of the log"
    if state.published_by is not None:
        clock += f", as published by {day_words(state.published_by)}"
    drawn = map_places(state)
    left_out = len(state.places) - len(drawn)
    more = f" Not drawn: {left_out}, sensitive or without coordinates."
    more = more if left_out else ""
    record = f"record {view.record}" if view.record else ""
    asked = " · ".join(filter(None, (record, "end of the day (UTC)")))
    return Caption(
        asked=asked,
        clock=clock,
        lens=state.lens,
        licence=f"{view.licence}{more}".strip(),
    )
