"""Several records side by side: one panel, one table of their settlements.

An id means what its record means by it, so ids are kept apart by record. Settlements of
two records are one place where both have the same GeoNames id, or else the same P-code,
and neither has it twice. A name joins nothing: two villages often share one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

from chronicle.api import Chronicle
from chronicle.domain.references import SettlementRegistered
from chronicle.domain.table import Table
from chronicle.domain.times import Day, KnownAt
from chronicle.domain.views import coarse
from chronicle.domain.vocabulary import SENSITIVITIES
from chronicle.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["panels", "places_table"]

Node = tuple[str, str]  # a record, and the id of a settlement in it
KEYS = (("geonames", "geonames_id"), ("pcode", "pcode"))  # the surest first


def panels(
    records: Mapping[str, Chronicle],
    freq: str = "D",
    start: Day | None = None,
    end: Day | None = None,
    *,
    known_at: KnownAt | None = None,
    published_by: Day | None = None,
    lens: str = "latest",
) -> pd.DataFrame:
    """`Chronicle.panel` of each record, one below the other, on the same days.

    *records* are named; the columns `record` and `place` come first, and `place` is the
    one of `places_table`. Without *start* and *end* the days are those from the first
    to the last that any of the records speaks of. Raises `UsageError` for no record.
    """
    import pandas as pd

    if not records:
        raise UsageError("a panel wants a record")
    days = list(_days(records, known_at))
    first = start if start is not None else min(days, default=None)
    last = end if end is not None else max(days, default=None)
    found = _places(records)
    names = sorted(set(found.values()))
    parts = []
    for name, record in records.items():
        part = record.panel(
            freq, first, last, known_at=known_at, published_by=published_by, lens=lens
        )
        ids = part["settlement"].cat.categories
        place = part["settlement"].astype(str).map({i: found[name, i] for i in ids})
        part.insert(0, "place", place.astype(pd.CategoricalDtype(names)))
        whole = pd.CategoricalDtype(list(records))
        part.insert(0, "record", pd.Series([name] * len(part), dtype=whole))
        parts.append(part)
    for column in ("settlement", "control"):
        words = sorted({w for part in parts for w in part[column].cat.categories})
        for part in parts:
            part[column] = part[column].cat.set_categories(words)
    both = pd.concat(parts, ignore_index=True)
    told = {name: part.attrs for name, part in zip(records, parts, strict=True)}
    both.attrs = {
        "header": "\n".join(f"{name}: {of['header']}" for name, of in told.items()),
        "records": {
            name: {key: of[key] for key in ("position", "digest")}
            for name, of in told.items()
        },
        "lens": parts[0].attrs["lens"],
    }
    return both


def _days(records: Mapping[str, Chronicle], known_at: KnownAt | None) -> Iterator[date]:
    for record in records.values():
        facts = record.facts(known_at)
        yield from (day for day in (facts.first_day, facts.last_day) if day is not None)


def places_table(records: Mapping[str, Chronicle]) -> Table:
    """The settlements of all records, a row a place; a column a record has its ids.

    Name, codes and coordinates are those of the first record that has the place,
    coordinates as coarse as the most careful of the records asks.
    """
    members: dict[str, dict[str, str]] = {}
    for (record, id_), place in sorted(_places(records).items()):
        members.setdefault(place, {})[record] = id_
    known = {name: record.references().settlements for name, record in records.items()}
    rows = []
    for place, ids in sorted(members.items()):
        told = [known[name][ids[name]] for name in records if name in ids]
        first = told[0]
        rows.append(
            (
                place,
                first.name,
                first.geonames_id,
                first.pcode,
                *_spot(told),
                *(ids.get(name) for name in records),
            )
        )
    columns = ("place", "name", "geonames_id", "pcode", "lat", "lon", *records)
    return Table(columns, rows, f"Settlements of {', '.join(records)}")


def _spot(told: list[SettlementRegistered]) -> tuple[float | None, float | None]:
    """Where it is, by the first record that knows, as coarse as the strictest asks."""
    strictest = max(told, key=lambda one: SENSITIVITIES.index(one.sensitivity))
    known = next((one for one in told if one.lat is not None), told[0])
    return coarse(known.lat, known.lon, strictest.sensitivity)


def _places(records: Mapping[str, Chronicle]) -> dict[Node, str]:
    """Each settlement of each record, and the place that it is."""
    known = {
        (name, id_): settlement
        for name, record in records.items()
        for id_, settlement in record.references().settlements.items()
    }
    group = {node: [node] for node in known}
    for _, field in KEYS:
        for same in _sharing(known, field).values():
            for other in same[1:]:
                mine, theirs = group[same[0]], group[other]
                apart = {name for name, _ in mine}.isdisjoint(n for n, _ in theirs)
                if mine is not theirs and apart:  # a record has a place but once
                    mine += theirs
                    for node in theirs:
                        group[node] = mine
    found: dict[Node, str] = {}
    taken: dict[str, list[Node]] = {}
    for node in sorted(known):
        place = _place_of(group[node], known)
        if taken.setdefault(place, group[node]) is not group[node]:
            place = "/".join(node)  # the code is another place's as well
        found[node] = place
    return found


def _sharing(
    known: Mapping[Node, SettlementRegistered], field: str
) -> dict[str, list[Node]]:
    """The settlements by their code, where no record has a code twice."""
    by_code: dict[str, list[Node]] = {}
    for node, settlement in known.items():
        if code := getattr(settlement, field):
            by_code.setdefault(str(code), []).append(node)
    return {
        code: nodes
        for code, nodes in by_code.items()
        if len({name for name, _ in nodes}) == len(nodes)
    }


def _place_of(nodes: list[Node], known: Mapping[Node, SettlementRegistered]) -> str:
    """By the surest code that joined it; else by record and id."""
    for word, field in KEYS:
        codes = sorted({str(c) for n in nodes if (c := getattr(known[n], field))})
        if codes and len(nodes) > 1:
            return f"{word}:{codes[0]}"
    return "/".join(min(nodes))
