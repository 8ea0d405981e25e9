"""The commands: columns, formats, exit codes, and what a hostile user may try."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chronicle as ch
from chronicle.cli import COMMANDS
from log_toys import opening
from own_toy import CASE, CONTROL, TOY, write
from shell import Ended, run, spawned
from strategies import steady

STATE = (
    "settlement,name,lat,lon,control,status,since,reports,grade,sources,disputed,"
    "last_heard"
)
HISTORY = (
    "position,valid_from,time_of_day,control,status,source,reliability,credibility,"
    "published,recorded_at,report,counts,note"
)
DIFF = "settlement,name,before,after,since,reports"
DAY = "2024-12-02"


@pytest.fixture(scope="session")
def case_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "case.chronicle"
    with ch.create(path) as log:
        log.import_folder(CASE)
    return path


@pytest.fixture
def case(case_made: Path, tmp_path: Path) -> Path:
    """The real case in a file of its own."""
    path = tmp_path / "case.chronicle"
    shutil.copy(case_made, path)
    return path


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    path = tmp_path / "toy.chronicle"
    with ch.create(path) as log:
        log.append(opening())
    return path


def rows(ended: Ended) -> list[dict[str, str]]:
    assert ended.code == 0, ended.err
    return list(csv.DictReader(io.StringIO(ended.out)))


def events(path: Path) -> list[Any]:
    with ch.open(path) as log:
        return [(r.position, r.event) for r in log.log()]


# --- tables --------------------------------------------------------------------------

TABLES = {
    "state": (["state", "FILE", "--on", DAY], STATE),
    "history": (["history", "FILE", "Khanasir"], HISTORY),
    "why": (["why", "FILE", "Khanasir", "--on", DAY], f"role,{HISTORY}"),
    "diff": (["diff", "FILE", "--from", "2024-11-27", "--to", DAY], DIFF),
    "diff known": (
        ["diff", "FILE", "--on", DAY, "--known-from", "@900", "--known-to", "@1300"],
        DIFF,
    ),
    "diff published": (
        *(
            ["diff", "FILE", "--on", DAY, "--published-from", "2024-12-01"],
            DIFF,
        ),
    ),
    "displaced": (
        ["displaced", "FILE", "--on", "2024-12-06"],
        "report,as_of,measure,category,persons,low,high,qualifier,area,counter,since,"
        "until,published,source,reliability,credibility,overlap,note",
    ),
    "log": (
        ["log", "FILE", "--after", "1200"],
        "position,recorded_at,type,source,published,id,says",
    ),
    "check": (["check", "FILE"], "finding,about,says"),
    "doctor": (["doctor"], "what,version,says"),
}


def asked(name: str, path: Path) -> list[str]:
    return [str(path) if word == "FILE" else word for word in TABLES[name][0]]


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_its_columns_in_every_format(name: str, case_made: Path) -> None:
    words, columns = asked(name, case_made), TABLES[name][1].split(",")
    plain = run(*words)
    assert plain.code == 0
    assert plain.out.splitlines()[0].split(",") == columns
    assert plain.out == run(*words, "--format", "csv").out
    told = json.loads(run(*words, "--format", "json").out)
    assert told["columns"] == columns
    assert len(told["rows"]) == len(rows(plain)) > 0
    assert all(list(row) == columns for row in told["rows"])
    drawn = run(*words, "--format", "table")
    assert drawn.out.splitlines()[0] == told["header"].splitlines()[0]
    assert drawn.out.rstrip().endswith(told["notes"][-1] if told["notes"] else "")


@pytest.mark.parametrize("name", TABLES)
def test_what_is_beside_the_table_is_on_the_error_stream(
    name: str, case_made: Path
) -> None:
    words = asked(name, case_made)
    told = json.loads(run(*words, "--format", "json").out)
    aside = [*told["header"].splitlines(), *told["notes"]]
    assert run(*words).err.splitlines() == aside
    assert run(*words, "--quiet").err == ""
    assert run("--quiet", *words).out == run(*words).out


def test_each_answer_says_its_clocks(case_made: Path) -> None:
    for name in ("state", "why", "diff", "displaced"):
        assert "(UTC), as known at position" in run(*asked(name, case_made)).err
    published = run(*asked("state", case_made), "--published-by", DAY)
    assert f"as published by {DAY}" in published.err


@pytest.mark.parametrize("suffix", ["csv", "json", "txt", "geojson", "parquet"])
def test_the_format_goes_by_the_suffix_of_out(
    suffix: str, case_made: Path, tmp_path: Path
) -> None:
    out = tmp_path / f"state.{suffix}"
    ended = run("state", case_made, "--on", DAY, "--out", out)
    assert (ended.code, ended.out) == (0, "")
    data = out.read_bytes()
    if suffix == "csv":
        assert data.startswith(STATE.encode() + b"\n")
        assert data.decode() == run("state", case_made, "--on", DAY).out
    elif suffix == "txt":
        assert data.startswith(b"State at the end of 2024-12-02 (UTC)")
    elif suffix == "parquet":
        assert data[:4] == data[-4:] == b"PAR1"
    else:
        assert json.loads(data)
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


def test_geojson_puts_longitude_first(case_made: Path) -> None:
    told = json.loads(run("state", case_made, "--on", DAY, "--format", "geojson").out)
    (aleppo,) = [f for f in told["features"] if f["id"] == "aleppo"]
    assert aleppo["geometry"] == {"type": "Point", "coordinates": [37.1612, 36.2012]}
    assert aleppo["properties"]["control"] == "hts"
    assert aleppo["properties"]["start_date"] == "2024-11-30"


def test_parquet_keeps_days_and_lists(case_made: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    out = tmp_path / "state.parquet"
    run("state", case_made, "--on", DAY, "--out", out)
    table = parquet.read_table(out)
    assert table.column_names == STATE.split(",")
    assert str(table.schema.field("since").type) == "date32[day]"
    assert str(table.schema.field("reports").type).startswith("list<")
    assert b"end of 2024-12-02" in table.schema.metadata[b"header"]


def test_columns_chooses_and_orders(case_made: Path) -> None:
    words = ["state", case_made, "--on", DAY, "--columns", "control,settlement"]
    found = rows(run(*words))
    assert list(found[0]) == ["control", "settlement"]
    assert {"control": "hts", "settlement": "aleppo"} in found
    assert json.loads(run(*words, "--format", "json").out)["columns"] == [
        *("control", "settlement")
    ]


@pytest.mark.parametrize("names", ["control,colour,shape", "", ",", "control,"])
def test_an_unknown_column_is_named(names: str, case_made: Path) -> None:
    ended = run("state", case_made, "--on", DAY, "--columns", names)
    assert (ended.code, ended.out) == (2, "")
    strange = [word for word in names.split(",") if word != "control"]
    assert all(repr(word) in ended.err for word in strange)


def test_columns_does_not_go_with_formats_that_are_whole(case_made: Path) -> None:
    for words in (
        ["state", case_made, "--on", DAY, "--format", "geojson"],
        ["log", case_made, "--format", "jsonl"],
    ):
        assert run(*words, "--columns", "settlement").code == 2


def test_cells_that_a_spreadsheet_would_run_are_disarmed(toy: Path) -> None:
    for number, name in enumerate(["=1+1", "+cmd", "-2", "@SUM(A1)", "plain"]):
        ended = run(
            *("report", toy, "--kind", "settlement", f"settlement=s{number}"),
            *(f"name={name}", "lat=-1", "lon=-2.5"),
        )
        assert ended.code == 0, ended.err
    words = ["state", toy, "--on", DAY]
    told = {row["settlement"]: row for row in rows(run(*words))}
    assert [told[f"s{n}"]["name"] for n in range(5)] == [
        *("'=1+1", "'+cmd", "'-2", "'@SUM(A1)", "plain")
    ]
    assert told["s0"]["lat"] == "-1.0"  # a number is a number
    lossless = json.loads(run(*words, "--format", "json").out)["rows"]
    assert {row["name"] for row in lossless} >= {"=1+1", "@SUM(A1)"}


def test_the_log_is_json_lines_with_every_field(case_made: Path) -> None:
    lines = run("log", case_made, "--format", "jsonl").out.splitlines()
    told = [json.loads(line) for line in lines]
    assert [one["position"] for one in told] == list(range(1, len(told) + 1))
    assert run("export", case_made).out.splitlines() == lines
    (khanasir,) = [one for one in told if one.get("report_id") == "c397"]
    assert khanasir["type"] == "control-reported"
    assert khanasir["time_of_day"] == "night"


def test_export_writes_the_same_to_a_file(case_made: Path, tmp_path: Path) -> None:
    out = tmp_path / "all.jsonl"
    ended = run("export", case_made, "--as", "jsonl", "--out", out)
    assert ended.code == 0
    assert out.read_text("utf-8") == run("export", case_made).out


def test_the_log_can_be_narrowed(case_made: Path) -> None:
    def found(*words: str) -> list[dict[str, str]]:
        return rows(run("log", case_made, *words))

    assert {r["type"] for r in found("--type", "incident-reported")} == {
        "incident-reported"
    }
    assert {r["source"] for r in found("--source", "sana")} == {"sana"}
    about = found("--settlement", "Khanasir", "--type", "control-reported")
    assert [row["id"] for row in about] == ["c076", "c389", "c397", "c398", "c565"]
    early = found("--published-by", "2024-11-27")
    assert {row["published"] for row in early} == {"2024-11-27"}


# --- global options ------------------------------------------------------------------


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("option", ["--quiet", "--json-errors", "--no-color"])
def test_global_options_are_understood_anywhere(
    place: int, option: str, case_made: Path
) -> None:
    words = ["state", str(case_made), "--on", DAY]
    words.insert(place, option)
    assert run(*words).out.startswith(STATE)


def test_behind_two_dashes_nothing_is_an_option(toy: Path) -> None:
    ended = run("why", toy, "--on", DAY, "--", "--quiet")
    assert ended.code == 3
    assert "--quiet" in ended.err


def test_errors_can_be_json(tmp_path: Path) -> None:
    for words, code, kind in (
        (["state", tmp_path / "no", "--on", DAY], 6, "StorageError"),
        (["state", tmp_path / "no", "--on", "soon"], 6, "StorageError"),
        (["state"], 2, "UsageError"),
        (["nonsense"], 2, "UsageError"),
    ):
        ended = run("--json-errors", *words)
        told = json.loads(ended.err)
        assert (ended.code, told["exit_code"], told["error"]) == (code, code, kind)
        assert told["message"]


# --- names ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["aleppo", "Aleppo", "ALEPPO", "Halab", "حلب"])
def test_a_place_is_asked_about_by_any_name(name: str, case_made: Path) -> None:
    ended = run("why", case_made, name, "--on", DAY)
    assert ended.err.startswith("Aleppo (aleppo): hts")


def test_an_ambiguous_name_lists_its_places(case_made: Path) -> None:
    ended = run("--json-errors", "history", case_made, "Houla")
    assert ended.code == 3
    assert json.loads(ended.err)["candidates"] == ["kafr-laha", "talldaww"]


def test_an_unknown_name_suggests(case_made: Path) -> None:
    ended = run("why", case_made, "Khanaser", "--on", DAY)
    assert ended.code in (0, 3)
    ended = run("why", case_made, "Khanasirr", "--on", DAY)
    assert ended.code == 3
    assert "did you mean khanasir" in ended.err
    assert run("stat").err.rstrip().endswith("did you mean 'state'?")


# --- telling by hand -----------------------------------------------------------------


def report(path: Path, *words: str) -> Ended:
    return run(
        *("report", path, "settlement=alder", "controller=red", "source=radio"),
        *("valid_from=2024-12-01", *words),
    )


def test_a_report_is_told_shown_mended_retracted_and_redacted(toy: Path) -> None:
    told = report(toy, "note=a secret", "--reliability", "B", "credibility=2")
    assert told.code == 0, told.err
    position, id_ = told.out.split()
    assert position == "6"
    (row,) = rows(run("history", toy, "alder"))
    assert (row["report"], row["reliability"], row["credibility"]) == (id_, "B", "2")
    assert run("amend", toy, id_, "controller=blue", "--reason", "typing").code == 0
    (row,) = rows(run("history", toy, "alder"))
    assert (row["control"], row["counts"]) == ("blue", "yes, amended")
    retracted = run("retract", toy, id_, "--reason", "a misreading")
    assert retracted.out.split() == ["8", f"retract:{id_}"]
    assert rows(run("state", toy, "--on", DAY))[0]["status"] == "unknown"
    assert run("retract", toy, f"retract:{id_}").code == 0
    assert rows(run("state", toy, "--on", DAY))[0]["control"] == "blue"
    other = report(toy, "source=paper", "report_id=other").code
    assert other == 2  # source was given twice
    run("report", toy, "settlement=alder", "status=contested", "source=paper",
        "valid_from=2024-12-01", "report_id=other")  # fmt: skip
    assert run("link", toy, id_, "other", "--as", "disputes").code == 0
    assert "disputed" in {row["finding"] for row in rows(run("check", toy))}
    assert run("redact", toy, id_, "--reason", "names a home", "--yes").code == 0
    assert "a secret" not in run("export", toy).out
    assert "a secret" not in run("log", toy, "--format", "table").out


def test_the_same_report_twice_adds_nothing(toy: Path) -> None:
    assert report(toy).out == report(toy).out
    assert len(events(toy)) == 6
    named = report(toy, "--key", "k", "note=other")
    assert report(toy, "--key", "k", "note=other").out == named.out
    assert len(events(toy)) == 7


def test_registrations_are_told_by_hand_too(toy: Path) -> None:
    for words in (
        ["--kind", "source", "source=ap", "name=Associated Press", "reliability=B"],
        ["--kind", "actor", "actor=green", "name=Green", "since=2024-12-01"],
        ["--kind", "settlement", "settlement=elm", "name=Elm", "lat=1", "lon=2",
         "aliases=Elmwood|Ulme"],
        ["--kind", "route", "settlement_a=Elm", "settlement_b=alder",
         "distance_km=3.5"],
        ["--kind", "displacement", "measure=stock", "category=displaced",
         "persons=1200", "area=north", "counter=ocha", "valid_on=2024-12-01",
         "source=ap"],
        ["--kind", "incident", "kind=Armed clash", "settlement=Elmwood",
         "valid_from=2024-12-01", "source=ap", "alleged_actor=Green", "disputed=yes"],
        ["--kind", "route-status", "settlement_a=elm", "settlement_b=alder",
         "shut=yes", "valid_from=2024-12-01", "source=ap"],
        ["--kind", "support", "backer=A state", "backed=green",
         "valid_from=2024-12-01", "source=ap"],
        ["--kind", "legend", "legend=A map", "colour=green", "means=opposition",
         "valid_from=2024-12-01", "source=ap"],
    ):  # fmt: skip
        ended = run("report", toy, *words)
        assert ended.code == 0, (words, ended.err)
    (figure,) = rows(run("displaced", toy, "--on", DAY))
    assert (figure["persons"], figure["counter"]) == ("1200", "ocha")
    assert "allegedly by green" in run("log", toy).out


# --- errors --------------------------------------------------------------------------

NOT_SAID = ["report", "FILE", "settlement=alder"]

BAD: dict[str, tuple[list[str], int, str]] = {
    "no such command": (["conquer", "FILE"], 2, "No such command"),
    "no file": (["state"], 2, "Missing argument"),
    "no such option": (["state", "FILE", "--at", DAY], 2, "No such option"),
    "two days in one table": (
        ["state", "FILE", "--on", DAY, "--on", "today"],
        *(2, "--summary"),
    ),
    "a lens of nobody": (
        ["state", "FILE", "--on", DAY, "--lens", "source:rodeo"],
        *(3, "no source 'rodeo'"),
    ),
    "a log of nobody": (["log", "FILE", "--source", "rodeo"], 3, "no source"),
    "a last day of nothing": (["state", "FILE", "--on", "last"], 2, "name a day"),
    "a day that is none": (["state", "FILE", "--on", "2024-02-30"], 2, "no day"),
    "a time for a day": (["state", "FILE", "--on", "2024-12-01T10:00Z"], 2, "must be"),
    "an empty day": (["state", "FILE", "--on", ""], 2, "must be a day"),
    "a naive time": (
        ["state", "FILE", "--on", DAY, "--known-at", "2024-12-01T10:00"],
        *(2, "has no offset"),
    ),
    "no such position": (
        ["state", "FILE", "--on", DAY, "--known-at", "@99999"],
        *(2, "the log ends at"),
    ),
    "no such lens": (["state", "FILE", "--on", DAY, "--lens", "best"], 2, "no lens"),
    "no such format": (["state", "FILE", "--on", DAY, "--format", "xml"], 2, "xml"),
    "a suffix of no format": (
        ["state", "FILE", "--on", DAY, "--out", "state.docx"],
        *(2, "--format"),
    ),
    "half a diff": (["diff", "FILE", "--to", DAY], 2, "goes --from one day"),
    "two moments about two days": (
        ["diff", "FILE", "--from", DAY, "--on", DAY],
        *(2, "takes no --on"),
    ),
    "half a diff in knowledge": (
        ["diff", "FILE", "--on", DAY, "--known-to", "@1"],
        *(2, "wants --known-from"),
    ),
    "half a diff in publication": (
        ["diff", "FILE", "--on", DAY, "--published-to", DAY],
        *(2, "wants --published-from"),
    ),
    "no diff": (["diff", "FILE"], 2, "diff wants"),
    "a mixed diff": (
        ["diff", "FILE", "--from", DAY, "--to", DAY, "--known-from", "@1"],
        *(2, "diff wants"),
    ),
    "a type that is none": (["log", "FILE", "--type", "controls"], 2, "there are"),
    "no number": (["log", "FILE", "--after", "x"], 2, "integer"),
    "stale before today": (["check", "FILE", "--stale-days", "-9"], 2, "range"),
    "an unknown field": ([*NOT_SAID, "controler=red"], 2, "did you mean 'controller'?"),
    "a field twice": ([*NOT_SAID, "settlement=birch"], 2, "given twice"),
    "missing fields": (NOT_SAID, 2, "also wants source, valid_from"),
    "a word that is no field": ([*NOT_SAID, "red"], 2, "name=value"),
    "a field without a value": ([*NOT_SAID, "--note"], 2, "wants a value"),
    "an amendment of nothing": (["amend", "FILE", "r1"], 2, "name=value"),
    "a place nobody knows": (["why", "FILE", "Atlantis", "--on", DAY], 3, "Atlantis"),
    "an empty name": (["history", "FILE", ""], 3, "no settlement"),
    "a report nobody told": (["retract", "FILE", "nobody"], 3, "no report 'nobody'"),
    "a value that breaks a rule": (
        [*NOT_SAID, "controller=red", "source=a b", "valid_from=2024-12-01"],
        *(3, "control-reported.source"),
    ),
    "an actor nobody knows": (
        [*NOT_SAID, "controller=rde", "source=a", "valid_from=2024-12-01"],
        *(3, "did you mean red"),
    ),
    "a folder that is not there": (["import", "FILE", "nowhere"], 3, "nowhere"),
    "a link to itself": (["link", "FILE", "r1", "r1", "--as", "disputes"], 3, "r1"),
    "a position that is none": (
        [*NOT_SAID, "controller=red", "source=a", "valid_from=2024-12-01",
         "--expected", "alder=x"],
        *(2, "no position"),
    ),
    "an init twice": (["init", "FILE"], 4, "exists; it was not touched"),
    "no chronicle there": (["check", "missing.chronicle"], 6, "chronicle init"),
    "a folder for a file": (["check", "."], 2, "is a folder, and a chronicle is"),
    "an address": (["init", "mysql://localhost/x"], 2, "no path of a file"),
    "a server": (["init", "postgresql://127.0.0.1:1/x"], 6, "cannot reach"),
    "out of reach": (
        ["state", "FILE", "--on", DAY, "--out", "nowhere/state.csv"],
        *(6, "no folder nowhere"),
    ),
    "a folder to write to": (["check", "FILE", "--out", "."], 2, "is a folder"),
    "the chronicle to write to": (
        ["state", "FILE", "--on", DAY, "--format", "csv", "--out", "FILE"],
        *(2, "it was not touched"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_a_clear_error_and_nothing_is_written(
    name: str, toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(toy.parent)
    words, code, says = BAD[name]
    before, there = events(toy), sorted(toy.parent.iterdir())
    content = toy.read_bytes()
    ended = run(*(str(toy) if word == "FILE" else word for word in words))
    assert ended.code == code, ended
    assert says in ended.err
    assert ended.out == ""
    assert "Traceback" not in ended.err
    assert "a fault in Chronicle" not in ended.err
    assert toy.read_bytes() == content
    assert events(toy) == before
    assert {p.name for p in toy.parent.iterdir()} - {p.name for p in there} <= {
        "toy.chronicle.lock"
    }


def test_a_conflict_is_exit_code_4(toy: Path) -> None:
    assert report(toy, "report_id=r1").code == 0
    assert report(toy, "report_id=r1", "note=other").code == 4
    assert report(toy, "report_id=r2", "--expected", "alder=5").code == 4
    assert report(toy, "report_id=r2", "--expected", "alder=6").code == 0
    assert report(toy, "report_id=r3", "--key", "k").code == 0
    assert report(toy, "report_id=r4", "--key", "k").code == 4


def test_a_log_that_is_being_written_is_busy(toy: Path) -> None:
    words = ("settlement=alder", "status=contested", "source=radio")
    with ch.open(toy) as log, log._log.store.writing():
        ended = spawned(
            *("report", toy, *words, "valid_from=2024-12-01"),
            env={"CHRONICLE_LOCK_TIMEOUT": "0.2"},
        )
        asked_meanwhile = spawned("state", toy, "--on", DAY)
    assert ended.code == 5
    assert "nothing was recorded: try again" in ended.err
    assert asked_meanwhile.code == 0
    assert len(events(toy)) == 5


def test_a_patience_that_is_no_number_is_refused(
    toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for told in ("long", "-1", "nan", "1e99"):
        monkeypatch.setenv("CHRONICLE_LOCK_TIMEOUT", told)
        assert run("check", toy).code == 2


def test_a_damaged_file_is_exit_code_7(case: Path) -> None:
    data = bytearray(case.read_bytes())
    data[4096 : len(data) : 997] = b"\xff" * len(data[4096 : len(data) : 997])
    case.write_bytes(data)
    ended = run("state", case, "--on", DAY)
    assert ended.code == 7, ended
    assert "Traceback" not in ended.err


def foreign(path: Path, sql: str) -> Path:
    connection = sqlite3.connect(path)
    connection.executescript(sql)
    connection.close()
    return path


def test_what_is_no_chronicle_is_exit_code_9(tmp_path: Path, toy: Path) -> None:
    text = tmp_path / "text.chronicle"
    text.write_text("settlement,name\n")
    empty = tmp_path / "empty.chronicle"
    empty.touch()
    other = foreign(tmp_path / "other.chronicle", "CREATE TABLE events (a);")
    view = tmp_path / "view.chronicle"
    shutil.copy(toy, view)
    foreign(view, "CREATE VIEW state AS SELECT 1;")
    for path in (text, empty, other, view):
        ended = run("state", path, "--on", DAY)
        assert ended.code == 9, ended
        assert "nothing" in ended.err


words_ = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), max_size=12
) | st.sampled_from(
    [
        *(
            "--on",
            "--out",
            "--format",
            "--known-at",
            "--published-by",
            "--lens",
            "--as",
        ),
        *("table", "csv", "json", "jsonl", "@1", "@", "2024-12-01", "9999-12-31"),
        *(
            "0001-01-01",
            "1e400",
            "-1",
            "999999999999999999999",
            "alder",
            "r1",
            "..",
            "/",
        ),
        *("settlement=alder", "controller=red", "valid_from=2024-12-01", "source=a"),
        *("=", "--", "-", "--columns", "--kind", "--quiet", "--json-errors", "--key"),
        *(
            "9999-12-31T23:59-14:00",
            "0001-01-01T00:00+14:00",
            "--from",
            "--to",
            "\x1b[1m",
        ),
    ]
)
# The modules whose commands are quick.
ASKED = {"questions", "record", "panel", "brief", "custody", "vintages", "doctor"}
assert {module for module, _, _ in COMMANDS.values()} >= ASKED
commands = st.sampled_from(
    sorted(name for name, (module, _, _) in COMMANDS.items() if module in ASKED)
)


@pytest.fixture(scope="module")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chronicle that anything may happen to, alone in its folder."""
    path = tmp_path_factory.mktemp("fuzz") / "toy.chronicle"
    with ch.create(path) as log:
        log.append(opening())
    return path


