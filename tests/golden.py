"""Golden files: what an event of each stored shape looks like on disk, for ever.

    python tests/golden.py

writes the newest shape of every TYPE into `tests/golden/`, in full (each field has a
value of its own) and short (what may be left out is left out): the bytes as `.hex`, the
event beside them as `.json`. A file that is there already must not change, because
chronicles with such bytes exist: give the shape a new number and an upcaster instead.
"""

from __future__ import annotations

import json
import sys
import textwrap
from dataclasses import MISSING, fields
from datetime import date
from pathlib import Path
from typing import Any

from chronicle.domain.events import (
    EVENTS,
    ActorRegistered,
    ControlReported,
    DisplacementReported,
    Event,
    EvidenceExported,
    ImportFinished,
    IncidentReported,
    LegendReported,
    ReportAmended,
    ReportRedacted,
    ReportRetracted,
    ReportsLinked,
    RouteRegistered,
    RouteStatusReported,
    SettlementRegistered,
    SourceRegistered,
    SupportReported,
)
from chronicle.store.codec import SHAPES, encode

FOLDER = Path(__file__).parent / "golden"

_REPORT: dict[str, Any] = {
    "report_id": "r-0042",
    "source": "radio",
    "published": "2024-11-29",
    "reliability": "B",
    "credibility": 3,
    "note": "first line\nsecond line: حلب",
    "ref": "https://example.org/1",
    "basis": "read there",
    "dataset": "toy",
}
_DAYS: dict[str, Any] = {
    "valid_from": "2024-11-27",
    "since": "2024-11-26",
    "until": "2024-11-30",
}
_FULL: dict[type[Event], dict[str, Any]] = {
    ControlReported: {
        **_REPORT,
        **_DAYS,
        "settlement": "alder",
        "controller": "red",
        "status": "besieged",
        "time_of_day": "night",
        "precision": "span",
        "from_actor": "blue",
        "kind": "Government regains territory",
        "claimed_by": "red's own paper",
        "baseline": True,
    },
    DisplacementReported: {
        **_REPORT,
        "measure": "flow",
        "category": "newly displaced",
        "persons": 280_000,
        "low": 250_000,
        "high": 300_000,
        "qualifier": "over",
        "area": "SY02",
        "settlement": "alder",
        "origin": "birch",
        "destination": "cedar",
        "counter": "ocha",
        "valid_on": "2024-12-05",
        "since": "2024-11-27",
        "until": "2024-12-06",
        "includes": ("r-0040", "r-0041"),
    },
    IncidentReported: {
        **_REPORT,
        **_DAYS,
        "kind": "Air/drone strike",
        "settlement": "alder",
        "area": "SY0203",
        "time_of_day": "morning",
        "precision": "week",
        "alleged_actor": "red",
        "claimed_by": "nobody",
        "killed": 3,
        "killed_low": 2,
        "killed_high": 5,
        "injured": 14,
        "injured_low": 10,
        "injured_high": 20,
        "civilians": "mixed",
        "disputed": True,
        "aggregate": True,
    },
    SupportReported: {
        **_REPORT,
        "backer": "A state",
        "backed": "red",
        "support": "aircraft",
        "valid_from": "2015-09-30",
    },
    RouteStatusReported: {
        **_REPORT,
        "settlement_a": "birch",
        "settlement_b": "alder",
        "shut": True,
        "valid_from": "2024-11-27",
        "time_of_day": "evening",
        "until": "2024-11-30",
    },
    LegendReported: {
        **_REPORT,
        "legend": "the map of 28 November",
        "colour": "green",
        "means": "opposition",
        "valid_from": "2024-11-28",
    },
    ReportsLinked: {**_REPORT, "report": "r1", "other": "r2", "relation": "disputes"},
    ReportRetracted: {**_REPORT, "report": "r1", "reason": "a forgery"},
    ReportAmended: {
        **_REPORT,
        "report": "r1",
        "changes": {
            "controller": None,
            "status": "contested",
            "valid_from": date(2024, 11, 28),
            "includes": ("r2", "r3"),
            "killed": 4,
            "shut": False,
            "note": "mended",
        },
        "reason": "a misprint",
    },
    ReportRedacted: {
        **_REPORT,
        "report": "r1",
        "reason": "a person is named",
        "digest": "0123456789abcdef" * 4,
        "was": "incident-reported",
    },
    SettlementRegistered: {
        "settlement": "alder",
        "name": "Alder",
        "lat": 36.25,
        "lon": -37.5,
        "aliases": ("Aldér", "جار الماء"),
        "kind": "city",
        "admin1": "North",
        "admin1_pcode": "SY02",
        "pcode": "C1001",
        "geonames_id": "0170063",
        "population": 1_850_000,
        "sensitivity": "high",
        "basis": "a gazetteer",
        "note": "n",
        "dataset": "toy",
        "published": "2019-05-01",
        "population_published": "2023-10-01",
    },
    RouteRegistered: {
        "settlement_a": "alder",
        "settlement_b": "birch",
        "distance_km": 12.5,
        "road_class": "motorway",
        "road": "M5",
        "basis": "measured",
        "note": "n",
        "dataset": "toy",
        "published": "2019-05-01",
    },
    ActorRegistered: {
        "actor": "red",
        "name": "The Reds",
        "short": "R",
        "side": "north",
        "kind": "rebel group",
        "colour": "#cc0000",
        "since": "2017-01-28",
        "until": "2025-01-29",
        "note": "n",
        "dataset": "toy",
    },
    SourceRegistered: {
        "source": "radio",
        "name": "The Radio",
        "kind": "broadcaster",
        "affiliation": "north",
        "reliability": "C",
        "since": "2011-03-15",
        "note": "n",
        "dataset": "toy",
    },
    EvidenceExported: {
        "file": "for-the-court",
        "digest": "0123456789abcdef" * 4,
        "events": 12,
        "root": "fedcba9876543210" * 4,
        "reports": 2,
        "reason": "asked for by letter",
        "note": "n",
        "dataset": "toy",
    },
    ImportFinished: {
        "file": "control.csv",
        "digest": "fedcba9876543210" * 4,
        "new": 1,
        "changed": 2,
        "gone": 3,
        "problems": 4,
        "note": "n",
        "dataset": "toy",
    },
}
# What else a short one needs, because fields must agree.
_NEEDED: dict[type[Event], dict[str, Any]] = {
    ControlReported: {"controller": "red"},
    DisplacementReported: {"valid_on": "2024-12-05"},
}


