"""The page's figures: what is sent, what a step costs, how soon there is a map.

Sizes are exact. Times are of JavaScript: in node for the replay alone, and in headless
Chromium, drawn in software, for all that a step of the slider does before the browser
paints.
"""

from __future__ import annotations

import gzip
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import chronicle.web
from chronicle.api import memory
from chronicle.domain.events import (
    ActorRegistered,
    ControlReported,
    Event,
    SettlementRegistered,
    SourceRegistered,
)
from chronicle.domain.timeline import RecordedEvent
from chronicle.errors import UsageError
from chronicle.experiments.bundled import bundled_case
from chronicle.web.documents import Documents, documents
from chronicle.web.payload import encoded, payload, zipped
from chronicle.web.single_file import single_file

__all__ = ["takes"]

HERE = Path(__file__).parent
STATIC = Path(chronicle.web.__file__).parent / "static"
SEED = 20241130
KIB = 1024.0
MOST_PAYLOAD_KIB = 60.0
MOST_FIRST_MAP_S = 3.0
LIMITS_MS = {5_000: 2.0, 33_000: 10.0}  # of a step, by settlements
REPORTS = 2.5  # for each settlement
DAYS = 60

Row = dict[str, Any]


def takes(events: int, settlements: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Names and what takes them; the sizes are those of the figures."""
    yield "payload", payload_figures
    for size in LIMITS_MS:
        yield f"replay of {size:,}", lambda size=size: replay_figures(size)  # type: ignore[misc]
    for size in LIMITS_MS:
        yield f"page of {size:,}", lambda size=size: browser_figures(size)  # type: ignore[misc]


def _row(name: str, value: float, unit: str, limit: float | None, n: int) -> Row:
    bound: Row = {"ratio": None, "goal": None, "against": "no limit"}
    if limit is not None:
        ratio = round(value / limit, 4)
        bound = {"ratio": ratio, "goal": "<= 1", "against": f"{limit:g} {unit}"}
    return {"name": name, "value": round(value, 3), "unit": unit, **bound, "n": n}


@cache
def _real() -> Documents:
    record = memory()
    record.import_folder(bundled_case())
    return documents(record, "syria-2024")


def payload_figures() -> Iterable[Row]:
    """What the bundled case sends, and the page in one file, gzipped."""
    told = _real()
    sent = len(zipped(told.data)) / KIB
    land = len(zipped(told.land)) / KIB
    whole = len(gzip.compress(single_file(told), 9)) / KIB
    rows = len(json.loads(told.data)["claims"]["control"]["pos"])
    yield _row("payload", sent + land, "KiB", MOST_PAYLOAD_KIB, rows)
    yield _row("one_file", whole, "KiB", None, rows)


@cache
def made_up(settlements: int) -> bytes:
    """The document of a made-up record: clusters of places, 2.5 reports each.

    Every place begins under one of five actors, and may change hands for two months.
    """
    chance = random.Random(SEED)
    actors = [f"actor-{n}" for n in range(5)]
    sources = [f"source-{n}" for n in range(12)]
    events: list[Event] = [
        *(ActorRegistered(actor=id_, name=id_) for id_ in actors),
        *(SourceRegistered(source=id_, name=id_) for id_ in sources),
    ]
    middles = [(chance.uniform(32, 37), chance.uniform(35, 42)) for _ in range(60)]
    for n in range(settlements):
        lat, lon = chance.choice(middles)
        events.append(
            SettlementRegistered(
                settlement=f"p{n}",
                name=f"Place {n}",
                lat=lat + chance.gauss(0, 0.35),
                lon=lon + chance.gauss(0, 0.35),
                population=chance.choice([None, chance.randint(200, 90_000)]),
            )
        )
    first = date(2024, 11, 26)
    for n in range(int(settlements * REPORTS)):
        opening = n < settlements
        day = 0 if opening else chance.randint(1, DAYS)
        events.append(
            ControlReported(
                report_id=f"r{n}",
                source=chance.choice(sources),
                settlement=f"p{n if opening else chance.randrange(settlements)}",
                controller=chance.choice(actors),
                valid_from=first + timedelta(day),
                published=first + timedelta(day + chance.choice([0, 0, 1, 2, 6])),
                credibility=chance.choice([1, 2, 3, 4, None]),
                baseline=opening,
            )
        )
    begun = datetime(2024, 12, 1, tzinfo=UTC)
    log = (RecordedEvent(n, begun, event) for n, event in enumerate(events, 1))
    return encoded(payload(log, name="made up"))


def replay_figures(settlements: int) -> Iterable[Row]:
    """Milliseconds of the replay alone, in node."""
    node = shutil.which("node")
    if node is None:
        raise UsageError("no node")
    done = subprocess.run(
        [node, str(HERE / "page_step.mjs"), str(STATIC)],
        input=made_up(settlements),
        capture_output=True,
        check=True,
        timeout=300,
    )
    took = json.loads(done.stdout)
    limit = LIMITS_MS[settlements]
    yield _row(f"replay_step_{settlements}", took["latest"], "ms", limit, settlements)
    yield _row(
        f"replay_majority_{settlements}", took["majority"], "ms", limit, settlements
    )
    yield _row(
        f"knowledge_step_{settlements}", took["knowledge"], "ms", None, settlements
    )
    yield _row(f"cells_{settlements}", took["cells"], "ms", None, settlements)


def browser_figures(settlements: int) -> Iterable[Row]:
    """Milliseconds of a whole step, and seconds to the first map, in Chromium."""
    sys.path.insert(0, str(HERE.parent / "tests"))
    from browser import CHROMIUM, Browser

    if CHROMIUM is None:
        raise UsageError("no Chromium")
    made = Documents(made_up(settlements), _real().land, b"{}", 0)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "page.html"
        path.write_bytes(single_file(made))
        with Browser() as browser:
            tab = browser.page()
            begun = time.perf_counter()
            tab.go(path.as_uri())
            first = time.perf_counter() - begun
            steps = tab.run(STEPS)
            assert not tab.errors, tab.errors
    limit = LIMITS_MS[settlements]
    most = MOST_FIRST_MAP_S if settlements == min(LIMITS_MS) else None
    yield _row(f"page_step_{settlements}", steps, "ms", limit, settlements)
    yield _row(f"first_map_{settlements}", first, "s", most, settlements)


# What a step does in JavaScript: of three sweeps over the same days the least of each
# (other programs share the machine), and of these the median. A frame is awaited after
# each step, so that painting by the browser falls outside.
STEPS = """(async () => {
  const frame = () => new Promise((d) => requestAnimationFrame(() => setTimeout(d)));
  const least = new Map();
  const first = chronicle.span.first + 3;
  for (let sweep = 0; sweep < 3; sweep += 1) {
    for (let day = first; day <= first + 12; day += 1) {
      const from = performance.now();
      chronicle.setDay(day);
      const took = performance.now() - from;
      least.set(day, Math.min(least.get(day) ?? Infinity, took));
      await frame();
    }
  }
  return [...least.values()].sort((a, b) => a - b)[least.size >> 1];
})()"""
