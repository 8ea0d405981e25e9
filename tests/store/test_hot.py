"""The hot record of every kind of event, number by number, written out by hand."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest

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
from chronicle.store.columnar import BLANK, DTYPE, KINDS, NO_DAY, WIDTH, columnar

NOV_27 = 20_054  # days after 1970-01-01 of 27 November 2024
EMPTY = {
    **dict.fromkeys(("status", "time", "grade", "flags", "mask"), 0),
    **dict.fromkeys(("place", "actor", "source", "other", "amount"), -1),
    **dict.fromkeys(("valid", "published", "since", "until"), -(2**31)),
}
CODES = {
    ("settlement", "alder"): 70_000,
    ("settlement", "birch"): 8,
    ("actor", "red"): 5,
    ("source", "radio"): 3,
    ("counter", "ocha"): 2,
    ("area", "SY02"): 4,
    ("counter", ""): 0,
    ("area", ""): 1,
}
POSITIONS = {"r1": 41, "r2": 42}
BY = {"report_id": "x", "source": "radio"}
GRADED = {
    **BY,
    "published": "2024-11-29",
    "reliability": "F",
    "credibility": 6,
}
SAID = {"source": 3, "published": NOV_27 + 2, "grade": 54}

CASES: list[tuple[Event, dict[str, int]]] = [
    (
        ControlReported(
            settlement="alder",
            controller="red",
            status="besieged",
            valid_from="2024-11-27",
            time_of_day="night",
            since="2024-11-26",
            until="2024-11-30",
            baseline=True,
            **GRADED,
        ),
        SAID
        | {"kind": 0, "status": 3, "time": 3, "flags": 1, "place": 70_000, "actor": 5}
        | {"valid": NOV_27, "since": NOV_27 - 1, "until": NOV_27 + 3},
    ),
    (
        ControlReported(
            settlement="birch", status="contested", valid_from="1969-12-31", **BY
        ),
        {"kind": 0, "status": 1, "time": 1, "place": 8, "source": 3, "valid": -1},
    ),
    (
        DisplacementReported(
            measure="flow",
            category="newly displaced",
            persons=10_000_000_000,
            area="SY02",
            settlement="birch",
            counter="ocha",
            since="2024-11-27",
            until="2024-12-05",
            **GRADED,
        ),
        SAID
        | {"kind": 1, "status": 1, "time": 1, "mask": 1, "place": 8, "actor": 2}
        | {"other": 4, "valid": NOV_27 + 8, "since": NOV_27, "until": NOV_27 + 8}
        | {"amount": 10_000_000_000},
    ),
    (
        DisplacementReported(
            measure="stock", category="displaced", valid_on="2024-11-27", **BY
        ),
        {"kind": 1, "time": 1, "actor": 0, "other": 1, "source": 3, "valid": NOV_27},
    ),
    (
        IncidentReported(
            kind="Armed clash",
            valid_from="2024-11-27",
            settlement="alder",
            alleged_actor="red",
            time_of_day="morning",
            aggregate=True,
            killed=3,
            **GRADED,
        ),
        SAID | {"kind": 2, "flags": 2, "place": 70_000, "actor": 5, "valid": NOV_27},
    ),
    (
        IncidentReported(kind="Attack", valid_from="2024-11-27", **BY),
        {"kind": 2, "time": 1, "source": 3, "valid": NOV_27},
    ),
    (
        RouteStatusReported(
            settlement_a="birch",
            settlement_b="alder",
            shut=True,
            valid_from="2024-11-27",
            until="2024-11-28",
            time_of_day="evening",
            **GRADED,
        ),
        SAID
        | {"kind": 3, "status": 1, "time": 2, "place": 8, "other": 70_000}
        | {"valid": NOV_27, "until": NOV_27 + 1},
    ),
    (
        SupportReported(backer="A", backed="red", valid_from="2024-11-27", **GRADED),
        SAID | {"kind": 4, "valid": NOV_27},
    ),
    (
        LegendReported(
            legend="m", colour="green", means="s", valid_from="2024-11-27", **GRADED
        ),
        SAID | {"kind": 5, "valid": NOV_27},
    ),
    (ReportRetracted(report="r1", **GRADED), SAID | {"kind": 6, "amount": 41}),
    (
        ReportsLinked(report="r2", other="r1", relation="disputes", **GRADED),
        SAID | {"kind": 8, "flags": 4, "amount": 42, "other": 41},
    ),
    (
        ReportsLinked(report="r1", other="r2", relation="same-change", **BY),
        {"kind": 8, "source": 3, "amount": 41, "other": 42},
    ),
    (ReportRedacted(report="r2", **GRADED), SAID | {"kind": 9, "amount": 42}),
    (
        ReportAmended(
            report="r2",
            changes={
                "settlement": "alder",
                "controller": "red",
                "status": "presence",
                "valid_from": "2024-11-27",
                "time_of_day": "night",
                "published": "2024-11-28",
                "reliability": "B",
                "credibility": 2,
                "note": "n",
            },
            **GRADED,
        ),
        {"kind": 7, "mask": 255 | 1 << 15, "place": 70_000, "actor": 5, "status": 4}
        | {"time": 3, "grade": 2 * 8 + 2, "valid": NOV_27, "published": NOV_27 + 1}
        | {"since": NOV_27 + 2, "source": 3, "amount": 42},
    ),
    (
        ReportAmended(
            report="r1",
            changes={"controller": None, "published": None, "credibility": None},
            **BY,
        ),
        {"kind": 7, "mask": 2 | 32 | 128, "time": 1, "source": 3, "amount": 41},
    ),
    (
        ReportAmended(report="r1", changes={"persons": 7}, **BY),
        {"kind": 7, "mask": 1 << 15, "time": 1, "source": 3, "amount": 41},
    ),
    (
        SettlementRegistered(settlement="alder", name="A", lat=1, lon=2),
        {"kind": 10, "place": 70_000},
    ),
    (
        ActorRegistered(actor="red", name="R", since="2024-11-27", until="2024-11-28"),
        {"kind": 11, "actor": 5, "since": NOV_27, "until": NOV_27 + 1},
    ),
    (
        SourceRegistered(source="radio", name="R", reliability="A"),
        {"kind": 12, "source": 3, "grade": 8},
    ),
    (SourceRegistered(source="radio", name="R"), {"kind": 12, "source": 3}),
    (
        RouteRegistered(settlement_a="birch", settlement_b="alder", distance_km=3),
        {"kind": 13, "place": 8, "other": 70_000},
    ),
    (ImportFinished(file="f", digest="0" * 64, new=9), {"kind": 14}),
    (
        EvidenceExported(file="f", digest="0" * 64, events=3, root="1" * 64),
        {"kind": 15},
    ),
]


def numbers(record: bytes) -> dict[str, Any]:
    assert len(record) == WIDTH
    found = np.frombuffer(record, dtype=DTYPE)[0]
    return {name: int(found[name]) for name, _ in DTYPE}


@pytest.mark.parametrize(
    ("event", "expected"), CASES, ids=[event.TYPE for event, _ in CASES]
)
def test_the_hot_record_holds(event: Event, expected: dict[str, int]) -> None:
    record = columnar(event, lambda kind, id_: CODES[kind, id_], POSITIONS.__getitem__)
    assert numbers(record) == EMPTY | expected


def test_every_kind_of_event_has_an_example() -> None:
    assert {event.TYPE for event, _ in CASES} == EVENTS.keys() == KINDS.keys()
    assert sorted(KINDS.values()) == list(range(len(KINDS)))


def test_a_record_is_as_wide_as_its_columns_and_little_endian() -> None:
    assert WIDTH == np.dtype(DTYPE).itemsize == 48
    assert struct.unpack_from("<i", BLANK, 8) == (-1,)
    assert numbers(BLANK) == EMPTY | {"kind": 255}
    assert EMPTY["valid"] == NO_DAY
