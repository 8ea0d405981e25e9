"""Calibration: it finds what is there, says how sure it is, and reads no later news."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

import chronicle as ch
from chronicle.calibration.abc import accept, learn, resampled
from chronicle.calibration.calibrate import (
    Calibration,
    calibrate,
    summary_of,
    window_of,
)
from chronicle.calibration.predictive import bound_of, checks_of
from chronicle.calibration.sbc import kolmogorov_smirnov, run_sbc
from chronicle.calibration.simulations import (
    NUISANCE,
    PriorSimulations,
    Window,
    simulate,
)
from chronicle.domain.events import ControlReported
from chronicle.errors import InputError, UsageError
from chronicle.experiments.draws import parameter_draws
from chronicle.experiments.execute import run_scenario
from chronicle.report.folder import write_run
from chronicle.simulation.network import Network, NetworkPlace, NetworkRoad, build
from chronicle.simulation.parameters import INDEX, Parameters
from chronicle.simulation.posterior import Posterior, read_posterior, write_posterior
from chronicle.simulation.prior import prior_draws
from chronicle.simulation.scenario import Scenario
from chronicle.simulation.scenario_file import read_scenario
from shell import run as shell
from what_if_case import data, five_towns, scenario
from whatif_worlds import PLAIN
from worked_scenarios import FIVE_TOWNS

ISSUED = date(2030, 5, 14)
FITTED = ("speed_km_day", "hold_days", "delay_days")
SIDE = 5


def grid() -> Network:
    """Twenty-five places in a square, roads of 15 to 31 km, red at one corner."""
    names = [f"place-{i:02d}" for i in range(SIDE * SIDE)]
    roads = [
        NetworkRoad(a=names[i], b=names[j], distance_km=15 + (7 * i + 3 * j) % 17)
        for i in range(SIDE * SIDE)
        for j in ([i + 1] if (i + 1) % SIDE else []) + [i + SIDE]
        if j < SIDE * SIDE
    ]
    places = [
        NetworkPlace(
            settlement=name,
            controller="red" if i == 0 else "blue",
            population=10 ** (3 + 2 * ((5 * i) % 11) / 10),
        )
        for i, name in enumerate(names)
    ]
    return build(places, roads, actors=["red", "blue"], attacks=[("red", "blue")])


def window(days: int = 8) -> Window:
    network = grid()
    rules = {name: value for name, value in PLAIN.items() if name not in FITTED}
    return Window(network, network.controller == 1, days, rules | {"speed_sigma": 0.3})


@pytest.fixture(scope="module")
def bank() -> PriorSimulations:
    return simulate(window(), count=15_500, seed=3, fitted=FITTED)


def parts(
    bank: PriorSimulations,
) -> tuple[PriorSimulations, PriorSimulations, PriorSimulations]:
    """To learn summaries from, to accept from, to recover."""
    teachers, rest = bank.split(5_000)
    return teachers, *rest.split(10_000)


def issued(**more: object) -> Scenario:
    """The five towns on 14 May: birch and cedar have fallen, as was published."""
    head = data()["scenario"] | {"branch_at": ISSUED, "published_by": ISSUED}
    return replace(scenario(scenario=head, **more), rules={"transfer": 0.2})


@pytest.fixture(scope="module")
def fitted() -> Calibration:
    return calibrate(issued(), five_towns(), bank=600, seed=5, engine="heap")


# --- the check of the check ------------------------------------------------------


def test_learned_summaries_pass_the_check_and_raw_days_fail_it(
    bank: PriorSimulations,
) -> None:
    teachers, known, fresh = parts(bank)
    summaries = learn(teachers.features, teachers.shares, seed=1)
    good = run_sbc(
        bank.parameters,
        fresh.shares,
        summary_of(window(), summaries, fresh),
        summary_of(window(), summaries, known),
        known.shares,
        keep=400,
    )
    assert good.parameters == (*FITTED, *NUISANCE)
    assert (good.coverage() >= 0.86).all()
    assert (good.coverage() <= 0.94).all()
    assert (good.p_values() > 0.01).all()
    assert good.kept().all()
    learned = dict(zip(good.parameters, good.contraction.tolist(), strict=True))
    assert learned["speed_km_day"] > 0.5
    assert learned["hold_days"] > 0.15

    # The trap: the nearest by the days themselves, as they are.
    raw = [np.where(b.days == 0, 9, b.days).astype(float) for b in (fresh, known)]
    naive = run_sbc(
        bank.parameters, fresh.shares, *raw, known.shares, keep=400, adjust=False
    )
    assert not naive.kept().all()
    assert naive.p_values().min() < 0.001
    assert naive.contraction.sum() < good.contraction.sum()


def test_a_calibration_that_is_too_sure_is_caught(bank: PriorSimulations) -> None:
    teachers, known, fresh = parts(bank)
    summaries = learn(teachers.features, teachers.shares, seed=1)
    near = summaries.of(known.features)
    ranks = []
    for truth, seen in zip(fresh.shares, summaries.of(fresh.features), strict=True):
        found = accept(seen, near, known.shares, 400)
        mean = found.weights @ found.shares
        sure = replace(found, shares=mean + 0.5 * (found.shares - mean))
        ranks.append(sure.ranks(truth))
    cover = ((np.array(ranks) >= 0.05) & (np.array(ranks) <= 0.95)).mean(axis=0)
    assert (cover < 0.8).all()


def test_the_prior_passes_the_check_and_has_learned_nothing() -> None:
    random = np.random.default_rng(0)
    shares, truths = random.random((2_000, 2)), random.random((400, 2))
    noise, seen = random.random((2_000, 3)), random.random((400, 3))
    found = run_sbc(("a", "b"), truths, seen, noise, shares, 400)
    assert found.kept().all()
    assert (np.abs(found.contraction) < 0.1).all()
    assert found.histogram(10).sum(axis=1).tolist() == [400, 400]


@given(st.integers(0, 2**32), st.integers(20, 500), st.floats(0.7, 1.4))
@settings(max_examples=60, deadline=None)
def test_the_p_value_is_that_of_scipy(seed: int, n: int, bend: float) -> None:
    ranks = np.random.default_rng(seed).random(n) ** bend
    exact = kstest(ranks, "uniform").pvalue
    assert kolmogorov_smirnov(ranks) == pytest.approx(exact, abs=0.02)


# --- the parts -------------------------------------------------------------------


def test_a_linear_posterior_is_found_exactly_where_it_is_known() -> None:
    # s = u + noise of sd 0.05: far from the edges, u given s is normal around s.
    random = np.random.default_rng(1)
    u = random.random((40_000, 1))
    s = u + 0.05 * random.standard_normal(u.shape)
    found = accept(np.array([0.5]), s, u, 800)
    low, middle, high = found.quantiles((0.05, 0.5, 0.95))[:, 0]
    assert middle == pytest.approx(0.5, abs=0.01)
    assert high - low == pytest.approx(2 * 1.645 * 0.05, rel=0.08)
    assert found.contraction()[0] == pytest.approx(1 - 12 * 0.05**2, abs=0.01)


def test_adjustment_removes_what_a_wide_share_blurs() -> None:
    random = np.random.default_rng(2)
    u = random.random((4_000, 1))
    s = u + 0.02 * random.standard_normal(u.shape)
    plain = accept(np.array([0.4]), s, u, 1_000, adjust=False)
    moved = accept(np.array([0.4]), s, u, 1_000)
    assert moved.contraction()[0] > 0.99 > plain.contraction()[0]
    assert ((moved.shares > 0) & (moved.shares < 1)).all()


def test_the_nearest_are_accepted_and_ties_go_to_the_first() -> None:
    bank = np.array([[3.0], [1.0], [0.0], [-1.0], [1.0]])
    found = accept(np.array([0.0]), bank, np.full((5, 1), 0.5), 3, adjust=False)
    assert found.rows.tolist() == [2, 1, 3]
    assert found.weights.tolist() == [1 / 3] * 3
    with pytest.raises(UsageError, match="6 of 5"):
        accept(np.array([0.0]), bank, np.full((5, 1), 0.5), 6)


def test_all_alike_is_accepted_with_equal_weights() -> None:
    found = accept(np.zeros(2), np.zeros((9, 2)), np.full((9, 1), 0.25), 4)
    assert found.weights.tolist() == [0.25] * 4
    assert found.shares == pytest.approx(np.full((4, 1), 0.25))


def test_resampling_keeps_to_the_weights() -> None:
    random = np.random.default_rng(3)
    shares = random.random((500, 1))
    found = accept(np.array([0.3]), shares, shares, 100)
    rows = resampled(found, 1_000, seed=1)
    values, counts = np.unique(rows, return_counts=True)
    weights = dict(zip(found.shares[:, 0].tolist(), found.weights, strict=True))
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        assert abs(count - 1_000 * weights[value]) <= 1
    assert np.array_equal(rows, resampled(found, 1_000, seed=1))


def test_nothing_can_be_learned_from_a_bank_that_is_all_alike_or_tiny() -> None:
    with pytest.raises(UsageError, match="alike"):
        learn(np.ones((200, 3)), np.random.default_rng(0).random((200, 1)), seed=0)
    with pytest.raises(UsageError, match="100"):
        learn(np.ones((99, 3)), np.ones((99, 1)), seed=0)


def test_noise_teaches_nothing_and_does_no_harm() -> None:
    random = np.random.default_rng(4)
    found = learn(random.random((600, 40)), random.random((600, 2)), seed=0)
    assert (np.abs(found.explained) < 0.05).all()


# --- the bank --------------------------------------------------------------------


def test_a_simulation_of_the_bank_depends_on_its_number_alone(
    bank: PriorSimulations,
) -> None:
    few = simulate(window(), count=700, seed=3, fitted=FITTED, workers=2)
    plain = simulate(window(), count=40, seed=3, fitted=FITTED, engine="heap")
    for other in (few, plain):
        count = len(other.days)
        assert np.array_equal(bank.days[:count], other.days)
        assert np.array_equal(bank.shares[:count], other.shares)
        assert np.array_equal(bank.features[:count], other.features)
    assert not np.array_equal(
        bank.days[:40], simulate(window(), count=40, seed=4, fitted=FITTED).days
    )


def test_only_a_share_of_the_falls_is_seen() -> None:
    every = simulate(
        window(), count=300, seed=3, fitted=FITTED, every_fall_is_told=True
    )
    some = simulate(window(), count=300, seed=3, fitted=FITTED)
    assert every.parameters == FITTED
    assert ((some.days == every.days) | (some.days == 0)).all()
    fell = every.days > 0
    many = fell.sum(axis=1) > 10
    seen = ((some.days > 0).sum(axis=1) / np.maximum(fell.sum(axis=1), 1))[many]
    told = 0.8 + 0.2 * some.shares[many, some.parameters.index("reported")]
    assert np.corrcoef(seen, told)[0, 1] > 0.5
    assert abs(float((seen - told).mean())) < 0.03


def test_of_the_last_days_less_is_seen() -> None:
    late = replace(window(), published=(0.0, 0.5, 1.0))
    every = simulate(late, count=300, seed=3, every_fall_is_told=True)
    some = simulate(late, count=300, seed=3)
    told = [
        (some.days == day).sum() / max(1, (every.days == day).sum())
        for day in (6, 7, 8)
    ]
    assert told == pytest.approx([0.9, 0.45, 0.0], abs=0.12)


def test_the_prior_spans_the_ranges_of_the_table_and_leaves_rules_alone() -> None:
    drawn = prior_draws(Parameters(), {"repulse"}, seed=1, count=2_000)
    speed = np.log(drawn[:, INDEX["speed_km_day"]])
    assert (speed.min(), speed.max()) == pytest.approx(
        (np.log(0.2), np.log(80)), abs=0.02
    )
    assert kstest((speed - np.log(0.2)) / np.log(400), "uniform").pvalue > 0.01
    assert set(drawn[:, INDEX["repulse"]]) == {Parameters().repulse}
    again = prior_draws(Parameters(), {"repulse"}, seed=1, first=1_990, count=10)
    assert np.array_equal(again, drawn[1_990:])


# --- no hindsight ----------------------------------------------------------------


def control(number: int, place: str, day: int, published: int) -> ControlReported:
    return ControlReported(
        report_id=f"late-{number}",
        source="radio",
        settlement=place,
        controller="red",
        valid_from=date(2030, 5, day),
        published=date(2030, 5, published),
    )


def test_only_what_was_published_by_the_branch_enters(fitted: Calibration) -> None:
    assert fitted.posterior.made.published_by == ISSUED
    assert (fitted.fell, fitted.at_risk) == (2, 4)
    assert fitted.daily.sum() == 2
    later = five_towns()
    later.append(
        [control(1, "dogwood", 12, published=15), control(2, "elm", 13, published=18)]
    )
    # A scenario that may know more than was published by its branch fits no more.
    for published in (ISSUED, date(2030, 5, 20), None):
        again = calibrate(
            replace(issued(), published_by=published),
            later,
            bank=600,
            seed=5,
            engine="heap",
        )
        assert again.posterior.rows == fitted.posterior.rows
        assert again.daily.tolist() == fitted.daily.tolist()
    sooner = five_towns()
    sooner.append([control(1, "dogwood", 12, published=14)])
    _, seen, _, _ = window_of(issued(), sooner)
    assert (seen > 0).sum() == 3


def test_the_window_says_which_day_each_place_fell() -> None:
    given_, seen, since, _ = window_of(issued(), five_towns(), date(2030, 5, 10))
    towns = [given_.network.settlements[row] for row in given_.rows]
    assert dict(zip(towns, seen.tolist(), strict=True)) == {
        "birch": 2,
        "cedar": 4,
        "dogwood": 0,
        "elm": 0,
    }
    assert (since, given_.days) == (date(2030, 5, 10), 4)
    assert given_.km.tolist() == [30, 60, 90, 90]


@pytest.mark.parametrize(
    ("since", "branch", "told"),
    [
        (date(2030, 5, 14), ISSUED, "1 to 30 days"),
        (date(2030, 5, 15), ISSUED, "1 to 30 days"),
        (date(2030, 3, 15), ISSUED, "1 to 30 days"),
    ],
)
def test_a_window_without_anything_to_learn_is_refused(
    since: date | None, branch: date, told: str
) -> None:
    asked = replace(issued(), branch_at=branch, published_by=branch)
    with pytest.raises(UsageError, match=told):
        calibrate(asked, five_towns(), since=since, bank=600, engine="heap")


def test_a_front_that_stood_is_data_and_forecasts_that_it_stands() -> None:
    """No fall in the window is what the accepted simulations have, too."""
    asked = replace(issued(), branch_at=date(2030, 5, 10))
    asked = replace(asked, published_by=date(2030, 5, 10), rules={})
    found = calibrate(asked, five_towns(), bank=600, seed=5, engine="heap")
    assert found.fell == 0
    (check,) = found.checks()
    assert (check.seen, check.inside) == (0, True)
    assert check.accepted[2] <= 1
    assert found.simulated.sum(axis=1).mean() < 0.5
    quiet = found.accepted.quantiles((0.5,))[0, found.parameters.index("quiet_days")]
    assert quiet > 0.5


def test_a_count_outside_of_what_was_accepted_is_warned_of() -> None:
    accepted = np.tile([0, 1, 2], (50, 1))
    bank = np.concatenate([accepted, [[9, 0, 9]]])
    (fine,) = checks_of(np.array([0, 1, 2]), accepted, bank)
    assert (fine.inside, fine.warning) == (True, "")
    (far,) = checks_of(np.array([4, 4, 4]), accepted, bank)
    assert not far.inside
    assert "12 were seen, 3 to 3 are in 90 %" in far.warning
    (beyond,) = checks_of(np.array([9, 9, 9]), accepted, bank)
    assert "no simulation of the bank" in beyond.warning
    last, total = checks_of(np.eye(12, dtype=int)[0], np.ones((9, 12), int), bank)
    assert (last.seen, total.seen) == (0, 1)


def test_a_posterior_on_a_bound_is_told() -> None:
    assert bound_of(np.array([0.0, 0.01, 0.1])) == "low"
    assert bound_of(np.array([0.9, 0.99, 1.0])) == "high"
    assert bound_of(np.array([0.0, 0.1, 0.9])) == ""


def test_what_the_rules_set_is_not_fitted_and_what_there_is_not_is_refused() -> None:
    asked = replace(issued(), rules={"speed_km_day": 30.0})
    names = calibrate(asked, five_towns(), bank=500, engine="heap").parameters
    assert "speed_km_day" not in names
    assert "hold_days" in names
    with pytest.raises(UsageError, match="spede"):
        calibrate(issued(), five_towns(), bank=500, engine="heap", fitted=("spede",))
    with pytest.raises(UsageError, match="rules"):
        calibrate(
            issued(), five_towns(), bank=500, engine="heap", fitted=("delay_days",)
        )


# --- the file --------------------------------------------------------------------


def posterior_file(folder: Path, posterior: Posterior) -> Path:
    path = folder / "posterior.json"
    write_posterior(posterior, path)
    return path


def front(folder: Path, parameters: str) -> Path:
    text = (FIVE_TOWNS / "five-towns.toml").read_text()
    text = text.replace('parameters = "fixed"', f'parameters = "{parameters}"')
    path = folder / "front.toml"
    path.write_text(text)
    return path


def test_a_posterior_is_read_as_it_was_written(
    fitted: Calibration, tmp_path: Path
) -> None:
    path = posterior_file(tmp_path, fitted.posterior)
    assert read_posterior(path) == fitted.posterior
    assert "delay_days" not in fitted.posterior.parameters
    assert not set(NUISANCE) & set(fitted.posterior.parameters)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"format": 1', '"format": 2', "format 2"),
        ('"what"', '"whot"', "whot"),
        ('"speed_km_day"', '"speed_km_dai"', "speed_km_dai"),
        ('"hold_days"', '"speed_km_day"', "speed_km_day"),
        ('"rows": [\n  [', '"rows": [\n  [1e9,', "row 1"),
        ('"rows": [\n  [', '"rows": [\n  "', "no posterior"),
        ("{", "", "no posterior"),
    ],
)
def test_a_posterior_that_is_none_is_refused(
    fitted: Calibration, tmp_path: Path, old: str, new: str, told: str
) -> None:
    path = posterior_file(tmp_path, fitted.posterior)
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=told):
        read_posterior(path)


def test_a_changed_row_is_told_by_the_digest(
    fitted: Calibration, tmp_path: Path
) -> None:
    path = posterior_file(tmp_path, fitted.posterior)
    plain = json.loads(path.read_text())
    plain["rows"][3][0] = 33.0
    path.write_text(json.dumps(plain))
    with pytest.raises(InputError, match="digest"):
        read_posterior(path)
    plain["rows"][3][0] = 1e6
    path.write_text(json.dumps(plain))
    with pytest.raises(InputError, match=r"row 4: speed_km_day: 1000000\.0 is outside"):
        read_posterior(path)


def test_a_scenario_draws_whole_rows_of_its_posterior(
    fitted: Calibration, tmp_path: Path
) -> None:
    posterior_file(tmp_path, fitted.posterior)
    read = read_scenario(front(tmp_path, "posterior.json"))
    assert read.posterior == fitted.posterior
    free = replace(read, rules={"hold_days": 0.5}, replicas=300)
    thetas = parameter_draws(free, Parameters.of(free.rules))
    assert thetas is not None
    names = fitted.posterior.parameters
    kept = [k for k, name in enumerate(names) if name != "hold_days"]
    places = [INDEX[names[k]] for k in kept]
    rows = {tuple(row[k] for k in kept) for row in fitted.posterior.rows}
    assert {tuple(row) for row in thetas[:, places].tolist()} <= rows
    assert len({tuple(row) for row in thetas[:, places].tolist()}) > 20
    assert set(thetas[:, INDEX["hold_days"]]) == {0.5}
    prior = parameter_draws(
        replace(free, draw="prior", posterior=None), Parameters.of(free.rules)
    )
    assert prior is not None
    assert np.array_equal(thetas[:, INDEX["supply_km"]], prior[:, INDEX["supply_km"]])
    few = parameter_draws(replace(free, replicas=7), Parameters.of(free.rules))
    assert few is not None
    assert np.array_equal(few, thetas[:7])


def test_a_run_names_the_posterior_that_it_drew_from(
    fitted: Calibration, tmp_path: Path
) -> None:
    posterior_file(tmp_path, fitted.posterior)
    # Nothing is set, so that all of the posterior is drawn from.
    path = front(tmp_path, "posterior.json")
    path.write_text(path.read_text().partition("[rules]")[0])
    run = run_scenario(path, five_towns(), engine="heap")
    write_run(run, tmp_path / "out")
    told = json.loads((tmp_path / "out" / "run.json").read_text())
    assert told["scenario"]["posterior"] == fitted.posterior.digest
    assert fitted.posterior.digest in (tmp_path / "out" / "report.html").read_text()
    assert "(fitted)" in (tmp_path / "out" / "report.html").read_text()
    ended = shell("compare", tmp_path / "out", tmp_path / "out")
    assert ended.code == 0, ended.err
    prior = path.with_name("prior.toml")
    prior.write_text(path.read_text().replace("posterior.json", "prior"))
    assert run_scenario(prior, five_towns(), engine="heap").digest != run.digest
    assert read_scenario(prior).identity != run.scenario.identity


def test_a_missing_posterior_is_told_with_its_key_and_can_still_be_made(
    tmp_path: Path,
) -> None:
    path = front(tmp_path, "posterior.json")
    with pytest.raises(InputError, match=r"ensemble\.parameters.*posterior\.json"):
        read_scenario(path)
    bare = read_scenario(path, posterior=False)
    assert bare.posterior is None
    with pytest.raises(InputError, match="scenario file"):
        run_scenario(bare, five_towns())
    with pytest.raises(InputError, match="did you mean 'prior'"):
        read_scenario(front(tmp_path, "priors"))


# --- the command -----------------------------------------------------------------


def test_the_command_writes_a_posterior_that_the_scenario_then_runs_with(
    tmp_path: Path,
) -> None:
    record = tmp_path / "five.chronicle"
    assert shell("init", record).code == 0
    assert shell("import", record, FIVE_TOWNS / "data").code == 0
    path = front(tmp_path, "posterior-five-towns.json")
    text = path.read_text().partition("[rules]")[0]
    path.write_text(text.replace("2030-05-10", "2030-05-14"))
    words = ("calibrate", path, record, "--bank", "500", "--engine", "heap")
    ended = shell(*words, "--sbc", "20", "--format", "table")
    assert ended.code == 0, ended.err
    for told in ("contraction", "cover_90", "speed_km_day", "published_falls"):
        assert told in ended.out
    made = read_posterior(tmp_path / "posterior-five-towns.json")
    assert made.made.since == date(2030, 5, 1)
    assert (made.made.bank, made.made.until) == (500, ISSUED)
    assert shell("run", path, record, "--engine", "heap").code == 0
    # Again with the same seed: the same file.
    assert shell(*words).code == 0
    assert read_posterior(tmp_path / "posterior-five-towns.json") == made
    mine = tmp_path / "mine.json"
    mine.write_text("{}")
    refused = shell(*words, "--out", mine)
    assert refused.code == 2
    assert "not touched" in refused.err
    assert mine.read_text() == "{}"


def test_calibration_is_a_name_of_the_package() -> None:
    assert ch.calibrate is calibrate
