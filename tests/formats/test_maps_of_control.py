"""Tables and maps of the present: changes, legends, lines."""

from datetime import date

import pytest

import chronicle
import field_files
from chronicle.domain.events import ControlReported, SettlementRegistered
from chronicle.errors import InputError
from chronicle.formats.field_file import Wanted
from chronicle.formats.lua import tables
from chronicle.formats.wikipedia_lua import Mark, mark_of

TABLE = (
    '"Name","Population","Held by","source","sourceLink","update","lat","lng"\n'
    '"Alder","1","{alder}","","","{day} 2022 06h37 UTC","50","30"\n'
    '"Birch","1","{birch}","","","{day} 2022 06h37 UTC","51","31"\n'
)
LEGEND = "tests/golden_legends/syria.csv"


def table(folder, name, day, alder, birch):
    path = folder / f"{name}.csv"
    path.write_text(TABLE.format(day=day, alder=alder, birch=birch), "utf-8")
    return path


def control(log):
    return [r.event for r in log.log() if isinstance(r.event, ControlReported)]


def test_a_table_of_the_present_tells_only_what_changed(tmp_path):
    table(tmp_path, "1", "1 March", "Ukraine", "Ukraine")
    table(tmp_path, "2", "2 March", "Ukraine", "Contested")
    table(tmp_path, "3", "3 March", "Ukraine", "Contested")
    table(tmp_path, "4", "4 March", "Russia", "Ukraine")
    with chronicle.memory() as log:
        log.import_folder(tmp_path)
        told = [(c.settlement, c.valid_from.day, c.status) for c in control(log)]
        assert told == [
            ("alder", 1, "held"),
            ("birch", 1, "held"),
            ("birch", 2, "contested"),
            ("alder", 4, "held"),
            ("birch", 4, "held"),
        ]
        # The past is not rewritten by the vintages that follow.
        assert log.state("2022-03-03").places["alder"].control == "ukraine"
        assert log.state("2022-03-04").places["alder"].control == "russia"
        head = log.head
        log.import_folder(tmp_path)
        assert log.head == head


def test_a_word_that_no_legend_has_is_a_problem_until_one_has(tmp_path):
    path = table(tmp_path, "1", "1 March", "Martians", "Ukraine")
    with chronicle.memory() as log:
        assert "no word of the legend" in str(log.import_folder(path).problems[0])
        legend = tmp_path / "words.csv"
        legend.write_text(
            "mark,means,valid_from\nMartians,Mars,2022-01-01\nUkraine,Ukraine,\n"
        )
        log.import_folder(path, wanted=Wanted(options={"legend": str(legend)}))
        assert log.state("2022-03-01").places["alder"].control == "mars"


def test_a_colour_means_what_the_legend_says_on_that_day(tmp_path):
    legend = tmp_path / "marks.csv"
    legend.write_text("mark,means,valid_from\ngrey,A,2016-01-01\ngrey,B,2024-12-08\n")
    path = tmp_path / "map.lua"
    path.write_text('{ lat = 1, long = 2, mark = "Dot grey.svg", label = "[[X]]" }')
    for day, actor in (("2017-01-01", "a"), ("2025-01-01", "b")):
        with chronicle.memory() as log:
            wanted = Wanted(None, date.fromisoformat(day), {"legend": str(legend)})
            log.import_folder(path, wanted=wanted)
            assert control(log)[0].controller == actor
    with chronicle.memory() as log:
        wanted = Wanted(None, date(2015, 1, 1), {"legend": str(legend)})
        found = log.import_folder(path, wanted=wanted)
        assert not control(log)
        assert "no legend says what it means on 2015-01-01" in str(found.problems[0])


def test_a_module_without_a_day_is_refused(tmp_path):
    path = tmp_path / "map.lua"
    path.write_text('{ lat = 1, long = 2, mark = "Dot red.svg", label = "X" }')
    with chronicle.memory() as log, pytest.raises(InputError, match="--day"):
        log.import_folder(path)


def test_a_ring_round_a_dot_is_a_siege(tmp_path):
    path = tmp_path / "map.lua"
    path.write_text(
        '{ lat = 1, long = 2, mark = "map-circle-lime.svg" },'
        '{ lat = 1, long = 2, mark = "Dot red.svg", label = "X" }'
    )
    with chronicle.memory() as log:
        wanted = Wanted(None, date(2017, 1, 1), {"legend": LEGEND})
        log.import_folder(path, wanted=wanted)
        (one,) = control(log)
        assert (one.status, one.controller) == ("besieged", "syrian-government")


