"""Several people's work in one record: the same once, the other for review."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chronicle as ch
from log_toys import control, opening
from own_toy import CASE
from shell import run


def record(path: Path, *events: Any) -> Path:
    with ch.create(path) as log:
        log.append(opening())
        for event in events:
            log.append(event)
    return path


def other_as(kind: str, path: Path) -> Path:
    """The record at *path*, or its export."""
    if kind == "record":
        return path
    out = path.with_suffix(".jsonl")
    assert run("export", path, "--out", out).code == 0
    return out


@pytest.fixture(params=["record", "export"])
def make(request: pytest.FixtureRequest) -> Callable[[Path], Path]:
    return lambda path: other_as(request.param, path)


def holders(path: Path) -> dict[str, str | None]:
    with ch.open(path) as log:
        return log.state("2025-01-01").control


def test_what_both_say_is_there_once(tmp_path: Path, make: Any) -> None:
    mine = record(tmp_path / "a.chronicle", control("r1"))
    theirs = make(
        record(
            tmp_path / "b.chronicle", control("r1"), control("r2", settlement="birch")
        )
    )
    ended = run("merge", mine, theirs)
    assert ended.code == 0
    assert "1 new, 6 known, 0 conflicts" in ended.err
    assert holders(mine) == {"alder": "red", "birch": "red", "cedar": None}
    with ch.open(mine) as log:
        head = log.head
    assert "0 new, 7 known, 0 conflicts" in run("merge", mine, theirs).err
    with ch.open(mine) as log:
        assert log.head == head


def test_one_id_with_other_words_is_a_conflict(tmp_path: Path, make: Any) -> None:
    mine = record(tmp_path / "a.chronicle", control("r1"))
    theirs = make(
        record(
            tmp_path / "b.chronicle",
            control("r1", controller="blue"),
            ch.ReportAmended(report="r1", changes={"note": "n"}),
            control("r2", settlement="birch"),
        )
    )
    assert run("merge", mine, theirs, "--strict").code == 4
    assert holders(mine)["birch"] is None
    ended = run("merge", mine, theirs)
    assert ended.code == 0
    assert "1 new, 5 known, 1 conflicts" in ended.err
    assert "id: 'r1': says something else here, which stands: controller red here" in (
        ended.err
    )
    assert holders(mine) == {"alder": "red", "birch": "red", "cedar": None}


def test_remarks_follow_under_an_id_of_their_own(tmp_path: Path, make: Any) -> None:
    both = control("r1"), control("r2", settlement="birch")
    mine = record(
        tmp_path / "a.chronicle", *both,
        ch.ReportAmended(report="r1", changes={"note": "mine"}),
    )  # fmt: skip
    theirs = make(
        record(
            tmp_path / "b.chronicle", *both,
            ch.ReportAmended(report="r1", changes={"controller": "blue"}),
            ch.ReportRetracted(report="amend:r1", reason="no"),
            ch.ReportRetracted(report="r2", reason="a forgery"),
        )
    )  # fmt: skip
    for new in (3, 0):
        assert f"{new} new" in run("merge", mine, theirs).err
        assert holders(mine) == {"alder": "red", "birch": None, "cedar": None}
    with ch.open(mine) as log:
        (row,) = log.history("alder")
        assert row["note"] == "mine"


def test_what_is_redacted_in_one_stays_so(tmp_path: Path, make: Any) -> None:
    mine = record(tmp_path / "a.chronicle", control("r1", note="harm"), control("r2"))
    theirs = record(
        tmp_path / "b.chronicle",
        control("r1", note="harm"), control("r3"), ch.ReportRedacted(report="r1"),
        ch.ReportRedacted(report="r3"),
    )  # fmt: skip
    assert run("merge", mine, make(theirs)).code == 0
    with ch.open(mine) as log:
        assert "harm" not in str(list(log.log()))
        assert log.report("r3") is None
    assert run("merge", theirs, mine).code == 0
    with ch.open(theirs) as log:
        assert "harm" not in str(list(log.log()))


def test_a_merge_is_undone_like_an_import(tmp_path: Path) -> None:
    mine = record(tmp_path / "a.chronicle", control("r1"))
    theirs = record(tmp_path / "b.chronicle", control("r2", settlement="birch"))
    run("merge", mine, theirs)
    assert (
        "b.chronicle: 1 reports RETRACTED" in run("import", mine, "--undo", "LAST").err
    )
    assert holders(mine)["birch"] is None


def test_a_dry_run_and_a_what_if(tmp_path: Path) -> None:
    mine = record(tmp_path / "a.chronicle")
    theirs = record(tmp_path / "b.chronicle", control("r2"))
    assert "would be: 1 new" in run("merge", mine, theirs, "--dry-run").err
    assert "1 new" in run("merge", mine, theirs).err
    assert run("merge", mine, tmp_path / "nowhere").code in (3, 6)


def test_an_export_comes_back_whole(tmp_path: Path) -> None:
    case, back = tmp_path / "case.chronicle", tmp_path / "back.chronicle"
    out = tmp_path / "out.jsonl"
    for path in (case, back):
        run("init", path)
    run("import", case, CASE)
    with ch.open(case) as log:
        log.append(ch.ReportRetracted(report="c389", reason="x"))
        log.append(ch.ReportAmended(report="c390", changes={"note": "y"}))
    run("export", case, "--out", out)
    ended = run("import", back, out)
    assert ended.code == 0
    assert " 0 problems" in ended.err
    with ch.open(case) as one, ch.open(back) as two:
        told = [r.event for r in one.log()]
        assert [r.event for r in two.log()][: len(told)] == told
        assert one.state("2024-12-08").control == two.state("2024-12-08").control
    ended = run("import", back, out)
    assert "0 new" in ended.err
    assert "ids are known already: " in ended.err
    again = run("import", back, CASE)  # the same files: nothing new
    assert "0 new, 0 changed" in again.err


@pytest.mark.parametrize(
    "line",
    [
        "[]", "{", '{"type":"control-reported"}', '{"type":"os.system"}', "null",
        "\xff",
        '{"type":"control-reported","report_id":1}', '{"position":1,"type":[]}',
        '{"type":"report-amended","report":"r1","changes":[["source","x"]]}',
        '{"type":"control-reported","report_id":"r9","source":"s","settlement":"oak",'
        '"controller":"red","valid_from":"2025-01-01"}',
    ],
)  # fmt: skip
def test_a_line_that_no_event_wrote_is_a_problem(line: str, tmp_path: Path) -> None:
    mine = record(tmp_path / "a.chronicle")
    out = other_as("export", record(tmp_path / "b.chronicle", control("r2")))
    out.write_bytes(out.read_bytes() + line.encode("latin-1") + b"\n")
    ended = run("import", mine, out)
    assert ended.code == 0
    assert "b.jsonl,1,0,0,0,5,1" in ended.out
    assert "b.jsonl:7: " in ended.err


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from(["red", "blue"])), max_size=6
    ),
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from(["red", "blue"])), max_size=6
    ),
)
def test_merging_adds_and_never_changes_what_is_there(
    first: list[tuple[str, str]], second: list[tuple[str, str]]
) -> None:
    with ch.memory() as mine, ch.memory() as theirs:
        from chronicle.formats.merging import merge_record

        for log, rows in ((mine, first), (theirs, second)):
            log.append(opening())
            for id_, who in dict(rows).items():
                log.append(control(id_, controller=who))
        before = [r.event for r in mine.log()]
        found = merge_record(mine._log, "b", theirs.identity, theirs.log())
        after = [r.event for r in mine.log()]
        assert after[: len(before)] == before
        one, two = dict(first), dict(second)
        assert found.new == len(two.keys() - one.keys())
        assert found.conflicts == sum(one[k] != two[k] for k in one.keys() & two.keys())
        assert merge_record(mine._log, "b", theirs.identity, theirs.log()).new == 0
