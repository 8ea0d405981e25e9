"""The archive as a folder: what is in it, how it goes on, what a crash leaves."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

import chronicle as ch
import strategies
from archive_case import rows_of, table_of
from chronicle.api import Chronicle
from chronicle.archive import write
from chronicle.archive.schema import SCHEMA, TABLES, described
from chronicle.archive.write import write_archive
from chronicle.domain.events import Event
from chronicle.errors import Conflict, InputError, StorageError, Untrusted, UsageError
from chronicle.store.log import EventLog
from chronicle.store.memory import MemoryStore
from shell import run

GOLDEN = Path(__file__).parent.parent / "golden_archive" / f"schema.{SCHEMA}.json"
DAY = date(2024, 11, 20)


def claim(name: str, place: str, actor: str, day: int, **more: Any) -> Event:
    return ch.ControlReported(
        report_id=name,
        source="radio",
        settlement=place,
        controller=actor,
        valid_from=DAY + timedelta(days=day),
        published=DAY + timedelta(days=day),
        **more,
    )


def opened() -> Chronicle:
    """A record with two years, ties, a moved report, figures and an incident."""
    chronicle = ch.memory()
    chronicle.append(strategies.opening())
    chronicle.append(
        [
            claim("a1", "alder", "red", -700),
            claim("a2", "alder", "blue", 0, time_of_day="evening"),
            claim("a3", "alder", "green", 0),
            claim("b1", "birch", "red", 2, reliability="B", credibility=2),
            ch.DisplacementReported(
                report_id="d1",
                source="paper",
                measure="stock",
                category="displaced",
                persons=90,
                area="SY02",
                valid_on=DAY,
                includes=("a1", "b1"),
            ),
            ch.IncidentReported(
                report_id="i1",
                source="paper",
                kind="Armed clash",
                settlement="birch",
                valid_from=DAY,
                killed=3,
            ),
        ]
    )
    return chronicle


def files(folder: Path) -> dict[str, str]:
    """The digest of each Parquet file."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in folder.rglob("*.parquet")
    }


def test_every_file_is_as_the_manifest_says(tmp_path: Path) -> None:
    made = opened().archive(tmp_path / "a", licence="CC0-1.0")
    manifest = json.loads((tmp_path / "a" / "manifest.json").read_text())
    assert {f["path"]: f["sha256"] for f in manifest["files"]} == files(tmp_path / "a")
    assert manifest["position"] == made.position == opened().head
    assert manifest["licence"] == "CC0-1.0"
    assert manifest["schema"] == SCHEMA
    for file in manifest["files"]:
        assert (tmp_path / "a" / file["path"]).stat().st_size == file["bytes"]
        if file["year"] is not None:
            assert f"/year={file['year']}/" in file["path"]


def test_the_schema_is_the_one_that_was_promised() -> None:
    assert json.loads(GOLDEN.read_text()) == described()


def test_files_have_the_columns_of_the_schema_and_are_sorted(tmp_path: Path) -> None:
    opened().archive(tmp_path / "a")
    for name, shape in TABLES.items():
        data = table_of(tmp_path / "a", name)
        assert tuple(data.column_names) == shape.names
    places = table_of(tmp_path / "a", "control")["settlement"].to_pylist()
    assert places[1:] == sorted(places[1:])  # 2022 first, then 2024


def test_a_row_says_what_the_report_said(tmp_path: Path) -> None:
    opened().archive(tmp_path / "a")
    (figure,) = table_of(tmp_path / "a", "displacement").to_pylist()
    assert (figure["persons"], figure["includes"], figure["area"]) == (
        *(90, "a1 b1"),
        "SY02",
    )
    (incident,) = table_of(tmp_path / "a", "incidents").to_pylist()
    assert (incident["kind"], incident["killed"]) == ("Armed clash", 3)
    assert incident["published_from"] == date.max  # it has no day of publication
    control = {
        row["report"]: row for row in table_of(tmp_path / "a", "control").to_pylist()
    }
    assert control["b1"]["grade"] == "B2"
    assert control["a1"]["grade"] is None
    latest = table_of(tmp_path / "a", "latest").to_pylist()
    spans = {(r["report"], r["valid_from"], r["valid_to"]) for r in latest}
    assert ("a2", DAY, date.max) in spans  # the evening decides, not the last recorded
    assert all(report != "a3" for report, _, _ in spans)


@given(strategies.logs(max_steps=24))
@settings(max_examples=12)
def test_going_on_gives_the_rows_of_an_archive_made_at_once(
    tmp_path_factory: pytest.TempPathFactory, events: list[Event]
) -> None:
    folder = tmp_path_factory.mktemp("archive")
    log = EventLog(MemoryStore())
    chronicle = Chronicle(log)
    for n, event in enumerate(events):
        try:
            chronicle.append(event)
        except (InputError, Conflict):
            continue
        if n in (8, 14, 20):
            write_archive(log, folder / "on")
    write_archive(log, folder / "on")
    write_archive(log, folder / "once")
    write_archive(log, folder / "spans", batch=1)
    for table in TABLES:
        once = rows_of(folder / "once", table)
        assert rows_of(folder / "on", table) == once, table
        assert rows_of(folder / "spans", table) == once, table


def test_going_on_leaves_years_alone_that_nothing_was_said_of(tmp_path: Path) -> None:
    chronicle, folder = opened(), tmp_path / "a"
    chronicle.append(
        [claim("c1", "cedar", "red", -1500), claim("c2", "cedar", "blue", 1)]
    )
    chronicle.archive(folder)
    before = files(folder)
    chronicle.append([claim("c3", "cedar", "green", 4)])
    made = chronicle.archive(folder)
    after = files(folder)
    same = {
        path for path in before.keys() & after.keys() if before[path] == after[path]
    }
    assert len(same) == made.kept
    assert {path for path in before if "year=2020" in path} <= same  # c1's year
    assert any("latest/now/year=2024" in path for path in before.keys() - same)


