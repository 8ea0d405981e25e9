"""What every store of the log must do, whoever keeps the rows."""

# ruff: noqa: PT012 - what fails here is a whole transaction

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from chronicle.domain.events import (
    ActorRegistered,
    ControlReported,
    DisplacementReported,
    Event,
    ImportFinished,
    Redacted,
    ReportAmended,
    ReportRedacted,
    ReportRetracted,
    ReportsLinked,
    RouteRegistered,
    SettlementRegistered,
)
from chronicle.domain.timeline import effective_claims
from chronicle.errors import (
    Busy,
    Conflict,
    Damaged,
    InputError,
    UnknownId,
    Untrusted,
    UsageError,
)
from chronicle.store.chunks import CHUNK
from chronicle.store.columnar import BLANK, WIDTH
from chronicle.store.log import EventLog
from chronicle.store.protocol import Store, microseconds
from log_toys import START, Clock, control, draft, opening

SECRET = "the-name-of-a-witness"


class StoreContract:
    """Subclasses say how a store is made."""

    def make(self, tmp_path: Path, clock: Clock) -> Store:
        raise NotImplementedError

    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    def store(self, tmp_path: Path, clock: Clock) -> Iterator[Store]:
        made = self.make(tmp_path, clock)
        yield made
        made.close()

    @pytest.fixture
    def log(self, store: Store) -> EventLog:
        log = EventLog(store)
        log.append(opening())
        return log

    # --- rows ---------------------------------------------------------------------

    def test_an_empty_log_has_nothing_and_says_so(self, store: Store) -> None:
        assert store.head() == 0
        assert list(store.rows()) == []
        assert list(store.columnar()) == []
        assert store.reports(["r"]) == {}
        assert store.remarks_on(["r"]) == []
        assert store.codes("settlement") == []
        assert store.position_at(1 << 61) == 0
        assert store.identity()

    def test_positions_are_dense_and_versions_count_per_stream(
        self, store: Store
    ) -> None:
        streams = ["a", "b", "a", "a", "b", "register"]
        for start in (0, 6):
            with store.writing() as work:
                assert work.head == start
                got = work.insert([draft(stream=s) for s in streams[:4]])
                assert got == range(start + 1, start + 5)
                got = work.insert([draft(stream=s) for s in streams[4:]])
                assert got == range(start + 5, start + 7)
                assert work.head == start + 6
        rows = list(store.rows())
        assert [row.position for row in rows] == list(range(1, 13))
        assert [row.stream for row in rows] == streams * 2
        assert [row.version for row in rows] == [1, 1, 2, 3, 2, 1, 4, 3, 5, 6, 4, 2]

    def test_recorded_at_never_runs_backwards_though_the_clock_does(
        self, store: Store, clock: Clock
    ) -> None:
        stamps = []
        for seconds in (0, 5, -10, 2, 60):
            clock.tick(seconds)
            with store.writing() as work:
                work.insert([draft(), draft()])
                stamps.append(work.recorded_at)
        at = [microseconds(START + timedelta(seconds=s)) for s in (0, 5, 5, 5, 57)]
        assert stamps == at
        found = [row.recorded_at for row in store.rows()]
        assert found == [stamp for stamp in at for _ in range(2)]

    def test_position_at_is_the_last_one_recorded_by_then(
        self, store: Store, clock: Clock
    ) -> None:
        for _ in range(7):
            with store.writing() as work:
                work.insert([draft(), draft()])
            clock.tick(10)
        first = microseconds(START)
        assert store.position_at(first - 1) == 0
        for step in range(7):
            stamp = first + step * 10_000_000
            assert store.position_at(stamp) == 2 * step + 2
            assert store.position_at(stamp + 9_999_999) == 2 * step + 2
        assert store.position_at(1 << 200) == 14
        assert store.position_at(-(1 << 200)) == 0

    def test_rows_can_be_cut_at_both_ends_and_by_type(self, store: Store) -> None:
        with store.writing() as work:
            work.insert([draft(type=t) for t in "ababa"])

        def found(*args: object, **more: object) -> list[int]:
            return [row.position for row in store.rows(*args, **more)]  # type: ignore[arg-type]

        assert found(2) == [3, 4, 5]
        assert found(1, 3) == [2, 3]
        assert found(-7, 2) == [1, 2]
        assert found(0, -1) == found(9) == found(4, 2) == []
        assert found(types=("b",)) == [2, 4]
        assert found(2, 4, ("a", "b")) == [3, 4]
        assert found(1 << 80) == []
        assert found(0, 1 << 80) == [1, 2, 3, 4, 5]

    def test_more_rows_than_a_block_come_whole_and_in_order(self, store: Store) -> None:
        columnar = [bytes([n % 251]) * WIDTH for n in range(10_000)]
        with store.writing() as work:
            work.insert([draft(f"r{n}", columnar=h) for n, h in enumerate(columnar)])
        assert [row.report for row in store.rows()] == [f"r{n}" for n in range(10_000)]
        assert b"".join(store.columnar()) == b"".join(columnar)
        assert b"".join(store.columnar(4_095, 4_098)) == b"".join(columnar[4_095:4_098])
        assert b"".join(store.columnar(-5, 2)) == columnar[0] + columnar[1]
        assert b"".join(store.columnar(9_999)) == columnar[-1]
        rows = [(row.report, row.recorded_at) for row in store.rows()]
        assert list(store.labels()) == rows
        assert list(store.labels(4_095, 4_098)) == rows[4_095:4_098]
        ids = [f"r{n}" for n in range(0, 10_000, 3)]
        assert list(store.reports([*ids, "nobody"])) == ids

    def test_rows_are_found_at_any_positions(self, store: Store) -> None:
        with store.writing() as work:
            work.insert([draft(f"r{n}") for n in range(1, 1_203)])
        found = store.rows_at([1_200, 7, 3, 7, *range(50, 900)])
        positions = [3, 7, *range(50, 900), 1_200]
        assert [row.position for row in found] == positions
        assert [row.report for row in found] == [f"r{p}" for p in positions]
        assert store.rows_at([]) == []
        for missing in ([1_203], [5, 0], [-1]):
            with pytest.raises(Damaged):
                store.rows_at(missing)

    def test_redactions_are_counted_after_a_position(self, store: Store) -> None:
        rows = [draft("r"), draft("x", "r", type="report-redacted"), draft("s")]
        with store.writing() as work:
            work.insert([*rows, draft("y", "s", type="report-redacted")])
            work.insert([draft(f"z{n}") for n in range(5_000)])
        counts = [store.redactions(n) for n in range(5)]
        assert counts == [2, 2, 1, 1, 0]
        assert store.redactions(5_000) == 0

    def test_told_and_about_find_rows_by_report(self, store: Store) -> None:
        with store.writing() as work:
            work.insert([draft("r"), draft("x", "r"), draft("s"), draft("y", "r")])
        assert store.reports(["s", "r", "?", "\udcff", "r"]).keys() == {"r", "s"}
        assert store.reports(["s"])["s"].position == 3
        assert [row.report for row in store.remarks_on(["r", "s", "x"])] == ["x", "y"]
        assert [row.report for row in store.remarks_on(["r", "\udcff", "r"])] == [
            "x",
            "y",
        ]

    def test_a_report_id_is_told_once(self, store: Store) -> None:
        with store.writing() as work:
            work.insert([draft("r")])
        for rows in ([draft("s"), draft("r")], [draft("t"), draft("t")]):
            with pytest.raises(Conflict), store.writing() as work:
                work.insert(rows)
        with pytest.raises(Conflict), store.writing() as work:
            work.insert([draft("u")])
            work.insert([draft("u")])
        assert [row.report for row in store.rows()] == ["r"]

    def test_a_transaction_sees_its_own_rows_and_no_reader_does(
        self, store: Store
    ) -> None:
        with store.writing() as work:
            work.insert([draft("r", stream="source:new")])
            assert work.reports(["r"])["r"].stream == "source:new"
            work.insert([draft("x", "r", type="report-redacted")])
            work.redact_payload("r")
            assert work.reports(["r"])["r"].body == b""
            assert [row.report for row in work.remarks_on(["r"])] == ["x"]
            assert [row.position for row in work.rows()] == [1, 2]
            assert [row.position for row in work.rows(1)] == [2]
            assert [row.position for row in work.rows(types=("control-reported",))] == [
                1
            ]
            assert store.head() == 0
            assert list(store.rows()) == []
            assert store.reports(["r"]) == {}
        assert store.head() == 2

    def test_nothing_is_recorded_after_an_exception(self, store: Store) -> None:
        with pytest.raises(RuntimeError), store.writing() as work:
            work.insert([draft("r", stream="lost")])
            work.code("settlement", "alder")
            work.remember("key", b"digest", [1])
            raise RuntimeError
        assert store.head() == 0
        assert list(store.rows()) == []
        assert store.reports(["r"]) == {}
        assert store.codes("settlement") == []
        with store.writing() as work:
            assert work.outcome_of("key") is None
            assert work.insert([draft("r", stream="next")]) == range(1, 2)
        assert next(store.rows()).version == 1

    # --- codes, commands, data sets -------------------------------------------------

    def test_codes_count_by_kind_and_never_change(self, store: Store) -> None:
        with store.writing() as work:
            assert [work.code("actor", a) for a in ("red", "blue", "red")] == [0, 1, 0]
            assert work.code("settlement", "red") == 0
        with pytest.raises(RuntimeError), store.writing() as work:
            assert work.code("actor", "lost") == 2
            work.insert([draft()])
            raise RuntimeError
        with store.writing() as work:
            assert work.code("actor", "green") == 2
            assert work.code("actor", "blue") == 1
            work.insert([draft()])
        assert store.codes("actor") == ["red", "blue", "green"]
        assert store.codes("settlement") == ["red"]

    def test_an_outcome_is_recalled_by_its_key(self, store: Store) -> None:
        with store.writing() as work:
            assert work.outcome_of("k") is None
            work.remember("k", b"\0digest", [3, 1, 2])
        with store.writing() as work:
            assert work.outcome_of("k") == (b"\0digest", [3, 1, 2])
            assert work.outcome_of("K") is None
        with pytest.raises(Conflict), store.writing() as work:
            work.remember("k", b"other", [])

    # --- one writer, many readers ----------------------------------------------------

    def test_a_reader_that_stopped_half_way_is_in_nobodys_way(
        self, store: Store
    ) -> None:
        with store.writing() as work:
            work.insert([draft() for _ in range(9_000)])
        rows = store.rows()
        columnar = store.columnar()
        assert next(rows).position == 1
        assert len(next(columnar)) % WIDTH == 0
        with store.writing() as work:
            work.insert([draft("late")])
        assert store.head() == 9_001
        assert [row.position for row in rows] == list(range(2, 9_001))
        assert sum(map(len, columnar)) // WIDTH in (9_000 - 4_096, 0)

    def test_closing_with_a_reader_half_way_is_quiet(self, store: Store) -> None:
        with store.writing() as work:
            work.insert([draft() for _ in range(9_000)])
        rows = store.rows()
        next(rows)
        store.close()
        store.close()
        del rows

    def test_writing_inside_writing_is_refused(self, store: Store) -> None:
        with store.writing() as work:
            work.insert([draft("outer")])
            with pytest.raises(Busy), store.writing() as inner:
                inner.insert([draft("inner")])
        assert [row.report for row in store.rows()] == ["outer"]

    def test_threads_take_turns_and_lose_nothing(self, store: Store) -> None:
        failed: list[Exception] = []

        def write(name: str) -> None:
            try:
                for number in range(10):
                    with store.writing() as work:
                        work.code("settlement", f"{name}-{number}")
                        work.insert([draft(f"{name}-{number}", stream=name)] * 1)
                        list(work.rows(work.head - 1))
            except Exception as error:
                failed.append(error)

        threads = [threading.Thread(target=write, args=(n,)) for n in "abcd"]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            rows = list(store.rows())
            assert [row.position for row in rows] == list(range(1, len(rows) + 1))
        assert failed == []
        assert store.head() == 40
        for name in "abcd":
            mine = [row.version for row in store.rows() if row.stream == name]
            assert mine == list(range(1, 11))
        assert len(set(store.codes("settlement"))) == 40

    # --- redaction --------------------------------------------------------------------

    def test_a_redaction_empties_a_report_and_what_was_said_of_it(
        self, store: Store
    ) -> None:
        columnar = b"h" * WIDTH
        with store.writing() as work:
            work.insert(
                [
                    draft("r", body=SECRET.encode(), columnar=columnar),
                    draft("s", body=b"kept", columnar=columnar),
                    draft("x", "r", body=SECRET.encode(), columnar=columnar),
                ]
            )
        with store.writing() as work:
            work.insert(
                [
                    draft(
                        "y", "r", type="report-redacted", body=b"why", columnar=columnar
                    )
                ]
            )
            work.redact_payload("r")
        assert [row.body for row in store.rows()] == [b"", b"kept", b"", b"why"]
        assert b"".join(store.columnar()) == BLANK + columnar + BLANK + columnar
        assert [row.report for row in store.rows()] == ["r", "s", "x", "y"]

    def test_nothing_is_emptied_without_a_redaction_in_the_log(
        self, store: Store
    ) -> None:
        with store.writing() as work:
            work.insert([draft("r"), draft("x", "r")])
        with pytest.raises(Conflict), store.writing() as work:
            work.insert([draft("y", "s", type="report-redacted")])
            work.redact_payload("r")
        assert [row.body for row in store.rows()] == [b"payload"] * 2

    # --- the log of events ------------------------------------------------------------

    def test_what_is_there_already_adds_nothing_and_gives_its_position(
        self, log: EventLog
    ) -> None:
        first, second = control("r1"), control("r2", source="paper")
        assert log.append([first, second]) == [6, 7]
        assert log.append([second, first]) == [7, 6]
        assert log.append(opening()) == [1, 2, 3, 4, 5]
        assert log.store.head() == 7

    def test_the_same_event_twice_in_a_batch_stands_once(self, log: EventLog) -> None:
        place = SettlementRegistered(settlement="dogwood", name="D", lat=1, lon=1)
        report = control("r")
        assert log.append([place, report, place, report, opening()[1]]) == [
            *(6, 7, 6, 7, 2)
        ]

    def test_a_remark_that_adds_nothing_gives_the_one_that_did(
        self, log: EventLog
    ) -> None:
        link = ReportsLinked(report="r1", other="r2", relation="disputes")
        other = ReportsLinked(report="r1", other="r3", relation="disputes")
        remarks: list[Event] = [
            ReportAmended(report="r1", changes={"note": "n"}),
            link,
            other,
            ReportRetracted(report="r2"),
        ]
        log.append([control("r1"), control("r2"), control("r3")])
        assert log.append(remarks) == [9, 10, 11, 12]
        assert log.append(remarks) == [9, 10, 11, 12]
        for _ in range(2):
            assert log.append([ReportRedacted(report="r3")]) == [13]
        assert log.append([ReportAmended(report="r1", changes={"note": "n"})]) == [9]
        assert log.append([ReportAmended(report="r2", changes={"note": ""})]) == [7]

    def test_a_batch_is_recorded_whole_or_not_at_all(self, log: EventLog) -> None:
        for bad, error in (
            (control("r2", settlement="nowhere"), UnknownId),
            (control("r1", controller="blue"), Conflict),
            (ReportRetracted(report="r9"), InputError),
            ("no event", InputError),
        ):
            with pytest.raises(error):
                log.append([control("r1"), control("r3"), bad])  # type: ignore[list-item]
            assert log.store.head() == 5
        with pytest.raises(UnknownId):
            log.extend([control("r1"), control("r2", settlement="nowhere")])
        assert log.store.head() == 5

    def test_an_exception_in_the_middle_of_a_stream_leaves_nothing(
        self, log: EventLog
    ) -> None:
        def events() -> Iterator[Event]:
            for number in range(CHUNK + 5):
                yield control(f"r{number}")
            raise RuntimeError

        with pytest.raises(RuntimeError):
            log.extend(events())
        assert log.store.head() == 5
        assert log.append([control("r1")]) == [6]

    def test_a_long_stream_may_speak_of_what_it_said_long_before(
        self, log: EventLog
    ) -> None:
        """What one chunk records, the next one knows."""
        place = SettlementRegistered(settlement="dogwood", name="D", lat=1, lon=1)
        reports = [control(f"r{n}", settlement="dogwood") for n in range(CHUNK + 100)]
        told: list[int] = []
        count = log.extend(
            [
                place,
                *reports,
                place,
                reports[0],
                ReportRetracted(report="r0", reason="of another chunk"),
                ReportRedacted(report="r1"),
            ],
            progress=told.append,
        )
        assert count == len(reports) + 3
        assert told == [CHUNK, len(reports) + 5]
        assert log.store.head() == 5 + count
        assert log.report("r1").event == Redacted("r1", "radio")  # type: ignore[union-attr]
        assert [
            s.claim.report_id for s in effective_claims(log.recorded()).standing
        ] == [r.report_id for r in reports[2:]]

    def test_the_same_key_gives_the_same_outcome(self, log: EventLog) -> None:
        first = log.append([control("r1"), control("r2")], key="k")
        assert log.append([control("r1"), control("r2")], key="k") == first == [6, 7]
        assert log.append([], key="empty") == log.append([], key="empty") == []
        retraction = ReportRetracted(report="r1")
        assert log.append([retraction], key="x") == [8]
        log.append([ReportRetracted(report="retract:r1")])
        assert log.append([retraction], key="x") == [8]  # and r1 stands
        assert log.store.head() == 9

    @pytest.mark.parametrize(
        "other",
        [
            [],
            [control("r1")],
            [control("r2"), control("r1")],
            [control("r1"), control("r2", note="other")],
            [control("r1"), control("r2"), control("r3")],
        ],
    )
    def test_the_same_key_for_another_command_is_a_conflict(
        self, log: EventLog, other: list[Event]
    ) -> None:
        log.append([control("r1"), control("r2")], key="k")
        with pytest.raises(Conflict, match="'k'"):
            log.append(other, key="k")
        assert log.store.head() == 7

    def test_a_refused_command_keeps_its_key_free(self, log: EventLog) -> None:
        with pytest.raises(UnknownId):
            log.append([control("r1", settlement="nowhere")], key="k")
        assert log.append([control("r1")], key="k") == [6]

    @pytest.mark.parametrize("key", ["", " ", "\udcff", "k" * 301, 7, b"k"])
    def test_a_key_is_text(self, log: EventLog, key: str) -> None:
        with pytest.raises(UsageError):
            log.append([control("r1")], key=key)
        assert log.store.head() == 5

    def test_a_later_event_about_an_expected_place_is_a_conflict(
        self, log: EventLog
    ) -> None:
        log.append([control("r1", settlement="birch")])
        new = control("r2", settlement="birch")
        with pytest.raises(Conflict, match="'birch' has a later event, at position 6"):
            log.append([new], expected={"birch": 5})
        assert log.append([new], expected={"birch": 6, "alder": 1, "": 0}) == [7]

    @pytest.mark.parametrize(
        "remark",
        [
            ReportRetracted(report="r1"),
            ReportAmended(report="r1", changes={"note": "n"}),
            ReportAmended(report="r2", changes={"settlement": "alder"}),
            ReportsLinked(report="r2", other="r1", relation="disputes"),
            ReportsLinked(report="r1", other="r2", relation="same-change"),
            ReportRetracted(report="x1"),
            ReportRetracted(report="a2"),
            ReportAmended(report="r3", changes={"note": "n"}),
            SettlementRegistered(settlement="alder", name="A", lat=0, lon=0),
            RouteRegistered(settlement_a="cedar", settlement_b="alder", distance_km=1),
            DisplacementReported(
                report_id="d",
                source="s",
                measure="stock",
                category="displaced",
                valid_on="2024-11-30",
                origin="alder",
            ),
        ],
        ids=lambda event: event.TYPE,
    )
    def test_whatever_bears_on_an_expected_place_is_a_conflict(
        self, log: EventLog, remark: Event
    ) -> None:
        moved = ReportAmended(
            report_id="a2", report="r3", changes={"settlement": "alder"}
        )
        log.append(
            [control("r1"), *(control(r, settlement="birch") for r in ("r2", "r3"))]
        )
        log.append([ReportRetracted(report_id="x1", report="r1"), moved])
        head = log.store.head()
        if remark == ReportRetracted(report="r1"):
            log.append([ReportRetracted(report="x1")])
            head += 1
        log.append([remark])
        with pytest.raises(Conflict, match="'alder'"):
            log.append([control("r9")], expected={"alder": head})
        assert log.append([control("r9")], expected={"cedar": head + 1}) == [head + 2]

    def test_a_report_of_another_place_is_no_conflict(self, log: EventLog) -> None:
        log.append([control("r1", settlement="birch"), ReportRetracted(report="r1")])
        log.append([ImportFinished(file="f", digest="0" * 64)])
        assert log.append([control("r2")], expected={"alder": 5}) == [9]

    def test_a_position_is_asked_by_number_or_by_time(
        self, log: EventLog, clock: Clock
    ) -> None:
        log.append([control("r1")])
        later = clock.tick()
        log.append([control("r2")])
        assert log.position(None) == log.position(7) == log.position(later) == 7
        assert log.position(START) == 6
        assert log.position(START - timedelta(microseconds=1)) == 0
        assert log.position(0) == 0
        for wrong in (8, -1, 10**30):
            with pytest.raises(UsageError):
                log.position(wrong)
        with pytest.raises(UsageError, match="zone"):
            log.position(later.replace(tzinfo=None))

    def test_recorded_events_come_back_equal(self, log: EventLog, clock: Clock) -> None:
        events = [control("r1", note="n\n", published="2024-11-28"), control("r2")]
        log.append(events)
        assert [r.event for r in log.recorded()] == [*opening(), *events]
        assert {r.recorded_at for r in log.recorded()} == {START}
        assert [r.position for r in log.recorded(5, 6)] == [6]
        assert log.report("r2").event == events[1]  # type: ignore[union-attr]
        assert log.report("r3") is None
        assert log.report("\udcff") is None

    def test_references_are_as_last_registered(self, log: EventLog) -> None:
        log.append([ActorRegistered(actor="red", name="The Reds")])
        assert log.references().actors["red"].name == "The Reds"
        assert log.references(upto=5).actors["red"].name == "red"
        assert log.references(upto=4).actors.keys() == {"red"}

    def test_a_registration_that_was_refused_is_not_remembered(
        self, log: EventLog, store: Store
    ) -> None:
        place = SettlementRegistered(settlement="dogwood", name="D", lat=1, lon=1)
        with pytest.raises(Conflict):
            log.append([place, control("r"), control("r", note="another")])
        reports = [control(f"r{n}", settlement="dogwood") for n in range(CHUNK)]
        with pytest.raises(Conflict):  # in the second chunk; the first was inserted
            log.extend([place, *reports, control("r0", note="another")])
        assert "dogwood" not in log.references().settlements
        with pytest.raises(UnknownId):
            log.append([control("r", settlement="dogwood")])
        other = EventLog(store)
        other.append([place])
        assert log.append([control("r", settlement="dogwood"), place]) == [7, 6]
        assert "dogwood" in log.references().settlements

    def test_a_redacted_report_is_gone_and_its_digest_stays(
        self, log: EventLog
    ) -> None:
        log.append([control("r1", note=SECRET), control("r2")])
        body = log.store.reports(["r1"])["r1"].body
        log.append([ReportAmended(report="r1", changes={"note": SECRET + "!"})])
        log.append([ReportRedacted(report="r1", reason="a person is named")])
        redaction = log.report("redact:r1")
        assert redaction is not None
        assert isinstance(redaction.event, ReportRedacted)
        assert redaction.event.digest == hashlib.sha256(body).hexdigest()
        assert redaction.event.was == "control-reported"
        assert log.report("r1").event == Redacted("r1", "radio")  # type: ignore[union-attr]
        assert log.report("amend:r1").event == Redacted("amend:r1", "editor")  # type: ignore[union-attr]
        assert not any(SECRET.encode() in row.body for row in log.store.rows())
        assert effective_claims(log.recorded()).standing[0].claim == control("r2")
        with pytest.raises(InputError):
            log.append([ReportAmended(report="r1", changes={"note": "again"})])
        # told again, the harmful report adds nothing
        assert log.append([control("r1", note=SECRET)]) == [6]

    def test_a_report_of_the_same_batch_is_left_out_and_not_redacted(
        self, log: EventLog
    ) -> None:
        with pytest.raises(InputError, match="leave it out"):
            log.append([control("r1", note=SECRET), ReportRedacted(report="r1")])
        assert log.store.head() == 5

    def test_an_id_like_those_that_decide_gives_is_nobodys_privilege(
        self, log: EventLog
    ) -> None:
        log.append([control("retract:r1"), control("amend:r1"), control("r1")])
        log.append([ReportAmended(report="r1", changes={"note": "n"})])
        log.append([ReportRetracted(report="r1")])
        assert log.report("amend:r1.2") is not None
        assert log.report("retract:r1.2") is not None
        ids = [s.claim.report_id for s in effective_claims(log.recorded()).standing]
        assert ids == ["retract:r1", "amend:r1"]

    def test_an_event_over_the_limit_is_refused(self, log: EventLog) -> None:
        names = tuple(f"{number:0300}" for number in range(200))
        place = SettlementRegistered(
            settlement="big", name="Big", lat=0, lon=0, aliases=names, note="n" * 20_000
        )
        assert log.append([place]) == [6]  # the fields' own limits keep it below

    def test_rows_without_payload_and_redaction_are_not_believed(
        self, store: Store
    ) -> None:
        with store.writing() as work:
            work.insert([draft(None, stream="register", body=b"")])
            work.insert([draft("r", type="report-redacted", body=b"")])
        for position in (1, 2):
            with pytest.raises(Untrusted, match=f"position {position}"):
                list(EventLog(store).recorded(position - 1, position))

    def test_days_in_the_future_and_long_ago_are_kept(self, log: EventLog) -> None:
        days = [date(1, 1, 1), date(9999, 12, 31)]
        log.append([control(f"r{d.year}", valid_from=d, published=d) for d in days])
        found = [r.event for r in log.recorded(5)]
        assert [e.valid_from for e in found if isinstance(e, ControlReported)] == days
