"""ACLED: incidents, and who took what."""

from datetime import date

import field_files
from chronicle.domain.events import ControlReported, IncidentReported

OLD = field_files.FOLDER / "acled" / "old.csv"
NEW = field_files.FOLDER / "acled" / "new.csv"


def control(path):
    found = field_files.events(field_files.read(path), ControlReported)
    return {one.report_id: one for one in found}


def test_every_row_with_a_day_is_an_incident():
    old = field_files.events(field_files.read(OLD), IncidentReported)
    assert [one.report_id for one in old] == [f"acled:VLD{n}" for n in range(1, 6)]
    assert sum(one.killed for one in old) == 17
    assert {one.published for one in old} == {None}  # `timestamp` is the last edit


def test_territory_goes_to_the_state_to_the_other_side_or_to_the_first():
    told = control(OLD) | control(NEW)
    state, rebels = "military-forces-of-valdoria-2010", "red-front"
    hands = {id_: (one.controller, one.from_actor) for id_, one in told.items()}
    assert hands == {
        "acled:VLD1:control": (state, rebels),
        "acled:VLD2:control": (rebels, state),
        "acled:VLD3:control": (rebels, "blue-front"),
        "acled:VLD7:control": (rebels, None),
    }


def test_a_side_that_inter_does_not_tell_is_not_guessed_in_silence(tmp_path):
    path = tmp_path / "x.csv"
    text = OLD.read_text("utf-8").replace(
        ",Military Forces of Valdoria (2010-),,1,Red Front,,2,12,",
        ",Military Forces of Valdoria (2010-),,,Red Front,,,,",
    )
    path.write_text(text, "utf-8")
    told = [str(problem) for problem in field_files.problems(field_files.read(path))]
    assert any("actor1 was taken" in one for one in told)


def test_a_place_that_is_near_or_wide_is_an_area_and_no_control():
    incidents = field_files.events(field_files.read(OLD), IncidentReported)
    near, wide = incidents[3], incidents[4]
    assert (near.settlement, near.area) == (None, "near Alder, Alder, North, Valdoria")
    assert (wide.settlement, wide.area) == (None, "North, Valdoria")
    assert "acled:VLD5:control" not in control(OLD)


def test_days_are_told_with_months_in_words_and_two_digits():
    found = field_files.events(field_files.read(NEW), IncidentReported)
    assert found[2].valid_from == date(2016, 1, 7)
