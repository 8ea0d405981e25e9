"""What questions cost at the shell: whole commands, and how they grow with the log.

    python benchmarks/question_figures.py --events 1000000

A made-up log is written into a file, and asked by each verb in a process of its own;
CPU seconds of that process stand against those of `python -c "import numpy"`. The
answers are those of the plain fold over all events: that is asserted.

`CHRONICLE_BENCH_FOLDER` names a folder in which the logs are kept for another run.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from chronicle.api import open_chronicle
from chronicle.domain.events import ControlReported, Event, Remark, Report
from chronicle.domain.outline import outline_of
from chronicle.domain.questions import Clocks, PlainQuestions
from chronicle.domain.timeline import RecordedEvent, effective_claims
from chronicle.domain.views import history_table, why_table
from chronicle.errors import UsageError
from chronicle.replay.questions import Questions
from chronicle.store.codec import encode
from chronicle.store.columnar import columnar
from chronicle.store.protocol import Draft
from chronicle.store.sqlite.store import SQLiteStore
from synthetic import FIRST_DAY, event_of, synthetic

__all__ = ["takes"]

FOLDER = "CHRONICLE_BENCH_FOLDER"
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
ROUNDS = 3
SEED = 7
PLACE = "place-77"
NUMPY = [sys.executable, "-c", "import numpy"]
BY = str(FIRST_DAY + timedelta(days=1_500))
VERBS: dict[str, tuple[tuple[str, ...], str]] = {
    "verb.state": (("state",), "<= 4"),
    "verb.state.published": (("state", "--published-by", BY), "<= 4"),
    **{
        f"verb.state.{lens.partition(':')[0]}": (("state", "--lens", lens), "<= 4")
        for lens in ("graded", "majority", "source:source-3", "cautious")
    },
    "verb.diff": (("diff", "--from", "2024-06-01"), "<= 4"),
    "verb.history": (("history", PLACE), "<= 3"),
    "verb.why": (("why", PLACE), "<= 3"),
}
GROWS = {"verb.state": 2.0, "verb.diff": 2.0, "verb.history": 1.5, "verb.why": 1.5}

Row = dict[str, Any]


# --- the logs -------------------------------------------------------------------------


def made(path: Path, events: int, settlements: int) -> float:
    """Write a made-up log into a new file; CPU seconds that storing it took.

    What a made-up log holds is stored as it is: nothing of it is decided on.
    """
    log = synthetic(events, seed=SEED, settlements=settlements)
    store = SQLiteStore.create(path)
    took = 0.0
    with store.writing() as work:
        rows = iter(enumerate(log.rows, 1))
        while some := [
            event_of(position, row) for position, row in islice(rows, 5_000)
        ]:
            start = time.process_time()
            work.insert([_draft(event, work.code) for event in some])
            took += time.process_time() - start
    store.close()
    return took


def _draft(event: Event, code: Callable[[str, str], int]) -> Draft:
    told = event.report_id if isinstance(event, Report) else None
    stream = f"source:{event.source}" if isinstance(event, Report) else "register"
    about: str | None = event.report if isinstance(event, Remark) else None  # type: ignore[attr-defined]
    hot = columnar(event, code, lambda report: int(report[1:]))
    return Draft(
        stream,
        event.TYPE,
        encode(event),
        hot,
        told,
        about,
        getattr(event, "dataset", ""),
    )


@contextmanager
def folder() -> Iterator[Path]:
    """Where the logs lie."""
    if kept := os.environ.get(FOLDER):
        Path(kept).mkdir(parents=True, exist_ok=True)
        yield Path(kept)
    else:
        with tempfile.TemporaryDirectory() as name:
            yield Path(name)


def log_in(place: Path, events: int, settlements: int) -> Path:
    """The log of that size, whose index is saved."""
    path = place / f"{events}-{settlements}.chronicle"
    note = path.with_suffix(".json")
    if not note.exists():
        took = made(path, events, settlements)
        first = cpu([sys.executable, "-m", "chronicle", "history", str(path), PLACE])
        note.write_text(json.dumps({"stored": took, "first": first}))
    return path


# --- the clock ------------------------------------------------------------------------


def cpu(command: list[str]) -> float:
    """CPU seconds of a command and its children, its modules compiled as pip does."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True, env=installed())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def installed() -> dict[str, str]:
    """The environment of a program whose modules were compiled when it was installed.

    A clone compiles them at each start where it may not write them down.
    """
    apart = {"PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir(), "bench-bytecode"))}
    return {k: v for k, v in os.environ.items() if k != NO_BYTECODE} | apart


def asked(path: Path, words: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "chronicle", words[0], str(path), *words[1:]]


def verb(name: str, path: Path, small: Path | None, size: int) -> Iterator[Row]:
    """One verb against numpy alone, and against itself on the small log."""
    words, goal = VERBS[name]
    commands = [asked(path, words), NUMPY]
    if small is not None:
        commands.append(asked(small, words))
    for command in commands:
        cpu(command)
    rounds = [[cpu(command) for command in commands] for _ in range(ROUNDS)]
    yield row(name, rounds, 1, size, goal, 'python -c "import numpy"')
    if small is not None:
        grows = f"<= {GROWS.get(name, 2.0)}"
        yield row(f"{name}.growth", rounds, 2, size, grows, "a log of a tenth")


def row(
    name: str,
    rounds: list[list[float]],
    other: int,
    size: int,
    goal: str,
    against: str,
) -> Row:
    """Ours, the first of each round, as so many times another of the same round."""
    ratios = [times[0] / times[other] for times in rounds]
    return {
        "name": name,
        "value": round(statistics.median(times[0] for times in rounds), 3),
        "unit": "s of CPU",
        "ratio": round(statistics.median(ratios), 3),
        "against": against,
        "goal": goal,
        "spread": f"{min(ratios):.3g}-{max(ratios):.3g}",
        "n": size,
        "rounds": len(rounds),
        "seed": SEED,
    }


# --- what is taken --------------------------------------------------------------------


def checked(path: Path, size: int) -> Iterator[Row]:
    """Every answer that is timed, against the fold over all events."""
    with open_chronicle(path) as log:
        events: list[RecordedEvent] = list(log.log())
        on, head = log.facts().last_day, log.head
        assert on is not None
        plain = PlainQuestions(lambda _: events)
        quick = Questions(log._log)
        lenses = ("latest", "graded", "majority", "source:source-3", "cautious")
        for by in (None, date.fromisoformat(BY)):
            clocks = Clocks(on, head, by)
            for lens in lenses if by is None else lenses[:1]:
                mine, theirs = quick.state(clocks, lens), plain.state(clocks, lens)
                assert mine.places == theirs.places, (lens, by)
                assert quick.outline(clocks, lens) == outline_of(theirs), (lens, by)
            tables = [
                history_table(PLACE, told, effective_claims(told, by), "")
                for told in (list(quick.history(PLACE, head)), events)
            ]
            assert tables[0] == tables[1]
            states = [one.place(PLACE, clocks, "graded") for one in (quick, plain)]
            said = [why_table(one, PLACE, tables[0]) for one in states]
            assert said[0] == said[1]
    yield {
        "name": "checked",
        "value": len(events),
        "unit": "events",
        "ratio": 1.0,
        "against": "the plain fold: the same answers",
        "goal": "",
        "n": size,
    }


def first_question(path: Path, size: int) -> Iterator[Row]:
    """The question that makes the index, against storing the log."""
    told = json.loads(path.with_suffix(".json").read_text())
    if "stored" not in told:
        raise UsageError("the log was kept from another run")
    rounds = [[told["first"], told["stored"]]]
    yield row("first.question", rounds, 1, size, "<= 0.15", "storing the same events")


def after_an_append(path: Path, size: int) -> Iterator[Row]:
    """A question after an append, in one process, against the same before it."""
    rounds = []
    with open_chronicle(path) as log:
        log.state()
        for turn in range(ROUNDS):
            times = []
            for told in (False, True):
                if told:
                    log.append(_more(log.head, turn))
                start = time.process_time()
                log.state()
                times.append(time.process_time() - start)
            rounds.append(times[::-1])
    yield row("delta", rounds, 1, size, "<= 1.5", "the same question before the append")


def _more(head: int, turn: int) -> ControlReported:
    return ControlReported(
        report_id=f"more-{head}-{turn}",
        source="source-1",
        settlement=PLACE,
        controller="actor-1",
        valid_from=FIRST_DAY + timedelta(days=2_000),
    )


def memory(path: Path, size: int) -> Iterator[Row]:
    """The most that a process held for a question, beside what numpy alone holds."""
    told = (
        "import sys, resource; from chronicle.__main__ import main; sys.argv[1:] = "
        f"['why', {str(path)!r}, {PLACE!r}, '--out', '/dev/null', '--format', 'csv']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    run = partial(subprocess.run, check=True, capture_output=True, text=True)
    kib = int(run([sys.executable, "-c", told]).stdout.split()[-1])
    mapped = sum(f.stat().st_size for f in _caches(path)) // 1024
    mib = (kib - mapped) / 1024
    yield {
        "name": "memory",
        "value": round(mib, 1),
        "unit": "MiB beside the mapped caches",
        "ratio": round(mib / 200, 3),
        "against": "200 MiB",
        "goal": "<= 1",
        "n": size,
    }


def _caches(path: Path) -> list[Path]:
    beside = path.with_name(path.name + ".cache")
    return [*beside.glob("index-*.cache"), *beside.glob("ledger-*.cache")]


def takes(events: int, settlements: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Names and what takes them."""
    with folder() as place:
        path = log_in(place, events, settlements)
        small = None
        if events >= 100_000:
            small = log_in(place, events // 10, settlements)
        for name in VERBS:
            yield name, partial(verb, name, path, small, events)
        yield "checked", lambda: checked(path, events)
        yield "first.question", lambda: first_question(path, events)
        yield "memory", lambda: memory(path, events)
        yield "delta", lambda: after_an_append(path, events)  # last: it adds events


def main() -> None:
    """The rows, one JSON object a line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--settlements", type=int, default=10_000)
    given = parser.parse_args()
    for name, take in takes(given.events, given.settlements):
        print(f"# {name}", file=sys.stderr)
        for one in take():
            print(json.dumps(one), flush=True)


if __name__ == "__main__":
    main()
