"""The page's replay says what the library says, on whatever Hypothesis invents."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chronicle.web
from chronicle.domain.lenses import control_of, parse_lens
from chronicle.domain.state import State, state_of
from chronicle.domain.timeline import RecordedEvent
from chronicle.experiments.bundled import bundled_case
from chronicle.web.payload import encoded, payload
from strategies import DAYS, FAR_DAYS, SOURCES, logs, recorded

NODE = shutil.which("node") or shutil.which("nodejs")
STATIC = Path(chronicle.web.__file__).parent / "static"
ZERO = date(1970, 1, 1)
LENSES = ("latest", "graded", "majority", "cautious", "cautious:1", "cautious:30")

pytestmark = pytest.mark.skipif(NODE is None, reason="no node on this machine")

Ask = tuple[date, int, date | None, str]  # on, position, published by, lens


def answers_of(cases: Sequence[tuple[list[RecordedEvent], list[Ask]]]) -> Any:
    """What the page's modules answer, in one run of node."""
    told = [
        {
            "document": json.loads(encoded(payload(log, name="case"))),
            "asks": [
                {
                    "on": (on - ZERO).days,
                    "position": position,
                    "published": None if by is None else (by - ZERO).days,
                    "lens": lens,
                }
                for on, position, by, lens in asks
            ],
        }
        for log, asks in cases
    ]
    assert NODE is not None
    done = subprocess.run(
        [NODE, str(Path(__file__).with_name("answers.mjs")), str(STATIC)],
        input=json.dumps(told),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _days(value: date | None) -> int | None:
    return None if value is None else (value - ZERO).days


def wanted(state: State) -> dict[str, Any]:
    """The answer of the library in the page's words."""
    places = {
        id_: {
            "control": place.control,
            "status": place.status,
            "since": _days(place.verdict.since),
            "disputed": place.disputed,
            "last_heard": _days(place.last_heard),
            "deciding": [control_of(r).report_id for r in place.verdict.deciding],
            "against": [control_of(r).report_id for r in place.verdict.against],
        }
        for id_, place in state.places.items()
    }
    figures = [[one.claim.report_id, one.claim.persons] for one in state.figures]
    return {
        "places": places,
        "figures": figures,
        "open": [route.key for route in state.open_routes],
    }


def held_against(log: list[RecordedEvent], asks: list[Ask], answers: Any) -> None:
    for (on, position, by, lens), answer in zip(asks, answers, strict=True):
        state = state_of(log, on, parse_lens(lens), known_at=position, published_by=by)
        assert answer == wanted(state), (on, position, by, lens)


invented = settings(
    derandomize=True,
    deadline=None,
    max_examples=12,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.slow
@invented
@given(batch=st.lists(logs(), min_size=5, max_size=8), seed=st.integers(0, 10**6))
def test_the_page_says_what_the_library_says(batch: Any, seed: int) -> None:
    chance = random.Random(seed)
    lenses = [*LENSES, *(f"source:{source}" for source in SOURCES)]
    cases = []
    for events in batch:
        log = list(recorded(events))
        head = log[-1].position if log else 0
        asks: list[Ask] = [
            (
                chance.choice([*DAYS, *FAR_DAYS]),
                chance.choice([head, chance.randint(0, head)]),
                chance.choice([None, None, *DAYS]),
                chance.choice(lenses),
            )
            for _ in range(12)
        ]
        cases.append((log, asks))
    for (log, asks), answers in zip(cases, answers_of(cases), strict=True):
        held_against(log, asks, answers)


def test_the_page_says_what_the_library_says_of_the_bundled_case(
    syria_log: list[RecordedEvent],
) -> None:
    chance = random.Random(2024)
    sources = sorted(
        {getattr(one.event, "source", "") for one in syria_log} - {"", "editor"}
    )
    lenses = [*LENSES, *(f"source:{source}" for source in sources)]
    head = syria_log[-1].position
    asks: list[Ask] = [
        (
            date(2024, 11, 20) + timedelta(chance.randint(0, 45)),
            chance.choice([head, head, chance.randint(0, head)]),
            chance.choice([None, date(2024, 11, 26) + timedelta(chance.randint(0, 9))]),
            chance.choice(lenses),
        )
        for _ in range(60)
    ]
    held_against(syria_log, asks, answers_of([(syria_log, asks)])[0])


@pytest.fixture(scope="module")
def syria_log() -> list[RecordedEvent]:
    """The bundled case in memory, with corrections of every kind at its end."""
    from chronicle import memory
    from chronicle.domain.events import (
        ControlReported,
        ReportAmended,
        ReportRetracted,
        RouteRegistered,
        SettlementRegistered,
    )

    def road(a: str, b: str, published: str | None) -> RouteRegistered:
        return RouteRegistered(
            settlement_a=a, settlement_b=b, distance_km=9, published=published
        )

    record = memory()
    record.import_folder(bundled_case())
    record.append(
        [
            SettlementRegistered(settlement="new", name="New", published="2024-11-30"),
            SettlementRegistered(settlement="old", name="Old", published="2024-12-02"),
            SettlementRegistered(settlement="old", name="Old", published="2024-11-28"),
            *(road("new", "old", day) for day in ("2024-12-03", "2024-12-01")),
            *(road("hama", "new", day) for day in ("2024-11-29", None)),
            *(
                ControlReported(
                    report_id=f"b-{place}",
                    source="compiler",
                    settlement=place,
                    controller="gov",
                    valid_from="2024-11-26",
                    baseline=True,
                )
                for place in ("new", "old")
            ),
        ]
    )
    record.append(
        [
            ReportRetracted(report="c700", reason="for the test"),
            ReportAmended(report="c704", changes={"valid_from": "2024-12-03"}),
        ]
        if record.report("c700") and record.report("c704")
        else []
    )
    return list(record.log())