@settings(steady, max_examples=150)
@given(command=commands, words=st.lists(words_, max_size=5))
def test_no_argument_brings_a_traceback(
    command: str, words: list[str], playground: Path
) -> None:
    path = playground
    first = [] if command == "doctor" else [path]
    words = [word for word in words if word != "--follow"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path.parent)
        ended = run(command, *first, *words)
    assert ended.code in range(10), ended
    assert ended.code != 1
    assert "Traceback" not in ended.err
    with ch.open(path) as log:
        assert [r.event for r in log.log(upto=5)] == opening()


@pytest.mark.parametrize(
    ("command", "option"), [("history", "--json-errors"), ("import", "--quiet")]
)
def test_bytes_that_are_no_text_are_refused_like_any_other(
    command: str, option: str, toy: Path
) -> None:
    ended = spawned(command, toy, b"\xff\xfe", option)
    assert ended.code == 3, ended
    assert "Traceback" not in ended.err


# --- importing -----------------------------------------------------------------------


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "toy"
    folder.mkdir()
    good = "c1,2024-11-27,alder,red,,radio\nc2,2024-11-28,birch,blue,,radio\n"
    return write(folder, {**TOY, "control.csv": f"{CONTROL}\n{good}"})


@pytest.fixture
def new(tmp_path: Path) -> Path:
    path = tmp_path / "new.chronicle"
    assert run("init", path).code == 0
    return path