@pytest.mark.parametrize(
    ("mark", "means"),
    [
        ("m.gov", Mark("held", ("gov",))),
        ("mk.rus_base", Mark("held", ("rus",))),
        ("Location dot black.svg", Mark("held", ("black",))),
        ("Dot_yellow_ff4.svg", Mark("held", ("yellow",))),
        ("80x80-red-lime-anim.gif", Mark("contested", ())),
        ("Map-ctl2-red+yellow.svg", Mark("shared", ("red", "yellow"))),
        ("m.stable_opp_JaN", Mark("shared", ("opp", "JaN"))),
        ("Map-arcNN-red.svg", Mark("ring", ("red",))),
        ("3x3dot-red.svg", Mark("presence", ("red",))),
        ("Mountain pass 12x12 e.svg", Mark("nothing", ())),
        ("Arch dam 12x12 h.svg", Mark("nothing", ())),
    ],
)
def test_a_mark_has_a_shape_and_colours(mark, means):
    assert mark_of(mark) == means


def test_lua_is_read_and_never_run():
    text = """
    -- { lat = 9, mark = m.gov }
    --[[ { lat = 8 } ]]
    return { a = { lat = "36.5", long = -3.25, mark = m["gov"], label = [[A "b"]] } }
    """
    (row,) = tables(text)
    assert row.fields == {
        "lat": "36.5",
        "long": "-3.25",
        "mark": "m.gov",
        "label": 'A "b"',
    }


def square(west, east):
    ring = [[west, 40], [east, 40], [east, 42], [west, 42], [west, 40]]
    shape = f'{{"type": "MultiPolygon", "coordinates": [[{ring}]]}}'
    return f'{{"type": "Feature", "properties": {{}}, "geometry": {shape}}}'


@pytest.fixture
def places():
    spots = (("deep", 21.0), ("edge", 22.005), ("out", 25.0))
    return [
        SettlementRegistered(settlement=name, name=name, lat=41.0, lon=lon)
        for name, lon in spots
    ]


def test_a_place_is_inside_outside_or_too_near_to_a_line(tmp_path, places):
    path = tmp_path / "deepstatemap_data_20240708.geojson"
    path.write_text(square(20, 22))
    for near, edge in (("contested", "contested"), ("skip", None), ("side", None)):
        with chronicle.memory() as log:
            log.append(places)
            log.import_folder(path, wanted=Wanted(options={"near": near}))
            told = {c.settlement: c for c in control(log)}
            assert told["deep"].controller == "russia"
            assert told["deep"].published == date(2024, 7, 8)
            assert "out" not in told
            assert (told["edge"].status if "edge" in told else None) == edge


def test_a_place_that_is_no_longer_inside_is_vacated(tmp_path, places):
    (tmp_path / "deepstatemap_data_20240708.geojson").write_text(square(20, 22))
    (tmp_path / "deepstatemap_data_20240710.geojson").write_text(square(21.5, 22))
    (tmp_path / "deepstatemap_data_20240711.geojson").write_text(square(20, 22))
    with chronicle.memory() as log:
        log.append(places)
        log.import_folder(tmp_path)
        told = [(c.valid_from.day, c.status) for c in control(log)]
        assert [one for one in told if one[1] != "contested"] == [
            (8, "held"),
            (10, "vacated"),
            (11, "held"),
        ]


def test_viina_keeps_the_votes_apart_and_only_changes(tmp_path):
    path = field_files.FOLDER / "viina" / "control_latest_2022.csv"
    with chronicle.memory() as log:
        log.append(field_files.record().settlements.values())
        found = log.import_folder(path)
        votes = {(c.source, c.settlement, c.valid_from.day) for c in control(log)}
        assert len(control(log)) == len(votes) == 12
        assert ("viina", "birch", 24) not in votes
        assert [str(p.value) for p in found.problems] == ["99", "XX"]
        head = log.head
        log.import_folder(path)
        assert log.head == head


def test_viina_out_of_order_is_refused_whole(tmp_path):
    path = tmp_path / "control.csv"
    path.write_text(
        "geonameid,date,status_wiki,status\n2960,20220226,UA,UA\n2960,20220225,RU,RU\n"
    )
    with chronicle.memory() as log:
        log.append(field_files.record().settlements.values())
        with pytest.raises(InputError, match="sort the file by date"):
            log.import_folder(path)
        assert not control(log)


def test_viina_wide_columns_are_days(tmp_path):
    path = tmp_path / "control.csv"
    path.write_text(
        "geonameid,asciiname,ctr_20220227010203,ctr_20220227230000,ctr_20220301000000\n"
        "2960,Alder,UA,RU,RU\n"
    )
    rows = field_files.read(path, references=field_files.record())
    (one,) = field_files.events(rows, ControlReported)
    assert (one.valid_from, one.controller) == (date(2022, 2, 27), "russia")


def test_a_day_that_is_none_is_a_problem_and_no_traceback(tmp_path):
    path = table(tmp_path, "1", "1 Marsh", "Ukraine", "Ukraine")
    told = field_files.problems(field_files.read(path))
    assert {one.column for one in told} == {"update"}
    wide = tmp_path / "wide.csv"
    wide.write_text("geonameid,asciiname,ctr_20229999000000\n2960,Alder,UA\n")
    with pytest.raises(InputError, match="day"):
        field_files.read(wide, references=field_files.record())
