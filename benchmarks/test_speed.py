"""pytest-benchmark suites of the questions that people ask most.

    pytest benchmarks --benchmark-only
    CHRONICLE_REPORTS=1000000 pytest benchmarks --benchmark-only

Each checks the answer that it times. `make test` runs them once, without the clock.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import log_figures
import replay_figures
from chronicle.replay.build import build
from chronicle.replay.columns import read

REPORTS = int(os.environ.get("CHRONICLE_REPORTS", "20000"))


@pytest.fixture(scope="module")
def bench() -> replay_figures.Bench:
    return replay_figures.prepare(REPORTS, 1_000)


@pytest.mark.parametrize("kind", ["now", "later", "any"])
def test_a_state_of_all_settlements(benchmark: Any, bench: Any, kind: str) -> None:
    on, position = bench.questions(kind, 1)[0]
    said = benchmark(lambda: bench.replay.state(on, position).said)
    assert len(said) == bench.index.settlements
    replay_figures.check(bench, [(on, position)])


def test_columns_from_hot_records(benchmark: Any, bench: Any) -> None:
    columns = benchmark(lambda: read([bench.log.columnar]))
    assert len(columns) == bench.replay.head


def test_an_index_from_columns(benchmark: Any, bench: Any) -> None:
    index = benchmark.pedantic(lambda: build(bench.columns), rounds=3)
    assert np.array_equal(index.start, bench.index.start)


def test_a_durable_report(benchmark: Any, tmp_path: Path) -> None:
    log = log_figures.new_log(tmp_path / "a.chronicle")
    log_figures.register(log)
    head, claims = log.store.head(), iter(log_figures.claims(100_000))
    benchmark.pedantic(lambda: log.append([next(claims)]), rounds=50, iterations=1)
    assert log.store.head() > head
    log.store.close()


def test_many_reports_in_one_transaction(benchmark: Any, tmp_path: Path) -> None:
    claims = log_figures.claims(REPORTS)
    numbers = iter(range(1_000))

    def fresh() -> tuple[tuple[Any], dict[str, Any]]:
        log = log_figures.new_log(tmp_path / f"{next(numbers)}.chronicle")
        log_figures.register(log)
        return (log,), {}

    def extend(log: Any) -> int:
        added = log.extend(claims)
        log.store.close()
        return int(added)

    assert benchmark.pedantic(extend, setup=fresh, rounds=3) == REPORTS
