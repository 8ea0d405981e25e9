"""Interventions and forces in words, as reports and `--explain` have them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from chronicle.experiments.execute import run_scenario
from chronicle.report.wording import broke_early, order_words
from chronicle.simulation.rules import CEASEFIRE_BROKEN
from what_if_case import BRANCH, five_towns, scenario, words_of

PRIOR = {"replicas": 60, "seed": 5, "engine": "heap", "parameters": "prior"}
NEXT = BRANCH + timedelta(days=1)


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (
            {"kind": "hold", "place": "Birch", "extra_days": 7},
            "hold at Birch: 7 more days from the branch on",
        ),
        (
            {"kind": "hold", "places": ["Birch", "elm"], "extra_days": 1, "from": NEXT},
            "hold at Birch and Elm: 1 more day from 11 May 2030 on",
        ),
        (
            {"kind": "open_corridor", "route": ["Birch", "Elm"], "from": NEXT},
            "corridor Birch – Cedar – Elm: for people and not for forces, from "
            "11 May 2030 on",
        ),
        (
            {"kind": "close_route", "route": ["birch", "cedar"], "from": NEXT,
             "until": date(2030, 5, 14)},
            "route Birch – Cedar: shut to everybody from 11 May 2030 to the end of "
            "13 May 2030 (until is exclusive)",
        ),
        (
            {"kind": "transfer", "place": "Elm", "actor": "red", "from": NEXT},
            "Elm: handed over to red without violence on 11 May 2030",
        ),
        (
            {"kind": "reinforce", "place": "Elm", "factor": 2},
            "garrison of Elm: times 2 at the branch",
        ),
        (
            {"kind": "capacity", "place": "Elm", "capacity": 12000, "from": NEXT},
            "Elm: room for 12,000 displaced people from 11 May 2030 on",
        ),
    ],
    ids=lambda value: value.get("kind") if isinstance(value, dict) else "",
)  # fmt: skip
def test_an_intervention_is_told_in_words(order: dict[str, Any], said: str) -> None:
    run = run_scenario(scenario(order | {"name": "act"}), five_towns(), replicas=2)
    words = words_of(run)
    asked = words[words.index("Asked") : words.index("In short")]
    assert f"act {said} Branched from" in asked
    assert "baseline (no intervention) all goes on as at the branch: red adv" in asked


TRUCE = {"kind": "ceasefire", "from": NEXT, "until": date(2030, 5, 16)}


def test_a_ceasefire_says_how_often_it_broke() -> None:
    second = TRUCE | {"from": date(2030, 5, 17), "until": date(2030, 6, 30)}
    # Beyond that threshold there would be ceasefires that nobody ordered.
    asked = scenario(TRUCE, second, ensemble=PRIOR, rules={"ceasefire_threshold": 1})
    run = run_scenario(asked, five_towns())
    kinds = [
        [c.kind for c in run.replica(number, "ceasefire").changes]
        for number in range(60)
    ]
    ensemble = run.ensembles[1]
    shares = [
        broke_early(ensemble, one, number)
        for number, one in enumerate(ensemble.interventions)
    ]
    broken = sum(kind.count(CEASEFIRE_BROKEN) for kind in kinds)
    assert 0 < broken < 120
    assert sum(shares) == pytest.approx(broken / 60)
    assert order_words(asked.orders[0], asked) == (
        "ceasefire of all: from 11 May 2030 to the end of 15 May 2030 (until is "
        "exclusive); it may break early (at a rate of 0 to 0.5 a day)"
    )
    never = scenario(TRUCE, rules={"ceasefire_break": 0})
    assert order_words(never.orders[0], never).endswith("it cannot break early")


@pytest.mark.parametrize(
    ("risings", "said"),
    [
        ("everywhere", "any place of blue may rise"),
        (["Elm", "Cedar"], "Elm and Cedar may rise"),
        ([], "no place rises"),
    ],
)
def test_risings_are_told_in_words(risings: Any, said: str) -> None:
    force = {"actors": ["red"], "against": ["blue"], "risings": risings}
    run = run_scenario(scenario(force=[force]), five_towns(), replicas=2)
    words = words_of(run)
    assert words.count(said) == 2  # where it is asked, and under the assumptions