def test_nothing_new_writes_nothing(tmp_path: Path) -> None:
    chronicle = opened()
    chronicle.archive(tmp_path / "a")
    before = files(tmp_path / "a")
    assert chronicle.archive(tmp_path / "a").written == 0
    assert files(tmp_path / "a") == before


def test_a_crash_leaves_the_old_archive_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chronicle, folder = opened(), tmp_path / "a"
    chronicle.archive(folder)
    manifest, before = (folder / "manifest.json").read_bytes(), files(folder)
    old = {table: rows_of(folder, table) for table in TABLES}
    chronicle.append(
        [claim("c3", "cedar", "green", 4), claim("a4", "alder", "red", -3)]
    )

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(write, "write_manifest", dies)
    with pytest.raises(KeyboardInterrupt):
        chronicle.archive(folder)
    assert (folder / "manifest.json").read_bytes() == manifest
    found = files(folder)
    assert len(found) > len(before)
    assert {path: found[path] for path in before} == before
    assert {table: rows_of(folder, table) for table in TABLES} == old

    monkeypatch.undo()
    chronicle.archive(folder)
    named = json.loads((folder / "manifest.json").read_text())["files"]
    assert files(folder).keys() == {file["path"] for file in named}
    chronicle.archive(tmp_path / "b")
    for table in TABLES:
        assert rows_of(folder, table) == rows_of(tmp_path / "b", table)


def test_a_failed_write_removes_what_it_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chronicle, folder = opened(), tmp_path / "a"
    chronicle.archive(folder)
    before = files(folder)
    chronicle.append([claim("c3", "cedar", "green", 4)])

    def full(*_: Any) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(write, "latest_rows", full)
    with pytest.raises(StorageError, match="space"):
        chronicle.archive(folder)
    assert files(folder) == before


def test_a_redacted_report_leaves_every_file(tmp_path: Path) -> None:
    chronicle, folder = opened(), tmp_path / "a"
    chronicle.append([claim("harmful", "cedar", "green", 4)])
    chronicle.archive(folder)
    old = set(files(folder))
    chronicle.append(ch.ReportRedacted(report="harmful", reason="names a person"))
    chronicle.archive(folder)
    assert not old & files(folder).keys()
    for table in ("control", "latest"):
        assert "harmful" not in table_of(folder, table)["report"].to_pylist()


def test_places_are_told_as_coarsely_as_their_last_registration_asks(
    tmp_path: Path,
) -> None:
    chronicle, folder = opened(), tmp_path / "a"
    place = ch.SettlementRegistered(
        settlement="alder", name="Alder", lat=36.123456, lon=37.123456
    )
    chronicle.append(place)
    chronicle.append(replace(place, sensitivity="severe"))
    cedar = replace(place, settlement="cedar", name="Cedar", sensitivity="high")
    chronicle.append(cedar)
    chronicle.archive(folder)
    told = {
        (row["settlement"], row["lat"])
        for row in table_of(folder, "settlements").to_pylist()
    }
    assert ("alder", None) in told
    assert {lat for id_, lat in told if id_ == "alder"} == {None}
    assert ("cedar", 36.1) in told


def test_other_logs_and_other_folders_are_refused(tmp_path: Path) -> None:
    chronicle = opened()
    chronicle.archive(tmp_path / "a")
    with (
        ch.create(tmp_path / "other.chronicle") as other,
        pytest.raises(Conflict, match="another log"),
    ):
        other.archive(tmp_path / "a")
    with pytest.raises(Conflict, match="older copy"):
        ch.memory().archive(tmp_path / "a")
    changed = ch.memory()
    changed.append(
        [*strategies.opening(), *(claim(f"x{n}", "alder", "red", n) for n in range(9))]
    )
    with pytest.raises(Conflict, match="not those that the archive"):
        changed.archive(tmp_path / "a")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="other things"):
        chronicle.archive(tmp_path / "mine")
    (tmp_path / "a" / "manifest.json").write_text('{"schema": "none"}')
    with pytest.raises(Untrusted, match="no manifest"):
        chronicle.archive(tmp_path / "a")


def test_a_manifest_cannot_name_files_outside(tmp_path: Path) -> None:
    chronicle, folder = opened(), tmp_path / "a"
    chronicle.archive(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][0]["path"] = "../../etc/passwd"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(Untrusted, match="outside"):
        chronicle.archive(folder)


def test_an_empty_log_has_an_archive_of_empty_tables(tmp_path: Path) -> None:
    made = ch.memory().archive(tmp_path / "a")
    assert (made.position, made.rows) == (0, 0)
    assert all(rows_of(tmp_path / "a", table) == [] for table in TABLES)


def test_the_command_begins_an_archive_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "x.chronicle"
    with ch.create(path) as chronicle:
        chronicle.append([*strategies.opening(), claim("a1", "alder", "red", 0)])
    out = str(tmp_path / "a")
    first = run("export", str(path), "--as", "archive", "--out", out)
    assert first.code == 0
    assert "positions 1 to 10" in first.err
    again = run("export", str(path), "--as", "archive", "--out", out)
    assert "nothing to write" in again.err
    assert run("export", str(path), "--as", "archive").code == 2
    wrong = run(
        "export", str(path), "--as", "archive", "--out", out, "--lens", "graded"
    )
    assert wrong.code == 2