def test_an_import_tells_file_by_file(new: Path, source: Path) -> None:
    ended = run("import", new, source)
    told = rows(ended)
    assert list(told[0]) == [
        *("file", "new", "changed", "gone", "not_told", "unchanged", "problems")
    ]
    assert {row["file"]: row["new"] for row in told}["control.csv"] == "2"
    assert (
        "7 new, 0 changed, 0 gone, 0 not told this time, 0 unchanged, 0 problems"
        in (ended.err)
    )
    assert "0 new" in run("import", new, source).err
    assert run("import", new, source, "--as", "own").code == 0
    assert run("import", new, source, "--as", "aclde").code == 2


def test_bad_rows_are_told_with_file_line_column_value_and_rule(
    new: Path, source: Path
) -> None:
    with (source / "control.csv").open("a") as file:
        file.write("c3,31/02/22,cedar,red,,radio\nc4,2024-12-01,oak,red,,radio\n")
    ended = run("import", new, source)
    assert ended.code == 0
    assert "control.csv:4: valid_from: '31/02/22': " in ended.err
    assert "control.csv:5: settlement: 'oak': " in ended.err
    assert "2 problems" in ended.err
    assert rows(run("history", new, "alder"))[0]["report"] == "c1"


def test_strict_leaves_the_file_out_and_is_exit_code_3(new: Path, source: Path) -> None:
    with (source / "control.csv").open("a") as file:
        file.write("c3,31/02/22,cedar,red,,radio\n")
    ended = run("import", new, source, "--strict")
    assert ended.code == 3
    assert "control.csv:4: valid_from" in ended.err
    assert rows(run("history", new, "alder")) == []
    told = json.loads(
        run("import", new, source, "--strict", "--json-errors").err.splitlines()[-1]
    )
    assert told["problems"][0].startswith("control.csv:4: valid_from")


