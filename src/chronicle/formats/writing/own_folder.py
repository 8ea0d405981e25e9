"""Chronicle's own folder of CSV files: what counts of a record, to import again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from chronicle.domain.events import (
    ActorRegistered,
    ControlReported,
    DisplacementReported,
    Event,
    IncidentReported,
    LegendReported,
    RouteRegistered,
    RouteStatusReported,
    SettlementRegistered,
    SourceRegistered,
    SupportReported,
)
from chronicle.formats.csv_folder.kinds import KINDS, Kind
from chronicle.formats.writing.content import Content
from chronicle.formats.writing.guard import csv_bytes

__all__ = ["own_folder"]

_EVENTS: dict[str, type[Event]] = {
    "settlements.csv": SettlementRegistered,
    "actors.csv": ActorRegistered,
    "sources.csv": SourceRegistered,
    "routes.csv": RouteRegistered,
    "legends.csv": LegendReported,
    "control.csv": ControlReported,
    "displacement.csv": DisplacementReported,
    "incidents.csv": IncidentReported,
    "closures.csv": RouteStatusReported,
    "support.csv": SupportReported,
}


def own_folder(content: Content) -> dict[str, bytes]:
    """The files of the folder by name; a kind of which there is nothing has none.

    Reports stand as they count now, amended, in the order in which they were told, so
    that the same states come of them. What was retracted is not there: the whole
    history is in the JSON lines.
    """
    links: dict[str, dict[str, list[str]]] = {}
    for link in content.links():
        links.setdefault(link.report, {}).setdefault(link.relation, []).append(
            link.other
        )
    told = content.told()
    files = {}
    for kind in KINDS:
        if (event_type := _EVENTS.get(kind.file)) is None:
            continue
        events: Iterable[Event]
        shelf = _SHELVES.get(event_type)
        if shelf is not None:
            events = shelf(content)
        else:
            events = [one for one in told if isinstance(one, event_type)]
        rows = list(_rows(kind, events, links))
        if rows:
            names = list(kind.columns)
            used = [
                n
                for n, name in enumerate(names)
                if name in kind.needed
                or any(row[n] not in (None, "", ()) for row in rows)
            ]
            files[kind.file] = csv_bytes(
                [names[n] for n in used], ([row[n] for n in used] for row in rows)
            )
    return files


_SHELVES: dict[type[Event], Callable[[Content], Iterable[Event]]] = {
    SettlementRegistered: lambda content: content.places.settlements.values(),
    ActorRegistered: lambda content: content.places.actors.values(),
    SourceRegistered: lambda content: content.places.sources.values(),
    RouteRegistered: lambda content: content.places.routes.values(),
}
_LINKED = {"same_change_as": "same-change", "disputes": "disputes"}


def _rows(
    kind: Kind, events: Iterable[Event], links: dict[str, dict[str, list[str]]]
) -> Iterator[list[object]]:
    for event in events:
        row: list[object] = []
        for name, column in kind.columns.items():
            if name in _LINKED:
                found = links.get(getattr(event, "report_id", ""), {})
                row.append(tuple(found.get(_LINKED[name], ())))
                continue
            located = kind.located and name in ("lat", "lon")
            value = None if located else getattr(event, column.value, None)
            row.append(None if value is False and name != "shut" else value)
        yield row
