"""One file of a data set after another: what is new, changed, gone, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chronicle.domain.events import (
    ControlReported,
    Event,
    ImportFinished,
    IncidentReported,
    ReportAmended,
    ReportRedacted,
    ReportRetracted,
    ReportsLinked,
    SettlementRegistered,
)
from chronicle.domain.timeline import effective_claims
from chronicle.errors import Conflict, InputError, UnknownId, UsageError
from chronicle.store.log import EventLog, Tally
from chronicle.store.memory import MemoryStore
from chronicle.store.protocol import Store
from chronicle.store.sqlite.store import SQLiteStore
from log_toys import Clock, opening
from log_toys import control as control_of_nobody

TYPES = ("control-reported", "reports-linked")


@pytest.fixture(params=["memory", "sqlite"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EventLog]:
    store: Store = (
        MemoryStore(Clock())
        if request.param == "memory"
        else SQLiteStore.create(tmp_path / "a.chronicle", Clock())
    )
    made = EventLog(store)
    made.append(opening())
    yield made
    store.close()


def control(report_id: str, **more: Any) -> ControlReported:
    return control_of_nobody(report_id, **{"dataset": "acled", **more})


def finish(tally: Tally) -> Event | None:
    if not tally.recorded:
        return None
    counts = {"new": tally.new, "changed": tally.changed, "gone": tally.gone}
    return ImportFinished(dataset="acled", file="f", digest="0" * 64, **counts)


def bring(
    log: EventLog, *events: Event, label: str = "f", **more: Any
) -> tuple[int, int, int, int]:
    """Import *events* as one file: the counts of new, changed, gone, unchanged."""
    settings: dict[str, Any] = {
        "dataset": "acled",
        "types": TYPES,
        "finish": finish,
        "complete": lambda: True,
    }
    tally = log.import_events(enumerate(events, 2), label=label, **{**settings, **more})
    return tally.new, tally.changed, tally.gone, tally.unchanged


def claims(log: EventLog) -> dict[str, Any]:
    return {
        s.claim.report_id: s.claim for s in effective_claims(log.recorded()).standing
    }


def types(log: EventLog, after: int) -> list[str]:
    return [r.event.TYPE for r in log.recorded(after) if isinstance(r.event, Event)]


def places(*names: str) -> Iterable[SettlementRegistered]:
    return [
        SettlementRegistered(settlement=n, name=n, lat=36, lon=37, dataset="acled")
        for n in names
    ]


def test_a_second_import_adds_nothing(log: EventLog) -> None:
    link = ReportsLinked(report="r1", other="r2", relation="disputes", dataset="acled")
    file = [*places("dogwood"), control("r1"), control("r2"), link, control("r1")]
    assert bring(log, *file) == (4, 0, 0, 1)
    assert types(log, 5)[-1] == "import-finished"
    head = log.store.head()
    for _ in range(3):
        assert bring(log, *file) == (0, 0, 0, 5)
    assert log.store.head() == head


def test_a_changed_row_amends_only_what_changed(log: EventLog) -> None:
    bring(log, control("r1", note="n"), control("r2"))
    new = control("r1", controller="blue", valid_from="2024-11-28", note="n")
    assert bring(log, new, control("r2"), label="g") == (0, 1, 0, 1)
    amendment = log.report("amend:r1")
    assert amendment is not None
    assert amendment.event == ReportAmended(
        report_id="amend:r1",
        source="radio",
        report="r1",
        changes={"controller": "blue", "valid_from": "2024-11-28"},
        reason="changed in g",
        dataset="acled",
    )
    assert claims(log)["r1"] == new
    head = log.store.head()
    assert bring(log, new, control("r2"), label="g") == (0, 0, 0, 2)
    assert log.store.head() == head
    # and back again, by way of what was changed before
    assert bring(log, control("r1", note="n"), control("r2")) == (0, 1, 0, 1)
    assert claims(log)["r1"] == control("r1", note="n")


def test_a_field_may_become_empty(log: EventLog) -> None:
    bring(log, control("r1", note="n", published="2024-11-28", credibility=2))
    assert bring(log, control("r1")) == (0, 1, 0, 0)
    assert claims(log)["r1"] == control("r1")


def test_what_is_gone_is_retracted_and_revived_when_it_is_back(log: EventLog) -> None:
    both = [control("r1"), control("r2")]
    bring(log, *both)
    for round_ in range(3):
        head = log.store.head()
        assert bring(log, control("r1")) == (0, 0, 1, 1)
        assert types(log, head) == ["report-retracted", "import-finished"]
        assert claims(log).keys() == {"r1"}
        assert bring(log, control("r1")) == (0, 0, 0, 1)
        assert claims(log).keys() == {"r1"}
        assert log.store.head() == head + 2
        changed = control("r2", note=f"round {round_}")
        assert bring(log, control("r1"), changed) == (0, 1, 0, 1)
        assert claims(log)["r2"] == changed
    told = log.report("retract:r2")
    assert told is not None
    assert told.event.reason == "gone from f"  # type: ignore[union-attr]


def test_only_reports_of_the_files_types_and_data_set_can_be_gone(
    log: EventLog,
) -> None:
    incident = IncidentReported(
        report_id="i",
        source="s",
        kind="Attack",
        valid_from="2024-11-27",
        dataset="acled",
    )
    bring(log, control("r1"), incident, types=())
    log.append([control_of_nobody("mine"), control("other", dataset="viina")])
    assert bring(log, types=("control-reported",)) == (0, 0, 1, 0)
    assert claims(log).keys() == {"i", "mine", "other"}
    assert bring(log, types=()) == (0, 0, 0, 0)


def test_what_an_editor_retracted_stays_so(log: EventLog) -> None:
    bring(log, control("r1"), control("r2"))
    log.append([ReportRetracted(report="r1", reason="a forgery")])
    head = log.store.head()
    assert bring(log, control("r1"), control("r2")) == (0, 0, 0, 2)
    assert log.store.head() == head
    assert bring(log, control("r2")) == (0, 0, 0, 1)  # gone, but it did not count
    assert bring(log, control("r1"), control("r2")) == (0, 0, 0, 2)
    assert claims(log).keys() == {"r2"}


def test_what_an_editor_brought_back_stays_so(log: EventLog) -> None:
    bring(log, control("r1"), control("r2"))
    bring(log, control("r2"))
    log.append([ReportRetracted(report="retract:r1", reason="it was so after all")])
    head = log.store.head()
    for _ in range(2):
        assert bring(log, control("r2")) == (0, 0, 0, 1)
    assert log.store.head() == head
    assert claims(log).keys() == {"r1", "r2"}


def test_what_an_editor_amended_stays_so_until_the_source_says_something_new(
    log: EventLog,
) -> None:
    bring(log, control("r1"))
    log.append([ReportAmended(report="r1", changes={"controller": "blue"})])
    head = log.store.head()
    assert bring(log, control("r1")) == (0, 0, 0, 1)
    assert log.store.head() == head
    assert bring(log, control("r1", note="n")) == (0, 1, 0, 0)
    assert claims(log)["r1"].controller == "blue"
    assert claims(log)["r1"].note == "n"


def test_a_change_that_an_editor_had_made_before_adds_nothing(log: EventLog) -> None:
    bring(log, control("r1"))
    log.append([ReportAmended(report="r1", changes={"controller": "blue"})])
    head = log.store.head()
    for _ in range(2):
        assert bring(log, control("r1", controller="blue")) == (0, 0, 0, 1)
    assert log.store.head() == head


def test_a_change_that_contradicts_an_editor_brings_the_whole_row(
    log: EventLog,
) -> None:
    bring(log, control("r1"))
    contested = {"status": "contested", "controller": None}
    log.append([ReportAmended(report="r1", changes=contested)])
    new = control("r1", controller="blue")  # blue could not hold a contested place
    assert bring(log, new) == (0, 1, 0, 0)
    assert claims(log)["r1"] == new
    assert bring(log, new) == (0, 0, 0, 1)


def test_reference_data_that_an_editor_mended_stays_so(log: EventLog) -> None:
    (place,) = places("dogwood")
    assert bring(log, place) == (1, 0, 0, 0)
    mended = SettlementRegistered(settlement="dogwood", name="D", lat=35, lon=36)
    log.append([mended])
    assert bring(log, place) == (0, 0, 0, 1)
    assert log.references().settlements["dogwood"] == mended
    moved = SettlementRegistered(
        settlement="dogwood", name="D", lat=34, lon=36, dataset="acled"
    )
    assert bring(log, moved) == (0, 1, 0, 0)
    assert log.references().settlements["dogwood"] == moved


def test_two_data_sets_with_the_same_place_do_not_undo_each_other(
    log: EventLog,
) -> None:
    (mine,) = places("dogwood")
    theirs = SettlementRegistered(
        settlement="dogwood", name="Dogwood", lat=36, lon=37, dataset="viina"
    )
    assert bring(log, mine) == (1, 0, 0, 0)
    assert bring(log, theirs, dataset="viina") == (0, 1, 0, 0)
    head = log.store.head()
    assert bring(log, mine) == bring(log, theirs, dataset="viina") == (0, 0, 0, 1)
    assert log.store.head() == head


def test_a_redacted_report_stays_gone(log: EventLog) -> None:
    bring(log, control("r1", note="harm"), control("r2"))
    log.append([ReportRedacted(report="r1")])
    head = log.store.head()
    assert bring(log, control("r1", note="harm"), control("r2")) == (0, 0, 0, 2)
    assert bring(log, control("r1", note="worse"), control("r2")) == (0, 0, 0, 2)
    assert bring(log, control("r2")) == (0, 0, 0, 1)
    assert log.store.head() == head
    assert claims(log).keys() == {"r2"}


def test_the_ids_of_another_data_set_are_a_conflict(log: EventLog) -> None:
    log.append([control_of_nobody("r1"), control("r2", dataset="viina")])
    for id_ in ("r1", "r2"):
        with pytest.raises(Conflict, match=f"'{id_}' belongs to"):
            bring(log, control("r3"), control(id_))
    assert log.store.head() == 7


def test_an_id_that_named_something_else_is_a_conflict(log: EventLog) -> None:
    bring(log, control("r1"), control("r2"))
    link = ReportsLinked(
        report_id="r1", report="r1", other="r2", relation="disputes", dataset="acled"
    )
    incident = IncidentReported(
        report_id="r1",
        source="s",
        kind="Attack",
        valid_from="2024-11-27",
        dataset="acled",
    )
    for other in (link, incident):
        with pytest.raises(Conflict, match="'r1' is a control-reported"):
            bring(log, other)


def test_an_event_of_another_data_set_is_a_mistake_of_the_reader(
    log: EventLog,
) -> None:
    with pytest.raises(UsageError):
        bring(log, control("r1", dataset="viina"))


def test_refused_rows_are_told_and_the_others_go_in(log: EventLog) -> None:
    told: list[tuple[int, str]] = []
    rows = [control("r1"), control("r2", settlement="nowhere"), control("r3")]
    counts = bring(
        log,
        *rows,
        refused=lambda line, event, error: told.append((line, type(error).__name__)),
    )
    assert counts == (2, 0, 0, 0)
    assert told == [(3, "UnknownId")]
    assert claims(log).keys() == {"r1", "r3"}
    with pytest.raises(UnknownId):
        bring(log, *rows)


def test_a_finish_that_raises_leaves_everything_out(log: EventLog) -> None:
    def refuse(tally: Tally) -> Event | None:
        raise InputError(f"{tally.new} are too many")

    with pytest.raises(InputError, match="1 are too many"):
        bring(log, control("r1"), finish=refuse)
    assert log.store.head() == 5


def test_a_file_of_several_chunks_knows_its_own_first_rows(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chronicle.store.chunks.CHUNK", 100)
    count = 250
    rows = [control(f"r{n}", settlement="dogwood") for n in range(count)]
    last = f"r{count - 1}"
    link = ReportsLinked(
        report_id="l", report=last, other="r0", relation="disputes", dataset="acled"
    )
    file = [*places("dogwood"), *rows, link, rows[0], *places("dogwood")]
    assert bring(log, *file) == (count + 2, 0, 0, 2)
    head = log.store.head()
    assert bring(log, *file) == (0, 0, 0, count + 4)
    assert log.store.head() == head
    assert bring(log, *file[:-3])[2] == 1  # the link
    assert bring(log, *places("dogwood"))[2] == count
    assert claims(log) == {}
    assert bring(log, *file)[:3] == (0, count + 1, 0)
    assert len(claims(log)) == count


def test_ids_like_those_of_retractions_are_nobodys_privilege(log: EventLog) -> None:
    odd = [control("retract:r1"), control("retract:r1.2"), control("r1")]
    bring(log, *odd)
    assert bring(log, *odd[:2]) == (0, 0, 1, 2)
    assert claims(log).keys() == {"retract:r1", "retract:r1.2"}
    assert bring(log, *odd) == (0, 1, 0, 2)
    assert bring(log, odd[2]) == (0, 0, 2, 1)
    assert claims(log).keys() == {"r1"}


def test_a_link_without_an_id_is_known_again(log: EventLog) -> None:
    link = ReportsLinked(report="r1", other="r2", relation="disputes", dataset="acled")
    rows = [control("r1"), control("r2")]
    assert bring(log, *rows, link, link) == (3, 0, 0, 1)
    assert bring(log, *rows, link) == (0, 0, 0, 3)
    assert bring(log, *rows) == (0, 0, 1, 2)
    assert effective_claims(log.recorded()).links == ()
    assert bring(log, *rows) == (0, 0, 0, 2)
    assert bring(log, *rows, link)[2:] == (0, 2)
    assert [one.other for one in effective_claims(log.recorded()).links] == ["r2"]
    assert bring(log, *rows, link) == (0, 0, 0, 3)


@pytest.mark.parametrize("known", [True, False])
def test_many_new_claims_are_stored_as_row_by_row(known):
    """Places and claims in one chunk; of one that names nobody the rest go in."""
    from chronicle.domain.events import IncidentReported, SettlementRegistered
    from chronicle.store.log import FEW

    def place(n):
        return SettlementRegistered(
            dataset="d", settlement=f"p{n}", name=f"P{n}", lat=1.0, lon=2.0
        )

    def incident(n):
        return IncidentReported(
            dataset="d",
            report_id=f"i{n}",
            source="ap",
            kind="Attack",
            valid_from="2024-11-26",
            settlement=f"p{n % 3}" if known or n else "nowhere",
            killed=n,
        )

    events = [place(n) for n in range(3)] + [incident(n) for n in range(2 * FEW)]
    refused = []

    def brought(rows):
        log = EventLog(MemoryStore())
        tally = log.import_events(
            rows,
            dataset="d",
            types=(IncidentReported.TYPE,),
            label="f.csv",
            finish=lambda tally: None,
            refused=lambda line, event, error: refused.append(line),
        )
        return log, tally

    log, tally = brought(list(enumerate(events, 1)))
    few, slowly = EventLog(MemoryStore()), 0
    for row in enumerate(events, 1):
        try:
            few.append([row[1]])
        except InputError:
            slowly += 1
    assert [one.event for one in log.recorded()] == [o.event for o in few.recorded()]
    assert len(refused) == slowly == (0 if known else 1)
    assert tally.new == len(events) - slowly
    again = log.import_events(
        list(enumerate(events, 1)),
        dataset="d",
        types=(),
        label="f.csv",
        finish=lambda tally: None,
        refused=lambda *_: None,
    )
    assert (again.new, again.unchanged) == (0, len(events) - slowly)