def test_a_dry_run_writes_nothing(new: Path, source: Path) -> None:
    content = new.read_bytes()
    ended = run("import", new, source, "--dry-run")
    assert "would be: 7 new" in ended.err
    assert new.read_bytes() == content
    assert events(new) == []


@pytest.mark.parametrize(
    "words",
    [
        ["nowhere"],
        ["--columns", "nothing"],
        ["--out", "nowhere/x.csv"],
        ["--out", "x.docx"],
    ],
)
def test_a_wrong_word_at_the_end_of_an_import_comes_before_it(
    words: list[str], new: Path, source: Path
) -> None:
    assert run("import", new, source, *words).code in (2, 3, 6)
    assert events(new) == []


def test_what_went_in_before_a_failure_is_told(new: Path, source: Path) -> None:
    other = source.parent / "other"
    shutil.copytree(source, other)
    ended = run("import", new, source, other)
    assert ended.code == 4
    assert "control.csv,2,0,0,0,0,0" in ended.out
    assert "belongs to data set 'toy'" in ended.err


# --- help ----------------------------------------------------------------------------


def test_help_lists_every_command_and_each_has_help() -> None:
    told = run("--help").out
    for name, (_, _, line) in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(line[:40])}", told, re.MULTILINE)
    assert run().code in (0, 2)
    assert run("--version").out == f"chronicle, version {ch.__version__}\n"


def test_there_is_nothing_to_say_of_a_quiet_record(toy: Path) -> None:
    ended = run("check", toy, "--on", DAY, "--stale-days", "99999999999999")
    assert ended.code == 0
    assert {row["finding"] for row in rows(ended)} <= {"stale", "never mentioned"}


def test_a_device_is_written_to_and_not_replaced(case_made: Path) -> None:
    assert run("state", case_made, "--on", DAY, "--out", "/dev/null").code == 0
    assert Path("/dev/null").is_char_device()


def test_a_link_to_a_file_stays_a_link(case_made: Path, tmp_path: Path) -> None:
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_text("before")
    link.symlink_to(real)
    assert run("state", case_made, "--on", DAY, "--out", link).code == 0
    assert link.is_symlink()
    assert real.read_text().startswith(STATE)


@pytest.fixture(autouse=True)
def _no_settings_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHRONICLE_LOCK_TIMEOUT", "CHRONICLE_DEBUG", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