def examples() -> dict[str, Event]:
    """By name: an event of each TYPE in full and short, in the newest shape."""
    found: dict[str, Event] = {}
    for type_, kind in EVENTS.items():
        number = SHAPES[type_][0]
        full = _FULL[kind]
        needed = {f.name: full[f.name] for f in fields(kind) if f.default is MISSING}
        found[f"{type_}.{number}.full"] = kind(**full)
        found[f"{type_}.{number}.short"] = kind(**needed | _NEEDED.get(kind, {}))
    return found


def as_json(event: Event) -> dict[str, Any]:
    """The fields of *event* as JSON can hold them, and its TYPE."""
    values = {f.name: getattr(event, f.name) for f in fields(event)}
    found: dict[str, Any] = json.loads(json.dumps(values, default=date.isoformat))
    return {"type": event.TYPE, **found}


def main() -> int:
    """Write what is new; the number of files that would have to change."""
    FOLDER.mkdir(exist_ok=True)
    changed = 0
    for name, event in examples().items():
        body = "\n".join(textwrap.wrap(encode(event).hex(), 80)) + "\n"
        said = json.dumps(as_json(event), ensure_ascii=False, indent=1) + "\n"
        for file, content in ((f"{name}.hex", body), (f"{name}.json", said)):
            path = FOLDER / file
            if not path.exists():
                path.write_text(content, encoding="utf-8")
                sys.stdout.write(f"wrote {path}\n")
            elif path.read_text(encoding="utf-8") != content:
                changed += 1
                sys.stderr.write(
                    f"{path} would change, and chronicles with such bytes exist: give "
                    "the shape a new number and an upcaster in codec.py\n"
                )
    return changed


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
