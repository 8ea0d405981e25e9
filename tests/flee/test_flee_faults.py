"""Every fault of a FLEE folder is told; none stops the rest from being read."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronicle.errors import BudgetExceeded, ChronicleError, InputError
from chronicle.flee.model import cohorts_of_flee, run_flee
from chronicle.flee.read import FleeSettings, read_flee
from chronicle.flee.write import ExportedRoad, write_flee
from flee_toy import (
    CLOSURES,
    CONFLICTS,
    CORRECTIONS,
    LAYOUT,
    LOCATIONS,
    PERIOD,
    PLACES,
    ROUTES,
    SETS,
    START,
    changed,
    row,
    toy_folder,
)


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    return toy_folder(tmp_path / "toy")


def test_a_folder_that_was_written_is_without_fault(toy: Path):
    case, problems = read_flee(toy)
    assert problems == []
    assert [place.name for place in case.locations] == [place.id for place in PLACES]
    assert [place.kind for place in case.locations] == [
        "conflict_zone",
        "town",
        "camp",
        "camp",
    ]
    assert case.locations[0].conflict_day == 2
    assert [link.distance_km for link in case.links] == [70, 80.5, 120]
    assert case.conflicts["alder"] == (0, 0, *[1] * 18)
    assert case.period.start == START
    assert case.camps[0].days == (0, 9, 19)
    assert case.settings == FleeSettings(conflict_weight=0.25)


@pytest.mark.parametrize(
    ("file", "change", "told"),
    [
        (*row(LOCATIONS, "alder,,A,35,36,town,,5,"), ":6: name: 'alder': is in line 2"),
        (*row(LOCATIONS, "elm,,A,95,36,town,,5,"), ":6: latitude: '95': must be degr"),
        (*row(LOCATIONS, "elm,,A,35,36,fort,,5,"), ":6: location_type: 'fort': is no"),
        (*row(LOCATIONS, "elm,,A,35,36,town,,-5,"), ":6: population: '-5': must be a"),
        (*row(LOCATIONS, "elm,,A,35,36,town,,2e3,"), ":6: population: '2e3': must be"),
        (*row(LOCATIONS, "elm,,A,35,36,conflict_zone,x,5,"), ":6: conflict_date: 'x'"),
        (*row(LOCATIONS, "elm,,A,35,36"), ":6: 'elm,,A,35,36': 5 fields where 8 are"),
        (*row(LOCATIONS, ",,A,35,36,town,,5,"), ":6: name: '': is empty; the row is"),
        (*row(LOCATIONS, '"elm,,A,35,36,town,,5,'), ":6: is no CSV: unexpected end"),
        (*row(LOCATIONS, '"elm"x,,A,35,36,town,,5,'), ":6: is no CSV: ',' expected"),
        (*row(ROUTES, "alder,elm,5,0"), ":5: name2: 'elm': is no location"),
        (*row(ROUTES, "alder,alder,5,0"), ":5: name2: 'alder': leads nowhere"),
        (*row(ROUTES, "alder,cedar,-5,0"), ":5: distance: '-5': must be km above 0"),
        (*row(ROUTES, "alder,cedar,nan,0"), ":5: distance: 'nan': must be km above 0"),
        (*row(ROUTES, "alder,cedar,150,1"), ":5: forced_redirection: '1': FLEE 3.1 re"),
        (*row(ROUTES, "alder,cedar,150,7"), ":5: forced_redirection: '7': must be 0"),
        (*row(ROUTES, "alder,cedar,150,0,fast"), ":5: 'fast': attributes of links"),
        (*row(CLOSURES, "link,alder,birch,1,5"), ":2: closure_type: 'link': FLEE 3.1"),
        (*row(CLOSURES, "road,alder,birch,1,5"), ":2: closure_type: 'road': is not on"),
        (*row(CLOSURES, "country,A,C,1,5"), ":2: name2: 'C': is no country"),
        (*row(CLOSURES, "location,elm,,1,5"), ":2: name1: 'elm': is no location"),
        (*row(CLOSURES, "location,birch,,1,x"), ":2: closure_end: 'x': must be a day"),
        (*row(CLOSURES, "location,birch,,0,0"), ":2: closure_end: '0': is the day of"),
        (*row(CLOSURES, "location,birch,,9,3"), ":2: closure_end: '3': is before"),
        (*row(CLOSURES, "location,birch,,-1,3"), ":2: closure_start: '-1': is before"),
        (*row(CORRECTIONS, "elm,2024-12-06"), ":2: camp: 'elm': is no camp with"),
        (*row(CORRECTIONS, "cedar,2024-12-07"), ":2: date: '2024-12-07': has no c"),
        (*row(CORRECTIONS, "cedar,31/02/22"), ":2: date: '31/02/22': is no day"),
        (*row(LAYOUT, "elm,elm.csv"), ":4: camp: 'elm': is no location"),
        (*row(LAYOUT, "birch,refugees.csv"), ":4: camp: 'birch': is a town; only"),
        (*row(LAYOUT, "elm,../../../etc/passwd"), ":4: file: '../../../etc/passwd':"),
        (*row(LAYOUT, "elm,/etc/passwd"), ":4: file: '/etc/passwd': must be a file"),
        (*row(LAYOUT, "elm"), ":4: file: '': names no file"),
        (*row(PERIOD, "Stop,5"), ":3: 'Stop': is neither StartDate nor Length"),
        (CONFLICTS, lambda t: t.replace("\n5,", "\n7,"), ":7: Day: '7': should be 5"),
        (CONFLICTS, lambda t: t.replace("5,1", "5,x"), ":7: alder: 'x': must be an in"),
        (CONFLICTS, lambda t: t[: t.index("15,")], ":16: '15': rows for 20 days (FLE"),
        (CONFLICTS, lambda _: "", ": is empty: no conflict begins or ends"),
        (LOCATIONS, lambda t: t.replace("#", ""), ":1: 'name': header lacks its lead"),
        (LOCATIONS, lambda t: t.split("\n", 1)[1], ":1: 'alder': there is no header"),
        (LOCATIONS, lambda t: "\ufeff" + t, ":1: '\\ufeff': starts with a byte order"),
        (ROUTES, lambda _: "", ": is empty: not even a header"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_and_value(
    toy: Path, file: str, change: Callable[[str], str], told: str
):
    assert read_flee(toy)[1] == []
    assert any(one.startswith(told) for one in changed(toy, file, change))
    run_flee(read_flee(toy)[0], compiled=False)


def test_a_fractional_conflict_that_flee_never_ends_is_told(toy: Path):
    told = changed(
        toy,
        CONFLICTS,
        lambda text: text.replace("\n5,1", "\n5,0.5").replace("\n6,1", "\n6,0"),
    )
    assert ":8: alder: '0': FLEE ends no conflict of intensity 0.5" in told


@pytest.mark.parametrize("file", [ROUTES, CLOSURES, CONFLICTS, LAYOUT, CORRECTIONS])
def test_a_file_that_is_missing_is_told_and_the_rest_is_read(toy: Path, file: str):
    (toy / file).unlink()
    case, problems = read_flee(toy)
    assert any(str(one).startswith(f"{file}: is missing") for one in problems)
    assert run_flee(case, compiled=False).everybody.shape == (20,)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (LOCATIONS, "#name\n"),
        (PERIOD, "StartDate,2024-02-30\nLength,5\n"),
        (PERIOD, "StartDate,2024-02-28\nLength,0\n"),
        (PERIOD, "StartDate,2024-02-28\nLength,99999999999\n"),
        (PERIOD, 'StartDate,"9999-12-31"\nLength,20\n'),
    ],
)
def test_a_folder_without_places_or_days_is_refused(toy: Path, file: str, text: str):
    (toy / file).write_text(text)
    with pytest.raises(InputError, match="is no FLEE folder") as refused:
        read_flee(toy)
    assert Path(file).name in str(refused.value)


def test_bytes_that_are_no_text_are_told_with_their_line(toy: Path):
    path = toy / LOCATIONS
    path.write_bytes(path.read_bytes() + b"caf\xe9,,A,35,36,town,,5,\n")
    (told,) = [str(one) for one in read_flee(toy)[1] if "UTF-8" in one.rule]
    assert told.startswith(f"{LOCATIONS}:6: 'e9': is no UTF-8")


def test_a_file_over_the_limit_is_not_read(toy: Path):
    with (toy / ROUTES).open("ab") as file:
        file.truncate(17 * 2**20)
    case, problems = read_flee(toy)
    assert case.links == ()
    assert any("is larger than 16,777,216 bytes" in one.rule for one in problems)


def test_more_columns_times_days_than_anybody_has_are_refused(toy: Path):
    (toy / PERIOD).write_text("StartDate,2024-11-27\nLength,7305\n")
    (toy / CONFLICTS).write_text("#Day," + ",".join(map(str, range(3000))) + "\n")
    with pytest.raises(BudgetExceeded, match="3,001 columns for 7,305 days"):
        read_flee(toy)


def test_markers_that_lead_on_for_ever_are_refused(tmp_path: Path):
    chain = [
        replace(PLACES[0], id=f"m{n}", kind="marker", population=0) for n in range(80)
    ]
    roads = [
        ExportedRoad(first=one.id, second=other.id, distance_km=9)
        for one, other in zip([PLACES[0], *chain], [*chain, PLACES[2]], strict=True)
    ]
    write_flee(
        tmp_path / "chain",
        places=[*PLACES, *chain],
        roads=roads,
        conflicts={},
        start=START,
        days=2,
    )
    with pytest.raises(BudgetExceeded, match="over 64 hops"):
        run_flee(read_flee(tmp_path / "chain")[0], compiled=False)


FILES = sorted(
    path.relative_to(SETS / "mali2012").as_posix()
    for path in (SETS / "mali2012").rglob("*")
    if path.suffix in (".csv", ".yml")
)


@given(data=st.data())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_no_bytes_in_no_file_crash_the_reader(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
):
    folder = tmp_path_factory.mktemp("fuzz") / "mali"
    shutil.copytree(SETS / "mali2012", folder)
    path = folder / data.draw(st.sampled_from(FILES))
    text = path.read_bytes()
    junk = st.one_of(
        st.binary(max_size=12),
        st.sampled_from([b'"', b"\n", b",", b"-1", b"1e999", b"nan", b"\x00", b"#"]),
    )
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(junk) + text[at + data.draw(st.integers(0, 9)) :]
    path.write_bytes(text)
    try:
        case, problems = read_flee(folder)
        cohorts_of_flee(case)
    except ChronicleError:
        return
    assert all(str(one) for one in problems)


def settings_of(folder: Path, text: str) -> tuple[FleeSettings, list[str]]:
    (folder / "simsetting.yml").write_text(text)
    case, problems = read_flee(folder)
    return case.settings, [str(one).removeprefix("simsetting.yml:") for one in problems]


def test_settings_of_all_three_levels_are_read(toy: Path):
    found, told = settings_of(
        toy,
        "# FLEE\nspawn_rules:\n    take_from_population: True  # really\n"
        "    conflict_spawn_decay: [1.0, 0.5]\n    conflict_driven_spawning:\n"
        "        spawn_mode: pop_ratio\nmove_rules:\n  max_move_speed: 200\n"
        "  awareness_level: 2\noptimisations: \n  hasten: 10 \n",
    )
    assert told == []
    assert found.take_from_population
    assert found.conflict_spawn_decay == (1.0, 0.5)
    assert (found.spawn_mode, found.displaced_per_conflict_day) == ("pop_ratio", 0.01)
    assert (found.max_move_speed, found.awareness_level) == (200.0, 2)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("max_move_sped: 200", "max_move_sped: '200': FLEE 3.1 knows no such setting; "
         "did you mean max_move_speed?"),
        ("max_move_speed: fast", "max_move_speed: 'fast': must be km per day from 2 to "
         "10,000; the default is used"),
        ("max_move_speed: 1", "max_move_speed: '1': must be km per day"),
        ("max_move_speed:", "max_move_speed: '': must be km per day"),
        ("camp_movechance: 1.5", "camp_movechance: '1.5': must be a number from 0"),
        ("camp_weight: .inf", "camp_weight: '.inf': must be a number, 0 or more"),
        ("awareness_level: 0", "awareness_level: '0': must be 1, 2 or 3 hops"),
        ("stay_close_to_home: True", "stay_close_to_home: 'True': this rule of FLEE is "
         "not modelled"),
        ("capacity_scaling: 2.0", "capacity_scaling: '2.0': has no effect in FLEE 3.1"),
        ("- camp_weight", "move_rules: '[camp_weight]': must be followed by its own"),
        ("\tcamp_weight: 1", "is no YAML: found character"),
        ("? [a, b]\n  : 1", "is no name of a setting"),
        ("camp_weight: !!python/object:os.system 1x", "camp_weight: '1x': must be a"),
        ("a:\n      b:\n        c: 1", "c: '1': is nested too deep"),
    ],
)  # fmt: skip
def test_a_setting_that_would_be_dropped_is_told(toy: Path, line: str, told: str):
    found, problems = settings_of(toy, f"move_rules:\n  {line}\n")
    assert any(f": {told}" in f": {one.split(': ', 1)[1]}" for one in problems)
    assert found == FleeSettings()


def test_conflicts_that_drive_flight_take_flees_defaults(toy: Path):
    head = "spawn_rules:\n  conflict_driven_spawning:\n    "
    modes = {
        "displaced_per_conflict_day: 70": ("constant", 70.0),
        "spawn_mode: constant": ("constant", 500.0),
        "spawn_mode: pop_ratio\n    displaced_per_conflict_day: x": ("pop_ratio", 0.01),
        "spawn_mode: Poisson": (None, 500.0),
    }
    for lines, expected in modes.items():
        found, told = settings_of(toy, head + lines + "\n")
        assert (found.spawn_mode, found.displaced_per_conflict_day) == expected
        assert len(told) == (": x" in lines) + ("Poisson" in lines)


def test_a_setting_given_twice_is_told_and_the_last_holds(toy: Path):
    found, told = settings_of(toy, "move_rules:\n  camp_weight: 2\n  camp_weight: 3\n")
    assert found.camp_weight == 3
    assert told == [
        "2: camp_weight: '2': is set again further down; the last one holds"
    ]


@pytest.mark.parametrize("text", ["'pop_ratio'", '"pop_ratio"', "pop_ratio # so", "*a"])
def test_settings_are_yaml(toy: Path, text: str):
    head = "x: &a pop_ratio\n" if text == "*a" else ""
    text = (
        f"{head}spawn_rules: {{conflict_driven_spawning: {{spawn_mode: {text}\n}}}}\n"
    )
    found, told = settings_of(toy, text)
    assert found.spawn_mode == "pop_ratio"
    assert len(told) == bool(head)  # of x


def test_aliases_of_aliases_end(toy: Path):
    wide = "".join(f"  k{n}: *a\n" for n in range(900))
    text = "a: &a\n" + "".join(f"  k{n}: 1\n" for n in range(900)) + "b:\n" + wide
    assert settings_of(toy, text)[0] == FleeSettings()


def test_the_last_row_of_a_name_holds(toy: Path):
    with (toy / LOCATIONS).open("a") as file:
        file.write("birch,,A,35.5,36,camp,,77,\n")
    case, problems = read_flee(toy)
    (birch,) = [one for one in case.locations if one.name == "birch"]
    assert (birch.kind, birch.population) == ("camp", 77)
    assert any("this row holds" in one.rule for one in problems)


def test_the_period_may_have_its_older_name(toy: Path):
    (toy / PERIOD).unlink()
    assert read_flee(toy)[0].period.days == 20
    (toy / "input_csv/conflict_period.csv").unlink()
    with pytest.raises(InputError, match=r"input_csv/sim_period\.csv: is missing"):
        read_flee(toy)


def test_without_conflicts_zones_begin_on_their_day(toy: Path):
    (toy / CONFLICTS).unlink()
    case, problems = read_flee(toy)
    assert case.conflicts["alder"] == (0, 0, *[1] * 18)
    assert any("begin on their conflict_date" in one.rule for one in problems)


def test_columns_that_are_not_read_are_told(toy: Path):
    text = (toy / LOCATIONS).read_text()
    head, rest = text.split("\n", 1)
    (toy / LOCATIONS).write_text(f"{head},initial_idps\n{rest}")
    problems = read_flee(toy)[1]
    assert any(one.value == "initial_idps" for one in problems)


def test_a_case_of_floods_is_refused_in_one_sentence(toy: Path):
    (toy / "input_csv/flood_level.csv").write_text("#Day,alder\n0,1\n")
    with pytest.raises(InputError, match="floods are not modelled here"):
        read_flee(toy)


@pytest.mark.parametrize("km", ["1e8", "1e10", "1e308", "25001"])
def test_a_road_around_the_earth_is_left_out(toy: Path, km: str):
    change(toy / ROUTES, "70", km)
    case, problems = read_flee(toy)
    assert [link.distance_km for link in case.links] == [80.5, 120]
    (told,) = [str(one) for one in problems if one.value == km]
    assert "must be km above 0, at most 25,000" in told


def test_a_long_road_at_a_slow_pace_is_over_the_budget(toy: Path):
    change(toy / ROUTES, "70", "24999.5")
    case, _ = read_flee(toy)
    case = replace(case, settings=replace(case.settings, max_move_speed=2.0))
    many = replace(case, links=case.links * 300)
    with pytest.raises(BudgetExceeded, match="legs, the longest of 12,499 nights"):
        run_flee(many)


def test_a_name_of_a_file_that_no_disk_holds_is_told(toy: Path):
    change(toy / LAYOUT, "cedar.csv", "c" * 300 + ".csv")
    _, problems = read_flee(toy)
    assert any("cannot be read: File name too long" in one.rule for one in problems)


def test_a_hundred_years_are_too_many(toy: Path):
    (toy / PERIOD).write_text("StartDate,2024-11-27\nLength,36525\n")
    with pytest.raises(InputError, match="must be a number of days from 1 to 7305"):
        read_flee(toy)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("distance_power", "1e300"),
        ("weight_power", "300"),
        ("movechance_pop_scale_factor", "300"),
        ("movechance_pop_base", "1e-300"),
        ("conflict_weight", "1e300"),
    ],
)
def test_powers_and_factors_beyond_sense_are_told(toy: Path, key: str, value: str):
    text = (toy / "simsetting.yml").read_text()
    text = "\n".join(one for one in text.splitlines() if f" {key}:" not in one)
    text = text.replace("move_rules:", f"move_rules:\n  {key}: {value}")
    (toy / "simsetting.yml").write_text(text)
    case, problems = read_flee(toy)
    assert any(one.column == key and one.value == value for one in problems)
    run_flee(case, compiled=False)


@pytest.mark.filterwarnings("error")
def test_numbers_too_large_together_are_refused_without_a_warning(toy: Path):
    case, _ = read_flee(toy)
    case = replace(
        case,
        conflicts={"alder": (1e308,) * 20},
        settings=replace(case.settings, conflict_weight=1e6),
    )
    with pytest.raises(InputError, match="numbers too large"):
        run_flee(case, compiled=False)


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
