"""What FLEE 3.1 makes of a folder, and that we make the same of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chronicle.errors import BudgetExceeded
from chronicle.flee import model
from chronicle.flee.cohort import run_cohorts
from chronicle.flee.model import cohorts_of_flee, run_flee
from chronicle.flee.read import FleeCounts, read_flee
from chronicle.flee.write import Closure
from flee_toy import (
    CLOSURES,
    CORRECTIONS,
    LAYOUT,
    ROADS,
    SETS,
    day,
    toy_folder,
    written,
)


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    return toy_folder(tmp_path / "toy")


def counts(*pairs: tuple[int, float]) -> FleeCounts:
    days, persons = zip(*pairs, strict=True)
    return FleeCounts(name="cedar", files=("cedar.csv",), days=days, persons=persons)


def test_a_stock_is_read_off_the_line_between_two_counts():
    stock = counts((0, 10), (4, 21), (4, 30), (6, 30))
    assert [stock.on(n) for n in (-3, 0, 1, 3, 4, 5, 9)] == [10, 10, 12, 18, 30, 30, 30]


def test_a_new_registration_scales_what_was_counted_before():
    stock = counts((0, 100), (5, 200), (9, 150))
    corrected = stock.corrected(9)
    assert corrected is not None
    assert corrected.persons == (75, 150, 150)
    assert stock.corrected(0) is None
    assert stock.corrected(7) is None
    assert counts((0, 0), (9, 150)).corrected(9) is None


def test_corrections_are_used_for_the_score_and_not_for_the_record(toy: Path):
    with (toy / CORRECTIONS).open("a") as file:
        file.write("cedar,2024-12-06,normalize\n")
    case, problems = read_flee(toy)
    assert problems == []
    assert case.camps[0].persons == (60, 300, 700)
    assert case.counts[0].persons == (300, 300, 700)


def test_two_files_of_one_camp_are_added(toy: Path):
    layout = toy / LAYOUT
    layout.write_text(layout.read_text().replace(".csv\n", ".csv,more.csv\n"))
    (toy / "source_data/more.csv").write_text("Date,n\n2024-11-27,5\n2024-12-16,24\n")
    case, problems = read_flee(toy)
    assert problems == []
    assert case.camps[0].files[1] == "source_data/more.csv"
    assert [case.camps[0].on(n) for n in (0, 9, 19)] == [65, 314, 724]


# What FLEE 3.1 gave for these two folders with every agent and one seed: people in
# cedar and dogwood on four days. A closure of a link leaves its first answer as it is.
FLEE_OPEN = {5: (1211, 841), 12: (4929, 3439), 20: (9635, 6644), 39: (13431, 9228)}
FLEE_SHUT = {5: (783, 1156), 12: (783, 7080), 20: (1456, 14403), 39: (5630, 17022)}
SHUT = [Closure(first="birch", second="cedar", since=day(5), until=day(20))]


def in_camps(folder: Path) -> dict[int, tuple[float, ...]]:
    run = run_flee(read_flee(folder)[0], compiled=False)
    return {number: tuple(run.simulated[number]) for number in FLEE_OPEN}


def test_a_written_folder_gives_what_flee_gave(tmp_path: Path):
    roads = [*ROADS[:1], replace(ROADS[1], distance_km=80), *ROADS[2:]]
    for closures, flee in (([], FLEE_OPEN), (SHUT, FLEE_SHUT)):
        folder = tmp_path / f"shut{len(closures)}"
        found = in_camps(written(folder, roads=roads, closures=closures))
        for number, people in flee.items():
            assert found[number] == pytest.approx(people, rel=0.02, abs=30)


# The same of a folder without closures, by two rules of its settings.
FLEE_RULES = {
    "start_on_foot":
        {5: (451, 285), 12: (3848, 2600), 20: (8498, 5860), 39: (13369, 9069)},
    "avoid_short_stints":
        {5: (2370, 1625), 12: (6517, 4477), 20: (11303, 7690), 39: (13683, 9310)},
    "start_on_foot: True\n  avoid_short_stints":
        {5: (1186, 809), 12: (5285, 3698), 20: (10040, 6950), 39: (13595, 9393)},
}  # fmt: skip


@pytest.mark.parametrize("rules", FLEE_RULES)
def test_rules_of_walking_and_of_resting_give_what_flee_gave(
    tmp_path: Path, rules: str
):
    roads = [*ROADS[:1], replace(ROADS[1], distance_km=80), *ROADS[2:]]
    folder = written(tmp_path / "rules", roads=roads)
    settings = (folder / "simsetting.yml").read_text()
    settings = settings.replace("move_rules:", f"move_rules:\n  {rules}: True")
    (folder / "simsetting.yml").write_text(settings)
    assert (
        read_flee(folder)[1] == read_flee(written(tmp_path / "plain", roads=roads))[1]
    )
    found = in_camps(folder)
    for number, people in FLEE_RULES[rules].items():
        assert found[number] == pytest.approx(people, rel=0.02, abs=30)


def test_a_long_run_takes_numba_and_tells_its_days(
    toy: Path, monkeypatch: pytest.MonkeyPatch
):
    case, _ = read_flee(toy)
    asked: list[bool | None] = []
    days: list[tuple[int, int]] = []

    def told(inputs: object, *, compiled: bool | None, progress: object) -> object:
        asked.append(compiled)
        return run_cohorts(inputs, compiled=False, progress=progress)

    monkeypatch.setattr(model, "run_cohorts", told)
    run_flee(case)
    monkeypatch.setattr(model, "WORTH_COMPILING", 20 * 6)
    run_flee(case, progress=lambda day, every: days.append((day, every)))
    assert asked == [False, None]
    assert days == [(day, 20) for day in range(20)]


def test_a_budget_is_raised_by_who_asks(toy: Path):
    case, _ = read_flee(toy)
    with pytest.raises(BudgetExceeded, match=r"200 cells, above the budget of 199: "):
        run_flee(case, compiled=False, budget=199)
    with pytest.raises(BudgetExceeded, match="more than 5 ways to choose from"):
        run_flee(case, compiled=False, budget=119)
    assert run_flee(case, compiled=False, budget=200).simulated.shape == (20, 2)


def test_a_shut_road_is_two_halves_and_a_marker(tmp_path: Path):
    case, problems = read_flee(written(tmp_path / "shut", closures=SHUT))
    assert not any("closure" in one.rule for one in problems)
    assert case.locations[-1].kind == "marker"
    (closure,) = case.closures
    assert (closure.kind, closure.first) == ("location", "birch~cedar")
    assert (closure.start_day, closure.end_day) == (5, 20)
    assert sum(link.distance_km for link in case.links if "~" in link.second) == 80.5


def test_closures_that_overlap_or_leave_the_period_are_joined_and_cut(tmp_path: Path):
    closures = [
        Closure(first="cedar", second="birch", since=day(-9), until=day(4)),
        Closure(first="birch", second="cedar", since=day(3), until=day(8)),
        Closure(first="birch", second="cedar", since=day(30)),
        Closure(first="birch", second="alder", since=day(50)),
        Closure(first="birch", second="alder", since=day(-5), until=day(0)),
    ]
    case, _ = read_flee(written(tmp_path / "shut", closures=closures))
    spans = [(closure.start_day, closure.end_day) for closure in case.closures]
    assert spans == [(0, 8), (30, 40)]


def test_a_link_that_is_closed_the_usual_way_stays_open_as_in_flee(tmp_path: Path):
    folder = written(tmp_path / "open")
    before = in_camps(folder)
    with (folder / CLOSURES).open("a") as file:
        file.write("link,birch,cedar,5,20\n")
    assert in_camps(folder) == before


def test_a_closed_country_keeps_people_in(tmp_path: Path):
    folder = written(tmp_path / "border")
    with (folder / CLOSURES).open("a") as file:
        file.write("country,A,B,0,10\n")
    run = run_flee(read_flee(folder)[0], compiled=False)
    dogwood = run.simulated[:, 1]
    assert dogwood[:10].tolist() == [0] * 10
    assert dogwood[12] > 0


def test_a_closed_camp_is_a_town_that_is_scored(tmp_path: Path):
    folder = written(tmp_path / "camp")
    with (folder / CLOSURES).open("a") as file:
        file.write("camp,cedar,,0,20\n")
    case, _ = read_flee(folder)
    inputs = cohorts_of_flee(case)
    assert inputs.leave_chance[:, 2].tolist() == [0.3] * 20 + [0.001] * 20
    assert inputs.guarded[19:21, 2].tolist() == [False, True]
    assert run_flee(case, compiled=False).camps == ("cedar", "dogwood")


def test_a_conflict_that_ends_makes_a_town(tmp_path: Path):
    inputs = cohorts_of_flee(read_flee(written(tmp_path / "quiet"))[0])
    assert inputs.leave_chance[[1, 2, 24, 25], 0].tolist() == [0.3, 1, 1, 0.3]
    assert inputs.attraction[[1, 2, 24, 25], 0].tolist() == [1, 0.25, 0.25, 1]
    assert inputs.newcomers[[1, 2, 24, 25], 0].tolist() == [0, 1000, 1000, 0]


def test_who_flees_is_drawn_from_the_counts_with_debts_paid(toy: Path):
    (toy / "source_data/refugees.csv").write_text(
        "Date,n\n2024-11-27,100\n2024-11-30,400\n2024-12-01,350\n2024-12-02,370\n"
        "2024-12-03,470\n2024-12-16,470\n"
    )
    newcomers = cohorts_of_flee(read_flee(toy)[0]).newcomers
    # Nobody on day 0 (they are in the camps already) nor on day 1, before the conflict;
    # 50 fewer on day 4 are a debt: 20 of it are paid on day 5 and the rest on day 6.
    assert newcomers[:8, 0].round(6).tolist() == [0, 0, 100, 100, 0, 0, 70, 0]
    assert newcomers[:, 1:].sum() == 0


def test_new_conflicts_fade_by_steps_of_30_days():
    case, _ = read_flee(SETS / "mali2012")
    inputs = cohorts_of_flee(case)
    names = [place.name for place in case.locations]
    menaka = names.index("Menaka")  # in conflict from day 1 on
    pull = inputs.attraction[:, menaka]
    assert pull[[1, 90, 91, 120, 121]] == pytest.approx(
        [0.25, 0.25, 0.25**0.5, 0.25**0.5, 0.25**0.1]
    )


def test_two_hops_of_awareness_make_plans_and_keep_everybody(tmp_path: Path):
    case, _ = read_flee(SETS / "mali2012")
    near = cohorts_of_flee(case).network
    far = cohorts_of_flee(
        replace(case, settings=replace(case.settings, awareness_level=2))
    )
    assert near.states == near.places == 23
    assert far.network.states == 23 + 66
    run = run_cohorts(far, compiled=False)
    everybody = run.present[-1].sum() + run.on_the_road[-1]
    assert everybody == pytest.approx(far.present.sum() + far.newcomers.sum())
