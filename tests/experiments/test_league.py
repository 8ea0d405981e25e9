"""The league of cases: its file, its folders, and that the pool holds in it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from chronicle.calibration.hazards import Hazards
from chronicle.calibration.pools import (
    PRIOR_WEIGHTS,
    prior_pool,
    train_settings,
    weights_of,
)
from chronicle.errors import InputError, UsageError
from chronicle.experiments.evaluate import (
    DayForecast,
    DayScores,
    evaluate,
    forecast_case,
)
from chronicle.experiments.league import chosen_cases, read_league
from chronicle.experiments.league_tables import (
    best_reference,
    days_table,
    pit_table,
    regimes_table,
    reliability_table,
)
from chronicle.verification.outcomes import Forecast
from chronicle.verification.pools import shipped_pool
from chronicle.verification.self_exciting import SELF_EXCITING, TERMS, self_exciting
from shell import run as shell

GATED = ("donbas-summer-2024", "zaporizhzhia-2024")
ONE = """
horizon_days = 14
[[case]]
id = "kherson-2024"
[[case.front]]
attackers = ["rus"]
defenders = ["ukr"]
branches = [2024-02-18]
"""


@pytest.fixture(scope="module")
def days() -> tuple[DayScores, ...]:
    return evaluate(chosen_cases(GATED), replicas=20, workers=1)


def test_the_league_has_many_days_on_many_fronts_all_of_them_in_their_records() -> None:
    cases = chosen_cases(())
    assert sum(len(case.days) for case in cases) >= 40
    assert len({(case.id, front) for case in cases for front in case.fronts}) >= 6
    for case in cases:
        assert (case.folder / "control.csv").is_file()
        assert len({day.name for day in case.days}) == len(case.days)
    case = next(case for case in cases if case.id == "zaporizhzhia-2024")
    record = case.chronicle()
    last = max(day.branch for day in case.days) + timedelta(days=case.horizon_days)
    told = max(
        row.event.valid_from for row in record.log() if hasattr(row.event, "valid_from")
    )
    assert told >= last


@pytest.mark.slow
def test_what_is_published_is_not_worse_than_the_best_simple_forecast_by_a_twentieth(
    days: tuple[DayScores, ...],
) -> None:
    ours = sum(one.crps for one in days) / len(days)
    name, theirs = best_reference(days)
    assert ours <= 1.05 * theirs, name


@pytest.mark.slow
def test_what_is_published_says_about_as_many_falls_as_came(
    days: tuple[DayScores, ...],
) -> None:
    said = sum(one.total.said for one in days)
    seen = sum(one.forecast.fell for one in days)
    assert seen / 2 <= said <= 2 * seen


@pytest.mark.slow
def test_a_league_is_told_by_regime_by_day_and_by_chance(
    days: tuple[DayScores, ...],
) -> None:
    every, *_ = regimes_table(days)
    assert every["regime"] == "every"
    assert every["days"] == len(days) == 9
    assert every["crps"] == pytest.approx(
        sum(one.crps for one in days) / len(days), abs=1e-4
    )
    assert [row["case"] for row in days_table(days)] == [
        one.forecast.day.case.id for one in days
    ]
    places = sum(len(one.forecast.truth) for one in days)
    assert sum(row["places"] for row in reliability_table(days)) == places
    for column in ("places", "total"):
        assert sum(row[column] for row in pit_table(days)) == pytest.approx(1, abs=1e-3)


def test_weights_are_on_the_simplex_and_no_single_member_beats_them_in_sample() -> None:
    (case,) = chosen_cases(["kherson-summer-2022"])
    members = list(forecast_case(case, replicas=20, pool=prior_pool()))
    weights = weights_of(members).members
    assert sum(weights.values()) == pytest.approx(1)
    assert min(weights.values()) >= 0
    assert set(weights) == set(PRIOR_WEIGHTS)
    hazards = Hazards(members)
    every = hazards.without(set())
    assert set(every) == set(TERMS)
    assert min(every.values()) >= 0
    assert max(every.values()) > 0
    assert hazards.without({"another"}) == pytest.approx(every, abs=0.01)
    assert hazards.without({case.fold}) == {}  # nothing is left to fit on
    fallen = [day.fell for day in members]
    said = [excited(day, every).by_day(14)[:, -1].sum() for day in members]
    assert 0 < sum(said) < 3 * max(sum(fallen), 1)
    with pytest.raises(UsageError, match="two folds or more"):
        train_settings(members)
    with pytest.raises(UsageError, match="at least one branch day"):
        weights_of([])


def excited(day: DayForecast, hazard: dict[str, float]) -> Forecast:
    return self_exciting(day.published.exposure, day.truth.horizon, hazard)


def test_the_pool_has_a_member_whose_coefficients_know_nothing_of_the_fold() -> None:
    (case,) = chosen_cases(["kherson-summer-2022"])
    day = next(forecast_case(case, replicas=5))
    member = day.published.members[-1]
    assert member.name == SELF_EXCITING
    prior = shipped_pool().of("prior")
    without = {one.fold: one.weights for one in prior.without}
    assert member.parameters == without[case.fold].hazard
    assert without[case.fold].hazard != prior.weights.hazard
    assert SELF_EXCITING not in [one.name for one in day.published.references]
    for weights in (prior.weights, *without.values()):
        assert set(weights.hazard) == set(TERMS)
        assert weights.members[SELF_EXCITING] > 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("[[case]]", "[[cases]]"), "no \\[\\[case\\]\\]"),
        (("branches = [2024-02-18]", "branches = []"), "branches: a list of days"),
        (("branches", "branchs"), "unknown key 'branchs'; did you mean 'branches'"),
        (('["rus"]', '"rus"'), "attackers: a list of actor ids"),
        (('"kherson-2024"', '"../kherson-2024"'), "no name of a folder"),
        (("horizon_days = 14", "horizon_days = 0"), "no number of days from 1"),
        (("horizon_days = 14", "horizon_days ="), "Invalid value"),
    ],
)
def test_what_a_league_says_wrong_is_told_with_file_and_key(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(ONE.replace(*change))
    with pytest.raises(InputError, match=said) as found:
        read_league(file)
    assert "mine.toml" in str(found.value)


def test_an_unknown_case_names_the_nearest() -> None:
    found = shell("evaluate", "kherson-2042")
    assert found.code == 2
    assert "did you mean 'kherson-2024'?" in found.err


@pytest.mark.slow
def test_evaluate_prints_a_row_for_each_kind_of_day() -> None:
    words = "zaporizhzhia-2024", "--replicas", "5", "--workers", "1"
    found = shell("evaluate", *words, "--format", "csv")
    assert found.code == 0
    assert found.out.splitlines()[0].startswith(
        "regime,days,fronts,crps,best_reference"
    )
    assert found.out.splitlines()[1].startswith("every,4,1,")


def test_train_refuses_a_league_of_one_fold(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(ONE)
    (case,) = chosen_cases(["kherson-2024"])
    (tmp_path / "kherson-2024").symlink_to(case.folder)
    words = "--replicas", "5", "--prior-only", "--out", str(tmp_path / "pool.json")
    found = shell("train", str(file), *words)
    assert found.code == 2
    assert "two folds or more" in found.err
    assert not (tmp_path / "pool.json").exists()
