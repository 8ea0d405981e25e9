"""Sensitivity: indices that are known, the same draws everywhere, plain errors."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import chronicle as ch
from chronicle.calibration.salib import Range, effects, indices
from chronicle.calibration.sensitivity import sensitivity
from chronicle.errors import BudgetExceeded, InputError, UnknownId, UsageError
from chronicle.simulation.parameters import TABLE
from shell import run
from what_if_case import HOLD, five_towns, scenario
from worked_scenarios import FIVE_TOWNS

Floats = NDArray[np.float64]
PI = math.pi
CUBE = [Range(name=name, low=-PI, high=PI) for name in ("x1", "x2", "x3")]
QUICK = {"replicas": 4, "trajectories": 4, "samples": 16, "engine": "heap"}


def ishigami(x: Floats) -> Floats:
    return np.sin(x[:, 0]) * (1 + 0.1 * x[:, 2] ** 4) + 7 * np.sin(x[:, 1]) ** 2


def test_the_indices_of_ishigami_are_found() -> None:
    # Ishigami and Homma 1990, a = 7, b = 0.1: with V1 = (1 + b pi^4 / 5)^2 / 2,
    # V2 = a^2 / 8 and V13 = b^2 pi^8 (1/18 - 1/50), the only interaction.
    one, two = (1 + 0.1 * PI**4 / 5) ** 2 / 2, 7**2 / 8
    both = 0.1**2 * PI**8 * (1 / 18 - 1 / 50)
    whole = one + two + both
    found = indices(ishigami, CUBE, samples=2048, seed=1)
    assert found.evaluations == 2048 * 5
    assert found.first == pytest.approx([one / whole, two / whole, 0], abs=0.03)
    totals = [(one + both) / whole, two / whole, both / whole]
    assert found.total == pytest.approx(totals, abs=0.03)
    assert found.deviation**2 == pytest.approx(whole, rel=0.02)
    assert (found.total_half_width < 0.1).all()


def test_a_screening_of_a_plane_gives_its_slopes() -> None:
    ranges = [
        Range(name="a", low=0, high=2),
        Range(name="b", low=1, high=100, scale="log"),
        Range(name="c", low=-1, high=1),
    ]
    # Effects are over the whole range, of the logarithm where the scale is one.
    found = effects(lambda x: 3 * x[:, 0] - np.log10(x[:, 1]), ranges, seed=3)
    assert found.size == pytest.approx([6, 2, 0])
    assert found.spread == pytest.approx([0, 0, 0], abs=1e-9)
    assert found.order == [0, 1, 2]
    assert found.evaluations == 40


def test_a_seed_names_an_analysis_and_the_global_generator_is_left_alone() -> None:
    before = np.random.get_state()[1].tolist()
    first, again, other = (
        (effects(ishigami, CUBE, seed=s), indices(ishigami, CUBE, samples=64, seed=s))
        for s in (5, 5, 6)
    )
    for a, b in zip(first, again, strict=True):
        for name in ("size", "half_width", "total", "total_half_width"):
            if hasattr(a, name):
                assert getattr(a, name).tolist() == getattr(b, name).tolist()
    assert first[1].total.tolist() != other[1].total.tolist()
    assert np.random.get_state()[1].tolist() == before


def test_an_outcome_that_never_varies_has_no_indices() -> None:
    found = indices(lambda x: np.full(len(x), 2.0), CUBE, samples=4)
    assert np.isnan(found.total).all()
    assert (found.mean, found.deviation) == (2.0, 0.0)


def test_what_is_no_analysis_is_refused() -> None:
    with pytest.raises(UsageError, match="power of two"):
        indices(ishigami, CUBE, samples=100)
    with pytest.raises(UsageError, match="at least 2"):
        effects(ishigami, CUBE, trajectories=1)
    with pytest.raises(UsageError, match="different parameters"):
        effects(ishigami, [CUBE[0], CUBE[0]])
    with pytest.raises(UsageError, match="one finite number"):
        effects(lambda x: np.full(len(x), np.nan), CUBE)
    with pytest.raises(UsageError, match="no logarithm"):
        Range(name="x", low=0, high=1, scale="log")
    with pytest.raises(UsageError, match="no range"):
        Range(name="x", low=1, high=1)


def test_a_day_hangs_on_what_moves_it_and_on_nothing_else() -> None:
    told = scenario(rules={"transfer": 0, "repulse": 0})
    found = sensitivity(
        told,
        five_towns(),
        outcome="falls:Birch",
        vary=["speed_km_day", "delay_days", "push", "return_rate"],
        **QUICK,
    )
    by_name = dict(zip(found.effects.names, found.effects.size, strict=True))
    assert by_name["push"] == by_name["return_rate"] == 0.0
    # Red's first move waits for 0 to 2 days; at most speeds it comes too late anyway.
    assert 0.2 < by_name["delay_days"] <= 3.0
    assert by_name["speed_km_day"] > 0.5
    assert found.indices is not None
    assert set(found.indices.names) == {"speed_km_day", "delay_days"}
    rows = {row["parameter"]: row for row in found.table()}
    assert rows["push"]["total"] is None
    assert rows["speed_km_day"]["unit"] == "km/d"
    assert found.table().header.startswith("WHAT-IF")


def test_people_move_with_the_push() -> None:
    found = sensitivity(
        scenario(), five_towns(), outcome="displaced", vary=["push"], **QUICK
    )
    assert found.effects.size[0] > 100
    assert found.indices is not None
    # One parameter has all of the variance: every setting has the same luck.
    assert found.indices.total[0] == pytest.approx(1.0, abs=0.1)


def test_rules_of_the_file_are_not_varied_unless_named() -> None:
    set_ = {row.name: row.default for row in TABLE[:-2]}
    told = replace(scenario(), rules=set_)
    found = sensitivity(told, five_towns(), **QUICK)
    assert found.effects.names == tuple(row.name for row in TABLE[-2:])
    assert found.indices is None
    assert "no parameter moves this outcome" in " ".join(found.table().notes)
    named = sensitivity(told, five_towns(), vary=["hold_days"], **QUICK)
    assert named.effects.names == ("hold_days",)


def test_engines_and_workers_agree() -> None:
    given = {**QUICK, "vary": ["speed_km_day", "hold_days"], "outcome": "fallen"}
    plain = sensitivity(scenario(), five_towns(), **given)
    pytest.importorskip("numba")
    fast = sensitivity(
        scenario(), five_towns(), **{**given, "engine": "numba", "workers": 2}
    )
    assert fast.table().rows == plain.table().rows


@pytest.mark.parametrize(
    ("words", "error", "told"),
    [
        ({"outcome": "fallne"}, UsageError, "fallen, displaced or falls:PLACE"),
        ({"outcome": "falls:Brich"}, UnknownId, "did you mean birch"),
        ({"outcome": "falls:Alder"}, InputError, "not at risk"),
        ({"vary": ["sped_km_day"]}, UsageError, "did you mean 'speed_km_day'"),
        ({"arm": "hodl"}, UsageError, "'baseline', 'hold'"),
        ({"replicas": 0}, UsageError, "at least 1"),
        ({"replicas": 10**7}, BudgetExceeded, "20,000,000"),
    ],
)
def test_mistakes_are_told(
    words: dict[str, object], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        sensitivity(scenario(HOLD), five_towns(), **{**QUICK, **words})  # type: ignore[arg-type]


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "SALib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'conflict-chronicle\[calibrate"):
        effects(ishigami, CUBE)


def test_the_command_prints_a_table(tmp_path: Path) -> None:
    file = tmp_path / "five.chronicle"
    with ch.create(file) as log:
        log.import_folder(FIVE_TOWNS / "data")
    words = ("sensitivity", FIVE_TOWNS / "five-towns.toml", file, "--engine", "heap")
    words += ("--replicas", "2", "--trajectories", "2", "--samples", "4")  # type: ignore[assignment]
    ended = run(*words, "--vary", "speed_km_day", "--format", "json")
    assert ended.code == 0, ended.err
    (row,) = json.loads(ended.out)["rows"]
    assert (row["parameter"], row["low"], row["high"]) == ("speed_km_day", 0.2, 80.0)
    assert row["effect"] > 0
    wrong = run(*words, "--outcome", "nothing")
    assert (wrong.code, "no outcome 'nothing'" in wrong.err) == (2, True)
