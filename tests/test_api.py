"""The library: every verb, every form of argument, and what it promises of each."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

import chronicle as ch
from chronicle.domain.describe import log_table
from chronicle.domain.times import as_known_at
from chronicle.domain.views import HISTORY_COLUMNS, STATE_COLUMNS
from chronicle.formats.jsonl import line_of
from log_toys import Clock, control, opening
from own_toy import CASE, CONTROL, TOY, write
from strategies import SETTLEMENTS, logs, steady

Make = Callable[[Clock], ch.Chronicle]


@pytest.fixture(params=["memory", "sqlite"])
def clock_and_log(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Clock, ch.Chronicle]]:
    clock = Clock()
    if request.param == "memory":
        log = ch.memory(clock=clock)
    else:
        log = ch.create(tmp_path / "toy.chronicle", clock=clock)
    with log:
        yield clock, log


@pytest.fixture
def log(clock_and_log: tuple[Clock, ch.Chronicle]) -> ch.Chronicle:
    """Three places and two sides at 1 to 5; red took alder, then blue said it did."""
    clock, log = clock_and_log
    log.append(opening())
    clock.tick(60)
    log.append(control("r1", published="2024-11-28"))
    clock.tick(86_400)
    log.append(
        control(
            "r2",
            controller="blue",
            valid_from="2024-11-29",
            published="2024-11-30",
            source="paper",
        )
    )
    return log


NOON = datetime(2024, 12, 1, 12, tzinfo=UTC)


# --- arguments -----------------------------------------------------------------------


@pytest.mark.parametrize("on", ["2024-11-28", date(2024, 11, 28)])
def test_a_day_is_a_date_or_iso_text(log: ch.Chronicle, on: Any) -> None:
    assert log.state(on).control["alder"] == "red"
    assert log.state(on=on, published_by=on).control["alder"] == "red"
    assert log.displaced(on).rows == []
    assert log.diff(on, on).rows == []


@pytest.mark.parametrize(
    "day",
    [
        datetime(2024, 11, 28),  # noqa: DTZ001
        datetime(2024, 11, 28, tzinfo=UTC),
        "2024-11-28T00:00Z",
        "28/11/2024",
        "2024-02-30",
        "٢٠٢٤-١١-٢٨",
        "",
        20241128,
        True,
    ],
)
def test_what_is_no_day_is_refused_by_the_name_of_the_argument(
    log: ch.Chronicle, day: Any
) -> None:
    with pytest.raises(ch.errors.UsageError, match=r"^on: "):
        log.state(day)
    if day is not None:
        with pytest.raises(ch.errors.UsageError, match=r"^published_by: "):
            log.state("2024-11-28", published_by=day)


@pytest.mark.parametrize(
    "known_at",
    [
        6,
        "@6",
        NOON,
        "2024-12-01",
        date(2024, 12, 1),
        "2024-12-01T12:00Z",
        "2024-12-01 14:00+02:00",
        "2024-12-01T12:00:00.5Z",
    ],
)
def test_a_moment_of_the_record_has_many_spellings(
    log: ch.Chronicle, known_at: Any
) -> None:
    assert log.position(known_at) == 6
    assert log.state("2024-12-05", known_at).control["alder"] == "red"
    assert log.state("2024-12-05").control["alder"] == "blue"
    assert len(log.history("alder", known_at)) == 1
    assert log.why("alder", "2024-12-05", known_at).column("report") == ["r1"]


@pytest.mark.parametrize(
    "known_at",
    [
        datetime(2024, 12, 1),  # noqa: DTZ001
        "2024-12-01T12:00",
        "2024-12-01T25:00Z",
        "2024-13-01",
        "yesterday",
        "@",
        "@-1",
        "@1.5",
        8,
        -1,
        "@999999999999999999",
        True,
        1.5,
        [],
    ],
)
def test_what_is_no_moment_is_refused(log: ch.Chronicle, known_at: Any) -> None:
    with pytest.raises(ch.errors.UsageError):
        log.state("2024-12-05", known_at)


def test_a_naive_time_says_what_to_add(log: ch.Chronicle) -> None:
    with pytest.raises(ch.errors.UsageError, match="add an offset"):
        log.position(datetime(2024, 12, 1))  # noqa: DTZ001


def test_position_0_is_the_empty_record_and_not_now(log: ch.Chronicle) -> None:
    assert log.state("2024-12-05", 0).places == {}
    assert log.state("2024-12-05", 0).position == 0
    learned = log.diff(log.state("2024-12-05", 0), log.state("2024-12-05", 6))
    assert learned.column("settlement") == ["alder"]
    assert learned.column("before") == ["unknown"]


@pytest.mark.parametrize("lens", ["latest", "graded", "majority", "cautious:2"])
def test_a_lens_is_named(log: ch.Chronicle, lens: str) -> None:
    assert log.state("2024-12-05", lens=lens).lens == lens


def test_an_unknown_lens_names_those_there_are(log: ch.Chronicle) -> None:
    with pytest.raises(ch.errors.UsageError, match="latest, graded, majority"):
        log.state("2024-12-05", lens="best")


# --- answers -------------------------------------------------------------------------


def test_frames_have_the_columns_of_the_commands(log: ch.Chronicle) -> None:
    state = log.state("2024-12-05")
    assert tuple(state.frame().columns) == STATE_COLUMNS
    assert tuple(log.history("alder").frame().columns) == HISTORY_COLUMNS
    assert list(log.diff("2024-11-01", "2024-12-05").frame().columns) == [
        *("settlement", "name", "before", "after", "since", "reports")
    ]
    frame = state.frame().set_index("settlement")
    assert frame.loc["alder", "control"] == "blue"
    assert str(frame["since"].dtype).startswith("datetime64")
    assert frame["since"].isna().tolist() == [False, True, True]


def test_an_empty_chronicle_has_frames_with_columns() -> None:
    with ch.memory() as empty:
        assert tuple(empty.state("2024-12-05").frame().columns) == STATE_COLUMNS
        assert empty.check().rows == []
        assert empty.displaced("2024-12-05").frame().empty


def test_history_tells_what_counts_and_why_not(log: ch.Chronicle) -> None:
    log.append(ch.ReportRetracted(report="r2", reason="a misreading"))
    log.append(ch.ReportAmended(report="r1", changes={"note": "mended"}))
    told = {row["report"]: row["counts"] for row in log.history("alder")}
    assert told == {"r1": "yes, amended", "r2": "no, retracted by retract:r2"}
    early = {r["report"]: r["counts"] for r in log.history("alder", None, "2024-11-29")}
    assert early == {"r1": "yes, amended", "r2": "no, retracted by retract:r2"}


def test_why_shows_what_a_source_lens_does_not_look_at(log: ch.Chronicle) -> None:
    why = log.why("alder", "2024-12-05", lens="source:radio")
    assert dict(zip(why.column("report"), why.column("role"), strict=True)) == {
        "r1": "decides",
        "r2": "left out",
    }
    assert why.notes[0].startswith("only radio: ")


def test_a_claim_reads_as_one(log: ch.Chronicle) -> None:
    log.append(control("r3", valid_from="2024-12-01", claimed_by="red", note="all"))
    assert log.why("alder", "2024-12-05").column("note")[-1] == "claimed by red: all"
    assert "(claimed by red)" in log_table(log.log(7)).column("says")[0]


def test_an_incident_is_alleged_and_a_backer_is_said_to_back(log: ch.Chronicle) -> None:
    grades = {"source": "radio", "valid_from": "2024-12-01"}
    log.append(
        [
            ch.IncidentReported(
                report_id="i1", kind="Armed clash", alleged_actor="red", **grades
            ),
            ch.SupportReported(
                report_id="s1", backer="A state", backed="red", **grades
            ),
        ]
    )
    says = log_table(log.log(7)).column("says")
    assert "allegedly by red" in says[0]
    assert "said to back red" in says[1]


def test_a_severe_place_has_no_coordinates_and_a_high_one_coarse(
    log: ch.Chronicle,
) -> None:
    for id_, level in (("elm", "severe"), ("fir", "high"), ("yew", "moderate")):
        log.append(
            ch.SettlementRegistered(
                settlement=id_, name=id_, lat=36.12345, lon=37.56789, sensitivity=level
            )
        )
    rows = {row["settlement"]: row for row in log.state("2024-12-05").table()}
    assert (rows["elm"]["lat"], rows["elm"]["lon"]) == (None, None)
    assert (rows["fir"]["lat"], rows["fir"]["lon"]) == (36.1, 37.6)
    assert (rows["yew"]["lat"], rows["yew"]["lon"]) == (36.12, 37.57)


# --- diff ----------------------------------------------------------------------------


def test_diff_in_the_world(log: ch.Chronicle) -> None:
    (row,) = log.diff("2024-11-28", "2024-11-29")
    assert (row["settlement"], row["before"], row["after"]) == ("alder", "red", "blue")
    assert (row["since"], row["reports"]) == (date(2024, 11, 29), ("r2",))
    before, after = (log.state(day, 6) for day in ("2024-11-28", "2024-11-29"))
    assert log.diff(before, after).rows == []


def test_diff_in_knowledge(log: ch.Chronicle) -> None:
    day = "2024-12-05"
    (row,) = log.diff(log.state(day, "@6"), log.state(day, "@7"))
    assert (row["before"], row["after"]) == ("red", "blue")
    assert log.diff(log.state(day, "@6"), day).rows == [tuple(row.values())]


def test_diff_in_knowledge_keeps_to_the_clock_of_the_sources(log: ch.Chronicle) -> None:
    before, after = (log.state("2024-12-05", at, "2024-11-29") for at in (5, 7))
    learned = log.diff(before, after)
    assert learned.column("after") == ["red"]
    assert "as published by 2024-11-29" in learned.header


def test_diff_in_publication(log: ch.Chronicle) -> None:
    day = "2024-12-05"
    states = [log.state(day, None, by) for by in ("2024-11-29", "2024-11-30")]
    (row,) = log.diff(*states)
    assert (row["before"], row["after"]) == ("red", "blue")
    states = [log.state(day, 6, by) for by in ("2024-11-27", "2024-11-30")]
    (row,) = log.diff(*states)
    assert (row["before"], row["after"]) == ("unknown", "red")


def test_diff_ends_with_who_took_what_and_what_was_reported_first(
    log: ch.Chronicle,
) -> None:
    assert (
        "1 changed hands: 1 from red to blue"
        in log.diff("2024-11-28", "2024-11-29").notes
    )
    first = log.diff("2024-11-20", "2024-11-29")
    assert "1 reported for the first time" in first.notes
    assert not any("changed hands" in note for note in first.notes)
    assert "no settlement changed hands" in log.diff("2024-12-01", "2024-12-02").notes


# --- names ---------------------------------------------------------------------------


def test_a_place_goes_by_any_name_in_any_script(log: ch.Chronicle) -> None:
    log.append(
        ch.SettlementRegistered(
            settlement="bab", name="Al-Bab", aliases=["الباب"], lat=36, lon=37
        )
    )
    for name in ("bab", "Al-Bab", "al bab", "الباب", "AL-BĀB"):
        assert log.find(name) == "bab", name


def test_an_unknown_place_suggests_and_an_ambiguous_one_lists(
    log: ch.Chronicle,
) -> None:
    with pytest.raises(ch.errors.UnknownId, match="did you mean alder") as unknown:
        log.why("Aldre", "2024-12-05")
    assert unknown.value.candidates[0] == "alder"
    for id_ in ("elm-north", "elm-south"):
        log.append(ch.SettlementRegistered(settlement=id_, name="Elm", lat=1, lon=1))
    with pytest.raises(ch.errors.UnknownId, match="write the id") as several:
        log.history("Elm")
    assert several.value.candidates == ["elm-north", "elm-south"]
    assert log.find("elm-north") == "elm-north"


# --- telling -------------------------------------------------------------------------


def test_append_takes_one_event_or_several_and_nothing_else(log: ch.Chronicle) -> None:
    assert log.append(control("r3")) == [8]
    assert log.append([control("r4"), control("r5")]) == [9, 10]
    assert log.append(control("r3")) == [8]
    assert log.append([]) == []
    for nonsense in (5, None, "abc", [control("r6"), "abc"], {"a": 1}):
        with pytest.raises(ch.errors.InputError):
            log.append(nonsense)
    assert log.head == 10


def test_a_conflict_leaves_the_log_alone(log: ch.Chronicle) -> None:
    with pytest.raises(ch.errors.Conflict):
        log.append([control("r3"), control("r1", note="other")])
    with pytest.raises(ch.errors.Conflict, match="later event"):
        log.append(control("r3"), expected={"alder": 6})
    assert log.append(control("r3"), expected={"alder": 7}) == [8]


def test_a_key_gives_the_first_outcome_again(log: ch.Chronicle) -> None:
    assert log.append(control("r3"), key="k") == log.append(control("r3"), key="k")
    with pytest.raises(ch.errors.Conflict):
        log.append(control("r4"), key="k")


def test_told_and_log_give_events_as_they_were_recorded(log: ch.Chronicle) -> None:
    log.append(ch.ReportAmended(report="r1", changes={"note": "mended"}))
    told = log.report("r1")
    assert told is not None
    assert (told.position, told.event) == (6, control("r1", published="2024-11-28"))
    assert log.report("nobody") is None
    assert [r.position for r in log.log(5, 7)] == [6, 7]
    assert [r.position for r in log.log(-5, 2)] == [1, 2]
    assert list(log.log(99)) == []


def test_a_log_can_be_appended_to_while_it_is_read(log: ch.Chronicle) -> None:
    for seen in log.log():
        if seen.position < 4:
            log.append(control(f"n{seen.position}"))
    assert log.head == 10


REDACTED = "the house behind the mosque"


def test_redaction_removes_the_text_from_every_answer(log: ch.Chronicle) -> None:
    log.append(control("r3", valid_from="2024-12-01", note=REDACTED))
    log.append(ch.ReportAmended(report="r3", changes={"note": f"{REDACTED}, left"}))
    log.append(ch.ReportsLinked(report="r3", other="r1", relation="disputes"))

    def answers() -> str:
        day = "2024-12-05"
        tables = (
            *(log.state(day).table(), log.history("alder"), log.why("alder", day)),
            *(log.check(day), log_table(log.log()), log.diff("2024-11-28", day)),
        )
        told = [repr((t.columns, t.rows, t.header, t.notes)) for t in tables]
        return "\n".join([*told, *map(line_of, log.log()), repr(log.report("r3"))])

    assert REDACTED in answers()
    log.append(ch.ReportRedacted(report="r3", reason="names a home"))
    assert REDACTED not in answers()
    assert log.state("2024-12-05").control["alder"] == "blue"
    assert log.state("2024-12-05", known_at=8).control["alder"] == "blue"


def test_what_was_known_never_changes(log: ch.Chronicle) -> None:
    before = log.state("2024-12-05", "@7").table().rows
    log.append(ch.ReportRetracted(report="r2"))
    log.append(control("r9", valid_from="2024-12-04"))
    assert log.state("2024-12-05", "@7").table().rows == before
    assert log.state("2024-12-05").table().rows != before


@settings(steady, max_examples=15)
@given(events=logs(max_steps=14))
def test_memory_and_sqlite_give_equal_answers(
    tmp_path_factory: pytest.TempPathFactory, events: list[Any]
) -> None:
    path = tmp_path_factory.mktemp("equal") / "log.chronicle"
    clocks_ = Clock(), Clock()
    with ch.memory(clock=clocks_[0]) as one, ch.create(path, clock=clocks_[1]) as other:
        for event in events:
            for clock in clocks_:
                clock.tick()
            assert one.append(event) == other.append(event)
        assert [line_of(r) for r in one.log()] == [line_of(r) for r in other.log()]
        half = one.head // 2
        for on, known_at, published_by, lens in (
            ("2024-12-01", None, None, "latest"),
            ("2024-11-28", half, None, "graded"),
            ("2024-12-02", None, "2024-11-29", "majority"),
            ("2031-01-01", half, "2024-11-29", "cautious"),
        ):
            clock = known_at, published_by
            assert one.state(on, *clock, lens).table() == (
                other.state(on, *clock, lens).table()
            )
            for place in SETTLEMENTS:
                if place in one.state(on, known_at).places:
                    assert one.why(place, on, *clock) == other.why(place, on, *clock)
            assert one.displaced(on, None, *clock) == other.displaced(on, None, *clock)
        assert one.check() == other.check()
        learned = [
            log.diff(log.state("2024-12-01", half), "2024-12-01")
            for log in (one, other)
        ]
        assert learned[0] == learned[1]
    shutil.rmtree(path.parent)


# --- importing -----------------------------------------------------------------------

REPORTS = [
    "c1,2024-11-27,alder,red,,radio",
    "c2,2024-11-28,birch,blue,,radio",
    "c3,2024-11-29,cedar,,contested,radio",
]


def folder(path: Path, *reports: str) -> Path:
    path.mkdir(exist_ok=True)
    return write(path, {**TOY, "control.csv": "\n".join([CONTROL, *reports]) + "\n"})


Counts = tuple[int, int, int, int]


def counts(result: Any, name: str = "control.csv") -> Counts:
    (file,) = [f for f in result.files if f.file == name]
    return file.new, file.changed, file.gone, file.unchanged


@pytest.fixture
def empty(clock_and_log: tuple[Clock, ch.Chronicle]) -> ch.Chronicle:
    return clock_and_log[1]


def test_importing_twice_adds_nothing(empty: ch.Chronicle, tmp_path: Path) -> None:
    source = folder(tmp_path / "toy", *REPORTS)
    assert counts(empty.import_folder(source)) == (3, 0, 0, 0)
    head = empty.head
    again = empty.import_folder(source)
    assert counts(again) == (0, 0, 0, 3)
    assert again.total("new") == again.total("changed") == again.total("gone") == 0
    assert empty.head == head


def test_a_dry_run_tells_the_same_and_writes_nothing(
    empty: ch.Chronicle, tmp_path: Path
) -> None:
    source = folder(tmp_path / "toy", *REPORTS)
    would = empty.import_folder(source, dry_run=True)
    assert counts(would) == (3, 0, 0, 0)
    assert empty.head == 0
    empty.import_folder(source)
    empty.append(ch.ReportRetracted(report="c2"))
    empty.append(ch.ReportRedacted(report="c1", reason="harm"))
    head = empty.head
    later = folder(tmp_path / "toy", *REPORTS[:2], "c4,2024-12-01,alder,blue,,radio")
    would = empty.import_folder(later, dry_run=True, complete=True)
    assert empty.head == head
    assert empty.import_folder(later, complete=True) == would
    assert counts(would) == (1, 0, 1, 2)


def test_a_later_vintage_is_new_changed_gone_and_back(
    empty: ch.Chronicle, tmp_path: Path
) -> None:
    source = tmp_path / "toy"
    empty.import_folder(folder(source, *REPORTS))
    first = empty.head
    moved = "c2,2024-11-29,birch,blue,,radio"
    new = "c4,2024-12-01,alder,blue,,radio"
    found = empty.import_folder(folder(source, REPORTS[0], moved, new), complete=True)
    assert counts(found) == (1, 1, 1, 1)
    assert empty.state("2024-12-05").control == {
        "alder": "blue", "birch": "blue", "cedar": None
    }  # fmt: skip
    assert empty.state("2024-11-28").status["birch"] == "unknown"
    assert empty.state("2024-12-05").status["cedar"] == "unknown"
    found = empty.import_folder(folder(source, *REPORTS, new))
    assert counts(found) == (0, 2, 0, 2)
    assert empty.state("2024-12-05").status["cedar"] == "contested"
    assert empty.state("2024-11-28").control["birch"] == "blue"
    # And what was known at first is still known to have been known.
    assert empty.state("2024-12-05", first).control["alder"] == "red"


def test_an_editors_amendment_survives_the_same_file_again(
    empty: ch.Chronicle, tmp_path: Path
) -> None:
    source = folder(tmp_path / "toy", *REPORTS)
    empty.import_folder(source)
    empty.append(ch.ReportAmended(report="c1", changes={"controller": "blue"}))
    empty.append(ch.ReportRetracted(report="c2", reason="not so"))
    head = empty.head
    empty.import_folder(source)
    assert empty.head == head
    state = empty.state("2024-12-05")
    assert (state.control["alder"], state.status["birch"]) == ("blue", "unknown")
    # A change of another field is news, and does not undo the editor's.
    empty.import_folder(
        folder(tmp_path / "toy", "c1,2024-11-26,alder,red,,radio", *REPORTS[1:])
    )
    (row,) = empty.history("alder")
    assert (row["valid_from"], row["control"]) == (date(2024, 11, 26), "blue")


def test_bad_rows_are_problems_and_good_ones_go_in(
    empty: ch.Chronicle, tmp_path: Path
) -> None:
    source = folder(tmp_path / "toy", *REPORTS, "c9,31/02/22,alder,red,,radio")
    result = empty.import_folder(source)
    assert counts(result) == (3, 0, 0, 0)
    (problem,) = result.problems
    assert (problem.file, problem.line, problem.column) == (
        "control.csv", 5, "valid_from"
    )  # fmt: skip
    assert problem.value == "31/02/22"
    (told,) = [r for r in empty.check() if r["finding"] == "import problem"]
    assert "control.csv:5: valid_from: '31/02/22'" in told["says"]


def test_strict_leaves_a_file_out_whole_and_takes_the_others(
    empty: ch.Chronicle, tmp_path: Path
) -> None:
    source = folder(tmp_path / "toy", *REPORTS, "c9,31/02/22,alder,red,,radio")
    with pytest.raises(ch.errors.RefusedImport, match=r"control\.csv") as refused:
        empty.import_folder(source, strict=True)
    assert "the other 2 went in" in str(refused.value)
    assert refused.value.problems[0].startswith("control.csv:5: valid_from")
    assert empty.report("c1") is None
    assert empty.find("alder") == "alder"


def test_a_file_alone_is_of_its_folders_data_set(
    empty: ch.Chronicle, tmp_path: Path
) -> None:
    source = folder(tmp_path / "toy", *REPORTS)
    for name in ("settlements.csv", "actors.csv", "control.csv"):
        empty.import_folder(source / name)
    assert counts(empty.import_folder(source)) == (0, 0, 0, 3)


def test_a_report_of_another_data_set_is_a_conflict_that_says_what_went_in(
    empty: ch.Chronicle, tmp_path: Path
) -> None:
    empty.import_folder(folder(tmp_path / "one", *REPORTS))
    with pytest.raises(ch.errors.Conflict, match=r"^control\.csv: .*went in"):
        empty.import_folder(folder(tmp_path / "two", *REPORTS))


def test_progress_is_told_by_file(empty: ch.Chronicle, tmp_path: Path) -> None:
    seen: list[tuple[str, int]] = []
    source = folder(tmp_path / "toy", *REPORTS)
    empty.import_folder(source, progress=lambda name, done: seen.append((name, done)))
    assert ("control.csv", 3) in seen


@pytest.mark.parametrize("missing", ["nowhere", "toy/nothing.csv"])
def test_nothing_to_read_is_an_input_error(
    empty: ch.Chronicle, tmp_path: Path, missing: str
) -> None:
    folder(tmp_path / "toy", *REPORTS)
    with pytest.raises(ch.errors.InputError):
        empty.import_folder(tmp_path / missing)
    assert empty.head == 0


# --- files ---------------------------------------------------------------------------


def test_a_chronicle_is_made_once_and_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "a.chronicle"
    with ch.create(path) as log:
        log.append(opening())
    with pytest.raises(ch.errors.Conflict):
        ch.create(path)
    with ch.open(path) as log:
        assert log.head == 5
    with pytest.raises(ch.errors.StorageError, match="chronicle init"):
        ch.open(tmp_path / "b.chronicle")


@pytest.mark.parametrize("path", ["mysql://localhost/x", "https://a/b", "", "a\0b"])
def test_an_address_is_no_file(path: str) -> None:
    for opening_ in (ch.create, ch.open):
        with pytest.raises(ch.errors.UsageError, match="no path of a file"):
            opening_(path)


def test_check_finds_what_a_reader_would_ask_about(tmp_path: Path) -> None:
    with ch.memory() as log:
        log.import_folder(CASE)
        found = log.check("2024-12-08")
        kinds = set(found.column("finding"))
        assert kinds >= {"disputed", "stale", "unlocated"}
        assert "drift" in log.check("2024-12-31").column("finding")
        quiet = {r["about"] for r in found if r["finding"] == "stale"}
        assert "khanasir" not in quiet
        assert "aleppo" not in quiet
        assert "hama" not in quiet
        with pytest.raises(ch.errors.UsageError):
            log.check("2024-12-08", -1)
        assert not [
            r for r in log.check("2024-12-08", 10**9) if "last heard" in r["says"]
        ]
        log.append(
            ch.ControlReported(
                report_id="z1",
                settlement="hama",
                controller="gov",
                valid_from="2024-12-08",
                source="a-misspelt-source",
            )
        )
        broken = [r for r in log.check() if r["finding"] == "broken reference"]
        assert "a-misspelt-source" in {row["about"] for row in broken}


def test_the_end_of_a_day_is_its_last_microsecond_in_utc() -> None:
    end = as_known_at("2024-12-01")
    assert isinstance(end, datetime)
    assert end + timedelta(microseconds=1) == datetime(2024, 12, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    ["\u202eevil", "\x07bell", "a\u0000b", "\ufeffx", "﷽" * 400, '"a""b"', "é\u0301"],
)
def test_problems_of_any_letters_are_kept_by_the_record(
    empty: ch.Chronicle, tmp_path: Path, value: str
) -> None:
    source = folder(tmp_path / "toy", *REPORTS, f"c9,{value},alder,red,,radio")
    (source / "sources.csv").write_text(f"id,name,{value}\nradio,Radio,{value}\n")
    result = empty.import_folder(source)
    assert counts(result) == (3, 0, 0, 0)
    assert result.problems
    kept = [row["says"] for row in empty.check() if row["finding"] == "import problem"]
    assert any(line.startswith("control.csv:5: ") for line in kept)


def test_more_problems_than_there_is_room_for_are_counted(
    empty: ch.Chronicle, tmp_path: Path
) -> None:
    bad = [f"x{n},{'9' * 300},alder,red,,radio" for n in range(1_500)]
    result = empty.import_folder(folder(tmp_path / "toy", *REPORTS, *bad))
    (control_file,) = [f for f in result.files if f.file == "control.csv"]
    assert (control_file.new, control_file.problem_count) == (3, 1_500)
    kept = [row["says"] for row in empty.check() if row["finding"] == "import problem"]
    assert kept[-1] == "and 1,300 more"
