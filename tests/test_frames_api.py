"""Frames of a record as a notebook asks for them, and frames as files to import."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import chronicle as ch
from chronicle.domain.views import STATE_COLUMNS
from chronicle.errors import InputError, RefusedImport, UnknownId, UsageError
from chronicle.formats.frame_file import csv_of
from chronicle.replay.stored import cache_folder
from own_toy import TOY, write

CONTROL = pd.DataFrame(
    {
        "id": ["c1", "c2", "c3", "c4"],
        "valid_from": [
            date(2024, 1, 1),
            pd.Timestamp("2024-01-05"),
            "2024-01-09",
            "2024-13-01",
        ],
        "settlement": ["alder", "birch", "alder", "cedar"],
        "to_actor": ["red", "blue", "blue", "red"],
        "credibility": [2, np.nan, 3, 1],
        "published": [pd.NaT, pd.Timestamp("2024-01-06"), None, None],
        "note": ["a\nb", None, "c", ""],
        "source": "radio",
    }
)


def toy(tmp_path: Path) -> ch.Chronicle:
    log = ch.memory(clock=lambda: datetime(2024, 2, 1, tzinfo=UTC))
    log.import_folder(write(tmp_path, TOY), dataset="toy")
    return log


def events_of(log: ch.Chronicle) -> list[Any]:
    return [recorded.event for recorded in log.log()]


def test_a_frame_goes_the_way_of_the_file_that_it_would_be(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    by_frame, by_file = toy(tmp_path / "a"), toy(tmp_path / "b")
    frame = by_frame.import_frame(CONTROL, "control", dataset="mine")
    path = tmp_path / "control.csv"
    path.write_bytes(csv_of(CONTROL))
    file = by_file.import_folder(path, dataset="mine")
    assert events_of(by_frame) == events_of(by_file)
    assert list(map(str, frame.problems)) == list(map(str, file.problems))
    (problem,) = frame.problems
    # the first note has two lines, so that the fourth row begins on the sixth
    assert (problem.line, problem.column, problem.value) == (
        6,
        "valid_from",
        "2024-13-01",
    )
    assert frame.files[0].new == 3
    assert by_frame.report("c1").event.credibility == 2  # type: ignore[union-attr]


def test_the_same_frame_again_adds_nothing_and_a_later_one_is_a_vintage(
    tmp_path: Path,
) -> None:
    log = toy(tmp_path)
    good = CONTROL.iloc[:3]
    log.import_frame(good, "control")
    head = log.head
    assert log.import_frame(good, "control").files[0].unchanged == 3
    assert log.head == head
    changed = good.assign(to_actor=["blue", "blue", "blue"])
    told = log.import_frame(changed, "control").files[0]
    assert (told.new, told.changed) == (0, 1)
    log.undo_import()
    assert log.report("c1") is not None


def test_without_a_kind_the_columns_say_it_and_table_takes_any(tmp_path: Path) -> None:
    log = toy(tmp_path)
    assert log.import_frame(CONTROL.iloc[:3]).files[0].new == 3
    field = pd.DataFrame(
        {
            "Place": ["Cedar"],
            "Date": [date(2024, 1, 3)],
            "Controlled by": ["red"],
            "Source": ["radio"],
        }
    )
    assert log.import_frame(field, "table").files[0].new == 2  # a source as well
    assert log.state("2024-01-04").control["cedar"] == "red"


def test_what_no_frame_can_be_is_told(tmp_path: Path) -> None:
    log = toy(tmp_path)
    with pytest.raises(UsageError, match="did you mean 'control'"):
        log.import_frame(CONTROL, "controls")
    with pytest.raises(InputError, match="dict is no pandas frame"):
        log.import_frame({"a": [1]}, "control")  # type: ignore[arg-type]
    odd = CONTROL.assign(note=pd.Series(["\udc80"] * 4, dtype=object))
    with pytest.raises(InputError, match="holds what is no text"):
        log.import_frame(odd, "control")
    with pytest.raises(RefusedImport):
        log.import_frame(CONTROL, "control", strict=True)
    assert log.report("c1") is None
    log.import_frame(CONTROL, "control", dry_run=True)
    assert log.report("c1") is None


def test_cells_are_written_as_the_own_format_reads_them() -> None:
    frame = pd.DataFrame(
        {
            "flag": [True, False],
            "whole": pd.array([1, None], dtype="Int64"),
            "gaps": [3.0, np.nan],
            "small": [0.00001, 36.25],
            "list": [["a", "b"], ("c",)],
            "when": [pd.Timestamp("2024-01-01 06:00"), pd.Timestamp("2024-01-02")],
        },
        index=pd.Index(["x", "y"], name="id"),
    )
    assert csv_of(frame).decode().splitlines() == [
        "id,flag,whole,gaps,small,list,when",
        "x,yes,1,3,0.00001,a|b,2024-01-01T06:00:00",
        "y,no,,,36.25,c,2024-01-02",
    ]


def test_frames_say_which_question_they_answer(tmp_path: Path) -> None:
    log = toy(tmp_path)
    log.import_frame(CONTROL.iloc[:3], "control")
    state = log.state("2024-01-05", lens="graded").frame()
    assert state.attrs["on"] == "2024-01-05"
    assert (state.attrs["lens"], state.attrs["position"]) == ("graded", log.head)
    frame, panel = log.frame(), log.panel("W", lens="graded")
    assert frame.attrs["digest"] == panel.attrs["digest"] == state.attrs["digest"]
    assert panel.attrs["from"] == "2024-01-07"
    assert panel.attrs["lens"] == "graded"
    log.append(ch.ActorRegistered(actor="green", name="Green"))
    assert log.frame().attrs["digest"] != frame.attrs["digest"]
    assert log.frame(f"@{frame.attrs['position']}").attrs == frame.attrs


def test_a_panel_runs_over_the_days_that_reports_speak_of(tmp_path: Path) -> None:
    log = toy(tmp_path)
    assert log.panel().empty
    log.import_frame(CONTROL.iloc[:3], "control")
    panel = log.panel()
    assert len(panel) == 3 * 9
    wide = panel.pivot(index="settlement", columns="on", values="control")
    assert wide.loc["alder"].tolist() == ["red"] * 8 + ["blue"]
    assert wide.loc["birch"].dropna().tolist() == ["blue"] * 5
    assert len(log.panel(start="2024-01-03", end="2024-01-04")) == 3 * 2
    with pytest.raises(UnknownId, match="no source 'tv'"):
        log.panel(lens="source:tv")


STATE_TYPES = {
    "lat": "float64",
    "lon": "float64",
    "since": "datetime64[us]",
    "last_heard": "datetime64[us]",
    "disputed": "bool",
    "control": "category",
    "status": "category",
    "grade": "category",
}


def test_a_state_has_the_same_types_with_and_without_places(tmp_path: Path) -> None:
    full = toy(tmp_path)
    for log in (ch.memory(), full):
        frame = log.state("2024-01-05").frame()
        types = {name: str(frame[name].dtype) for name in frame.columns}
        assert types == dict.fromkeys(STATE_COLUMNS, "str") | STATE_TYPES


def test_frames_go_to_parquet_and_back(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    log = toy(tmp_path)
    log.import_frame(CONTROL.iloc[:3], "control")
    for name, frame in (("f", log.frame()), ("p", log.panel())):
        frame.to_parquet(tmp_path / name)
        again = pd.read_parquet(tmp_path / name)
        assert again.attrs == frame.attrs
        pd.testing.assert_frame_equal(again, frame)


def test_a_state_is_points_for_who_has_geopandas(tmp_path: Path) -> None:
    pytest.importorskip("geopandas")
    log = toy(tmp_path)
    log.append(
        ch.SettlementRegistered(
            settlement="dale", name="Dale", lat=1.0, lon=2.0, sensitivity="severe"
        )
    )
    found = log.state("2024-01-05").to_geodataframe()
    assert found.crs.to_epsg() == 4326
    alder = found.set_index("settlement").geometry["alder"]
    assert (alder.x, alder.y) == (20.0, 10.0)
    assert found.set_index("settlement").geometry["dale"] is None
    assert found.attrs["on"] == "2024-01-05"


def test_labels_are_kept_beside_a_long_file_and_followed(tmp_path: Path) -> None:
    path = tmp_path / "long.chronicle"
    day = date(2024, 1, 1)
    with ch.create(path) as log:
        log.import_folder(write(tmp_path, TOY), dataset="toy")
        log.append(
            ch.ControlReported(
                report_id=f"r{n}", source="radio", settlement="alder",
                controller="red", valid_from=day + timedelta(days=n % 9),
            )
            for n in range(4_200)
        )  # fmt: skip
        first = log.frame()
        folder = cache_folder(log._log)
        assert folder is not None
        (kept,) = folder.glob("labels-*")
    with ch.open(path) as log:
        pd.testing.assert_frame_equal(log.frame(), first)
        log.append(
            ch.ControlReported(
                report_id="new", source="radio", settlement="alder",
                controller="blue", valid_from=day,
            )
        )  # fmt: skip
        assert log.frame()["report"].tolist()[-1] != "new"
        assert "new" in set(log.frame()["report"])
        kept.write_bytes(kept.read_bytes()[:-9] + b"\0" * 9)
        again = log.frame()
    assert "new" in set(again["report"])
