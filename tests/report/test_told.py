"""What a run says of itself: what was asked, what to distrust, what it leaves out."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chronicle as ch
from chronicle.cli.run import told
from chronicle.domain.events import ControlReported
from chronicle.experiments.execute import run_scenario
from chronicle.experiments.run import Run
from chronicle.experiments.tables import effect_told
from chronicle.experiments.verification import verification_table
from chronicle.report.appendix import WORDS
from chronicle.report.comparison import changes_table, named
from chronicle.report.figures import curves_svg, fallen_table
from chronicle.report.folder import write_run
from chronicle.report.html import report_html
from chronicle.report.pool import whose
from chronicle.report.sentences import trust
from chronicle.report.warnings import (
    coverage_alarm,
    people_alarm,
    posterior_alarm,
    skill_alarm,
)
from chronicle.simulation.posterior import Made, posterior_of
from shell import run as shell
from what_if_case import BRANCH, HOLD, data, five_towns, scenario, words_of
from worked_scenarios import FIVE_TOWNS

TOML = FIVE_TOWNS / "five-towns.toml"
SURE = {
    "speed_km_day": 30, "speed_sigma": 0, "hold_days": 0, "delay_days": 1,
    "collapse": 0, "repulse": 0, "transfer": 0, "transfer_rate": 0,
}  # fmt: skip
PRIOR = {"replicas": 60, "seed": 5, "engine": "heap", "parameters": "prior"}
NEXT = BRANCH + timedelta(days=1)


def taken(id_: str, place: str, published: date | None, **more: Any) -> ControlReported:
    """Red took *place* on the day before the branch."""
    given: dict[str, Any] = {"controller": "red", "source": "radio"}
    day = BRANCH - timedelta(days=1)
    return ControlReported(
        report_id=id_, settlement=place, valid_from=day, published=published,
        **given | more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def unseen() -> Run:
    """Birch and elm had fallen by undated reports, dogwood by a late one."""
    log = five_towns()
    log.append(taken("u1", "birch", None))
    log.append(taken("u2", "elm", None))
    log.append(taken("u3", "dogwood", NEXT))
    log.append(taken("u4", "alder", BRANCH))  # which the branch knows
    return run_scenario(scenario(HOLD, rules=SURE), log, replicas=4)


# --- what the branch had not seen ------------------------------------------------


def test_places_that_had_fallen_are_told_by_why_the_branch_missed_them(
    unseen: Run,
) -> None:
    assert unseen.verdict is not None
    said = (
        "3 places had fallen by the branch, as one knows now: 2 by reports without a "
        "date of publication, 1 by reports that were published later; they count as "
        "day 0"
    )
    assert said in verification_table(unseen.verdict).notes


def test_a_report_that_was_corrected_since_is_a_reason_of_its_own() -> None:
    log = five_towns()
    log.append(taken("u1", "birch", BRANCH, controller="blue"))
    log.append(ch.ReportAmended(report="u1", changes={"controller": "red"}))
    head = data()["scenario"] | {"known_at": f"@{len(list(log.log())) - 1}"}
    run = run_scenario(scenario(scenario=head), log, replicas=2)
    assert run.verdict is not None
    assert run.verdict.unseen.describe().startswith(
        "1 place had fallen by the branch, as one knows now: 1 by reports that were "
        "recorded or corrected since;"
    )


def test_what_published_by_leaves_out_is_counted(unseen: Run) -> None:
    said = (
        "3 control reports of days up to the branch, which its picture lacks: 2 "
        "without a date of publication, 1 published later"
    )
    assert f"left out  {said}" in told(unseen)
    assert f"published_by leaves out {said}" in words_of(unseen)
    assert unseen.as_dict()["branch"]["left_out"] == {"undated": 2, "later": 1}
    head = {k: v for k, v in data()["scenario"].items() if k != "published_by"}
    known_now = run_scenario(scenario(scenario=head), five_towns(), replicas=2)
    assert known_now.left_out is None
    assert not any(line.startswith("left out") for line in told(known_now))


def test_day_0_is_no_date_of_a_forecast(unseen: Run) -> None:
    rows = {row["settlement"]: row for row in unseen.arrivals()}
    assert rows["birch"]["recorded"] == f"by {BRANCH}"
    assert rows["cedar"]["recorded"] == "2030-05-14"
    assert unseen.question.day_or_never(1) == "2030-05-11"
    (base, *_) = unseen.arms
    out = replace(base.results, fall_day=np.full_like(base.results.fall_day, -1))
    early = replace(unseen, arms=(replace(base, results=out),)).arrivals()
    assert {row["p50"] for row in early} == {f"by {BRANCH}"}
    assert early.notes == [
        f"by {BRANCH}: had fallen by the branch, unreported; 4.0 places in the mean of "
        "the replicas"
    ]


def test_a_picture_shows_what_had_fallen_by_the_branch(
    unseen: Run, tmp_path: Path
) -> None:
    marks = dict(curves_svg(unseen, unseen.arms[0]))
    assert 'class="seen" d="M18.0 ' in marks["Birch"]  # where day 0 is
    pytest.importorskip("matplotlib")
    from PIL import Image

    write_run(unseen, tmp_path)
    told_ = Image.open(tmp_path / "arrivals-baseline.png").text["Description"]  # type: ignore[attr-defined]
    assert "on the branch day a bar is a fall by then, unreported, and a triangle" in (
        told_
    )


# --- what to distrust ------------------------------------------------------------


def test_narrow_intervals_are_told_near_the_top() -> None:
    run = run_scenario(TOML, five_towns())
    said = (
        "intervals are too narrow here: those of 90% of the mechanism held 25% of "
        "what was recorded; do not lean on differences"
    )
    assert f"warning   {said}" in told(run)
    page = report_html(run)
    assert f'<p class="warn">I{said[1:]}.</p>' in page
    assert page.index(said[1:]) < page.index("<h2>Asked</h2>")


def test_an_alarm_says_whose_forecast_it_is_about() -> None:
    record = five_towns()
    pool = run_scenario(scenario(ensemble=PRIOR, rules={}), record)
    alone = run_scenario(scenario(), record)
    for run, name in ((pool, "the published pool"), (alone, "the mechanism")):
        verdict = run.verdict
        assert verdict is not None
        assert whose(run) == name
        perfect = replace(
            verdict.baselines[0], crps=np.zeros_like(verdict.baselines[0].crps)
        )
        beaten = replace(verdict, baselines=(perfect, *verdict.baselines[1:]))
        worse = replace(run, verdict=beaten)
        assert skill_alarm(worse).startswith(f"{name} is worse than nothing changes by")
        narrow = {
            level: np.zeros_like(held) for level, held in beaten.model.covered.items()
        }
        bad = replace(
            worse, verdict=replace(beaten, model=replace(beaten.model, covered=narrow))
        )
        assert f"those of 90% of {name} held 0%" in coverage_alarm(bad)
        assert any(f"since, {name} " in said for said in trust(worse))


def test_intervals_that_hold_enough_raise_no_alarm() -> None:
    run = run_scenario(scenario(ensemble=PRIOR, rules={}), five_towns())
    assert run.verdict is not None
    assert run.verdict.mechanism.summary()["cover_90"] >= 0.8
    alone = replace(run.verdict, model=run.verdict.mechanism)
    assert coverage_alarm(replace(run, verdict=alone)) == ""


def test_intervals_that_could_not_be_checked_are_told() -> None:
    head = data()["scenario"] | {"horizon_days": 30}
    run = run_scenario(scenario(scenario=head), five_towns(), replicas=2)
    assert "no interval could be checked (the record ends on" in coverage_alarm(run)


def test_displaced_people_that_are_off_or_not_compared_are_told() -> None:
    none = run_scenario(scenario(), five_towns(), replicas=4)
    said = "isplaced people could not be compared with any figure"
    assert people_alarm(none) == f"d{said}"
    words = words_of(none)
    assert words.index("In short") < words.index(said) < words.index("Against what")
    given: dict[str, Any] = {
        "report_id": "d1", "source": "desk", "measure": "stock", "counter": "desk",
        "category": "displaced", "valid_on": BRANCH + timedelta(days=3),
        "settlement": "alder",
    }  # fmt: skip
    alone = five_towns()
    alone.append(ch.DisplacementReported(persons=900_000, **given))
    unlike = people_alarm(run_scenario(scenario(), alone, replicas=4))
    assert "could not be compared like with like" in unlike
    before = ch.DisplacementReported(
        **{**given, "report_id": "d0", "valid_on": BRANCH}, persons=1, published=BRANCH
    )
    log = five_towns()
    log.append([before, ch.DisplacementReported(persons=900_000, **given)])
    far = run_scenario(scenario(), log, replicas=4)
    assert "displaced people are far off what was counted" in people_alarm(far)
    row = far.question.settlements.index("alder")
    median = np.sort(far.arms[0].results.hosted_by_day[:, 2, row])[1]
    near = five_towns()
    near.append(before)
    near.append(ch.DisplacementReported(persons=round(float(median)), **given))
    assert people_alarm(run_scenario(scenario(), near, replicas=4)) == ""
    nobody = run_scenario(scenario(), five_towns(), replicas=4, people=False)
    assert people_alarm(nobody) == ""


def fitted(until: date, published_by: date) -> Any:
    made = Made(
        scenario="toy", record="memory", position=1, since=date(2030, 5, 1),
        until=until, published_by=published_by, bank=10, accepted=2, seed=1,
        engine="heap", chronicle="0",
    )  # fmt: skip
    rows = np.array([[20.0], [40.0]])
    posterior = posterior_of(("speed_km_day",), rows, made)
    return replace(scenario(), draw="p.json", posterior=posterior)


def test_a_posterior_of_another_day_is_told() -> None:
    assert posterior_alarm(scenario()) == ""
    assert posterior_alarm(fitted(BRANCH, BRANCH)) == ""
    early = BRANCH - timedelta(days=2)
    assert posterior_alarm(fitted(early, early)).endswith(
        "as published by 2030-05-08, not to the branch on 2030-05-10"
    )
    assert posterior_alarm(fitted(BRANCH, NEXT)).endswith(
        ": they know what came after it"
    )
    run = run_scenario(fitted(early, early), five_towns(), replicas=2)
    assert any("parameters were fitted to" in line for line in told(run))


# --- what it comes to ------------------------------------------------------------


def test_no_effect_is_said_as_no_effect() -> None:
    idle = {"name": "idle", "kind": "reinforce", "place": "Alder", "factor": 2}
    none = run_scenario(scenario(idle), five_towns(), replicas=6)
    said = "No effect on places: all 4 fall as they did in every replica. People-days"
    assert effect_told(none.comparison("idle")).startswith(said)
    assert said in none.compared("idle").header
    some = run_scenario(scenario(HOLD, rules=SURE), five_towns(), replicas=6)
    assert effect_told(some.comparison("hold")).startswith(
        "For 4 of 4 places the mean difference exceeds its half width; 0 of 4 fall as"
    )
    one = run_scenario(scenario(HOLD, rules=SURE), five_towns(), replicas=1)
    assert "one replica cannot tell an effect from chance" in effect_told(
        one.comparison("hold")
    )


def test_people_on_the_last_day_and_over_the_run_are_told_apart(unseen: Run) -> None:
    assert any(
        "people displaced on the last day (means)" in one for one in told(unseen)
    )
    assert "displaced_on_last_day_p50" in fallen_table(unseen).columns
    table = changes_table(unseen)
    assert "people_days_over_run" in table.columns
    assert "fewer while more people are displaced on the last day" in table.notes[0]
    assert unseen.compared("hold").notes[0].startswith("people-days over the run: ")


def test_the_lead_is_told_as_days_ahead() -> None:
    ahead = words_of(run_scenario(TOML, five_towns()))
    found = re.search(
        r"what is published is ([\d.]+) days ahead of the best simple forecast, “.*?”; "
        r"the 90% interval of its lead is (-?[\d.]+) to ([\d.]+) days",
        ahead,
    )
    assert found is not None
    lead, low, high = map(float, found.groups())
    assert low <= lead <= high
    fast = SURE | {"speed_km_day": 400, "delay_days": 0}
    behind = words_of(run_scenario(scenario(rules=fast), five_towns()))
    found = re.search(r"([\d.]+) days behind the best .*? is (-[\d.]+) to", behind)
    assert found is not None
    assert float(found[2]) <= -float(found[1])


def test_the_words_of_the_tables_are_explained(unseen: Run) -> None:
    words = words_of(unseen)
    assert words.rindex("simple forecasts (baselines)") < words.rindex(" Words ")
    assert {
        *("baseline", "crps", "brier", "log", "cover", "pit", "skill", "peaceful"),
        *("came from", "benefit", "half width", "variance ratio", "replicas needed"),
    } <= set(WORDS)
    assert all(word in words for word in WORDS.values())


def test_people_read_names_and_files_keep_ids(unseen: Run, tmp_path: Path) -> None:
    plain = unseen.compared("hold")
    assert plain.columns[:2] == ("settlement", "name")
    assert {"Birch", "Cedar"} <= {row["name"] for row in plain}
    shown = named(plain, unseen.question)
    assert shown.columns[0] == "place"
    assert "name" not in shown.columns
    arrivals = named(unseen.arrivals(), unseen.question)
    assert {row["came_from"] for row in arrivals} <= {*unseen.question.names, None}
    twins = replace(unseen.question, names=("Ash", "Ash", "Cedar", "Dogwood", "Elm"))
    assert twins.labels["birch"] == "Ash (birch)"
    write_run(unseen, tmp_path)
    if find_spec("pyarrow"):
        import pyarrow.parquet as pq

        kept = pq.read_table(tmp_path / "compared-hold.parquet").to_pylist()
    else:
        import csv

        with (tmp_path / "compared-hold.csv").open() as file:
            kept = list(csv.DictReader(file))
    assert [row["settlement"] for row in kept] == plain.column("settlement")
    assert not list(tmp_path.glob("compared-baseline*"))


def test_the_mark_of_the_record_is_like_no_arm_and_the_last_step_is_seen() -> None:
    run = run_scenario(TOML, five_towns())
    (_, svg), *_ = curves_svg(run, run.arms[0])
    assert 'class="peak"' in svg
    line = re.search(r'class="ours" d="M18 [^"]*V[\d.]+H([\d.]+)"', svg)
    assert line is not None
    assert float(line[1]) == 202.0  # the right edge, half a day behind the last


def test_a_record_of_ones_own_is_credited_in_a_sentence(unseen: Run) -> None:
    assert unseen.licence.endswith(".")
    assert unseen.licence[:1].isupper()


def test_the_shell_shows_names_and_says_what_to_distrust(tmp_path: Path) -> None:
    file = tmp_path / "five.chronicle"
    assert shell("init", file).code == 0
    assert shell("import", file, FIVE_TOWNS / "data").code == 0
    ended = shell("run", TOML, file, "--format", "table")
    assert ended.code == 0, ended.err
    assert "\nwarning   intervals are too narrow here" in ended.out
    assert "\nFor 4 of 4 places the mean difference" in ended.out
    assert re.search(r"^place +control", ended.out, re.MULTILINE)
    assert not re.search(r"^birch ", ended.out, re.MULTILINE)
