"""Scenario files: what they may say, and how a mistake is told."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chronicle.errors import BudgetExceeded, ChronicleError, InputError
from chronicle.simulation.parameters import TABLE
from chronicle.simulation.scenario_file import read_scenario, scenario_of
from what_if_case import BRANCH, HOLD, data
from worked_scenarios import TOML


def mistake(**parts: Any) -> str:
    with pytest.raises(InputError) as told:
        scenario_of(data(**parts), "toy.toml")
    return str(told.value)


def head(**more: Any) -> dict[str, Any]:
    return data()["scenario"] | more


@pytest.mark.parametrize("path", TOML, ids=lambda path: path.stem)
def test_every_shipped_scenario_can_be_read(path: Path) -> None:
    found = read_scenario(path)
    assert found.id == path.stem
    assert found.published_by == found.branch_at  # no hindsight


def test_what_is_not_said_has_a_default() -> None:
    found = scenario_of(
        {
            "scenario": {"id": "least", "branch_at": BRANCH},
            "force": [{"actors": ["red"], "against": ["blue"]}],
        }
    )
    assert (found.replicas, found.seed, found.engine, found.draw) == (
        *(1000, 0, "auto", "prior"),
    )
    assert (found.horizon_days, found.rules, found.orders, found.arms) == (
        *(14, {}, (), ()),
    )


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            {"scenario": head(branch_att=BRANCH)},
            "toy.toml: [scenario] has no key 'branch_att'; did you mean 'branch_at'?",
        ),
        ({"forces": []}, "there is no 'forces'; did you mean 'force'?"),
        (
            {"rules": {"hold_day": 1}},
            "toy.toml: [rules] has no key 'hold_day'; did you mean 'hold_days'?",
        ),
        ({"rules": {"hold_days": -1}}, "rules.hold_days: -1 must be a number from 0"),
        ({"rules": {"push": float("nan")}}, "rules.push: nan must be a number"),
        ({"rules": {"push": True}}, "rules.push: True must be a number"),
        ({"ensemble": {"replicas": 0}}, "ensemble.replicas: 0 must be a whole number"),
        ({"ensemble": {"seed": 1.5}}, "ensemble.seed: 1.5 must be a whole number"),
        (
            {"ensemble": {"engine": "numpy"}},
            "ensemble.engine: 'numpy' must be one of auto, simpy, heap, numba",
        ),
        (
            {"ensemble": {"parameters": "priors"}},
            "'priors' must be one of fixed, prior; did you mean 'prior'?",
        ),
        ({"scenario": head(branch_at="2030-05-10")}, "branch_at: '2030-05-10' must be"),
        ({"scenario": head(horizon_days=400)}, "horizon_days: 400 must be a whole"),
        ({"scenario": head(id="two words")}, "id: 'two words' must be a word of"),
        ({"scenario": head(title="a\nb")}, "title: 'a\\nb' holds control or"),
        ({"scenario": {"id": "toy"}}, "[scenario] wants 'branch_at'"),
        ({"scenario": {"branch_at": BRANCH}}, "[scenario] wants 'id'"),
        ({"force": []}, "no [[force]]"),
        ({"force": {"actors": ["red"]}}, "force must be written as [[force]]"),
        ({"force": [{"actors": ["red"]}]}, "[force 1] wants 'against'"),
        ({"force": [{"actors": "red", "against": ["blue"]}]}, "must be a list of"),
        (
            {"intervention": [HOLD | {"kind": "holds"}]},
            "intervention 1.kind: 'holds' must be one of",
        ),
        (
            {"intervention": [HOLD | {"route": ["Birch", "Elm"]}]},
            "intervention 1: place and route: keep only one",
        ),
        (
            {"intervention": [HOLD], "compare": {"arms": [["holt"]]}},
            "compare.arms: 'holt' names no intervention; did you mean 'hold'?",
        ),
        ({"compare": {"arms": [[]]}}, "must be a list of intervention names"),
    ],
)
def test_a_mistake_is_told_with_file_key_and_value(
    parts: dict[str, Any], said: str
) -> None:
    told = mistake(**parts)
    assert told.startswith("toy.toml: ")
    assert said in told


def test_a_budget_that_is_exceeded_is_told_as_one() -> None:
    with pytest.raises(BudgetExceeded, match=r"ensemble\.replicas: 200,000 is over"):
        scenario_of(data(ensemble={"replicas": 200_000}), "toy.toml")


def test_a_file_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.toml"
    path.write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(BudgetExceeded, match="at most 1 MiB"):
        read_scenario(path)


@pytest.mark.parametrize(
    "content", [b"[scenario", b"\xff\xfe", b"a = " + b"[" * 100_000, b"x = 1\nx = 2"]
)
def test_what_is_no_toml_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "toy.toml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"toy\.toml"):
        read_scenario(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        read_scenario(tmp_path / "nowhere.toml")


def test_the_identity_is_of_what_is_said_and_not_of_how() -> None:
    one = scenario_of(data(), "one.toml")
    other = scenario_of(dict(reversed(data().items())), "other.toml")
    assert one.identity == other.identity
    assert one.identity != scenario_of(data(rules={})).identity


json_like = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *(
                        "scenario",
                        "ensemble",
                        "force",
                        "rules",
                        "intervention",
                        "compare",
                    ),
                    *("id", "branch_at", "kind", "place", "arms", "actors", "against"),
                    *("seed", "name", "from", "capacity", "actor", TABLE[0].name),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(list(data())), json_like, max_size=6))
def test_whatever_a_file_holds_it_is_read_or_refused(parts: dict[str, Any]) -> None:
    codes: list[int] = []
    try:
        found = scenario_of(data() | parts)
    except ChronicleError as told:
        codes.append(told.exit_code)
    else:
        assert isinstance(found.branch_at, date)
    assert set(codes) <= {3, 10}
