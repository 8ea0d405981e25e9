"""A long log is asked through its index; each verb says what the plain fold says."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

import pytest

import chronicle as ch
import strategies
from chronicle.api import base
from chronicle.errors import Conflict, InputError, UsageError
from chronicle.replay import engine, ledger, questions, stored

LENSES = ("latest", "graded", "majority", "source:radio", "cautious:2")
CLOCKS = ((None, None), ("@30", None), (None, "2024-11-28"))


@pytest.fixture(autouse=True)
def few_events_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Indexes of a dozen events are saved, and more than six new ones make them old."""
    for module in (engine, questions):
        monkeypatch.setattr(module, "TAIL", 6)
    for module in (ledger, questions):
        monkeypatch.setattr(module, "BLOCK", 6)


def long_log() -> list[ch.Event]:
    """Three places over four days: rivals, remarks on remarks, people, incidents."""
    events = strategies.opening()
    days = [date(2024, 11, day) for day in (26, 27, 28, 29)]
    for n in range(24):
        events.append(
            ch.ControlReported(
                report_id=f"c{n}",
                source=strategies.SOURCES[n * 7 % 3],
                settlement=strategies.SETTLEMENTS[n * 5 % 3],
                controller=("red", "blue", "blue")[n * 11 % 3],
                valid_from=days[n * n % 4],
                published=None if n % 5 == 0 else days[n % 4],
                credibility=1 + n % 6,
                baseline=n in (0, 10),
            )
        )
    said = {"source": "radio", "published": days[1]}
    for n in range(6):
        events.append(
            ch.DisplacementReported(
                report_id=f"d{n}", measure="stock", category="displaced",
                settlement=strategies.SETTLEMENTS[n % 3], counter="ocha",
                persons=100 * n, valid_on=days[n % 4], **said,
            )
        )  # fmt: skip
    return [
        *events,
        ch.IncidentReported(
            report_id="i1", kind="Armed clash", settlement="cedar",
            valid_from=days[3], killed=2, **said,
        ),
        ch.RouteStatusReported(
            report_id="s1", settlement_a="alder", settlement_b="birch", shut=True,
            valid_from=days[2], **said,
        ),
        ch.ReportRetracted(report="c23", report_id="m1"),
        ch.ReportRetracted(report="m1", report_id="m2", published=days[3]),
        ch.ReportAmended(report="c20", changes={"settlement": "cedar"}),
        ch.ReportAmended(report="c19", changes={"valid_from": days[3]}),
        ch.ReportAmended(report="d5", changes={"valid_on": days[0]}),
        ch.ReportsLinked(report="c1", other="c22", relation="disputes"),
        ch.ReportAmended(report="c21", changes={"controller": "red"}, **said),
        ch.ReportRetracted(report="d2", report_id="m3", published=days[3]),
        ch.ControlReported(
            report_id="late", settlement="birch", controller="green",
            valid_from=days[3], **said,
        ),
    ]  # fmt: skip


def answers(log: ch.Chronicle) -> Iterator[tuple[str, object]]:
    """What each verb says, by each lens and clock."""
    days = ("2024-11-27", None)
    for known_at, by in CLOCKS:
        clocks = {"known_at": known_at, "published_by": by}
        for day in days:
            for lens in LENSES:
                state = log.state(day, lens=lens, **clocks)
                yield f"state {day} {clocks} {lens}", (state.table(), state.digest)
            yield f"displaced {day} {clocks}", log.displaced(day, **clocks)
            yield f"incidents {day} {clocks}", log.incidents(None, day, **clocks)
        for place in strategies.SETTLEMENTS:
            yield f"history {place} {clocks}", log.history(place, **clocks)
            for lens in LENSES:
                said = log.why(place, "2024-11-29", lens=lens, **clocks)
                yield f"why {place} {clocks} {lens}", said
    yield "diff", log.diff("2024-11-26", "2024-12-01", lens="graded")
    yield "facts", log.facts()
    yield "check", log.check()
    yield "check on", log.check("2024-11-28", stale_days=1)


def same_both_ways(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    for least in (1, 1 << 40):
        monkeypatch.setattr(base, "LONG", least)
        with ch.open(path) as log:
            told.append(dict(answers(log)))
    assert told[0].keys() == told[1].keys()
    for asked, answer in told[0].items():
        assert answer == told[1][asked], asked


@pytest.mark.slow
def test_every_verb_says_the_same_whatever_became_of_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other = tmp_path / "a.chronicle", tmp_path / "b.chronicle"
    events = long_log()
    with ch.create(path) as log:
        for event in events[:-3]:
            log.append(event)
    same_both_ways(path, monkeypatch)
    cache = tmp_path / "a.chronicle.cache"
    kept = {
        file.name.split("-")[0] for file in (tmp_path / "a.chronicle.cache").iterdir()
    }
    assert {"index", "ledger"} <= kept
    with ch.open(path) as log:  # a delta
        for event in events[-3:]:
            log.append(event)
    same_both_ways(path, monkeypatch)
    with ch.open(path) as log:  # what the index holds must go
        told = [r.event for r in log.log() if isinstance(r.event, ch.ControlReported)]
        log.append(ch.ReportRedacted(report=told[0].report_id))
    same_both_ways(path, monkeypatch)
    with ch.create(other) as log:  # the index of another log, longer than this one
        for event in [*events[:9], *reversed(events[9:])]:
            with suppress(InputError, Conflict, UsageError):
                log.append(event)
    monkeypatch.setattr(base, "LONG", 1)
    with ch.open(other) as log:
        log.state()
    shutil.rmtree(cache)
    shutil.copytree(tmp_path / "b.chronicle.cache", cache)
    same_both_ways(path, monkeypatch)
    shutil.rmtree(cache)  # nowhere to keep one
    cache.write_text("in the way")
    same_both_ways(path, monkeypatch)


def test_who_asks_a_long_log_first_is_told_how_far_its_index_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "LONG", 1)
    monkeypatch.setattr(stored, "MANY", 10)
    told: list[tuple[str, int]] = []

    @contextmanager
    def line() -> Iterator[Callable[[str, int], None]]:
        yield lambda what, done: told.append((what, done))

    with ch.create(tmp_path / "a.chronicle") as log:
        for event in long_log():
            log.append(event)
        head = log.head
        log.index_progress = line
        log.state()
        assert set(told) == {("reading the record for its index", head)}
    times = len(told)
    with ch.open(tmp_path / "a.chronicle") as log:
        log.index_progress = line
        log.state()
    assert len(told) == times
