"""The benchmarks at their smallest: they run, and what they time gives right answers.

Nothing is asserted about time; the figures check their own answers against oracles.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from shell import run

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return BENCHMARKS


@pytest.mark.parametrize(
    "name",
    ["append_bulk", "append_single", "append_library", "replay_cold", "replay_library",
     "projection_rebuild", "import_csv"],
)  # fmt: skip
def test_a_figure_of_the_log_is_taken(
    benchmarks: Path, name: str, tmp_path: Path
) -> None:
    import log_figures

    rows = getattr(log_figures, name)(2_000, tmp_path)
    assert rows
    for row in rows:
        assert row["ratio"] > 0
        assert row["name"].partition(".")[0] in {
            "append", "replay", "open", "projection", "import",
        }  # fmt: skip


def test_the_figures_of_the_engine_are_taken(benchmarks: Path) -> None:
    pytest.importorskip("numba")
    import replay_figures

    bench = replay_figures.prepare(5_000, 200)
    rows = [
        *replay_figures.state_on(bench, rounds=30),
        *replay_figures.state_known(bench, rounds=30),
        *replay_figures.points(bench, count=1_000, rounds=1),
        *replay_figures.index_build(bench, rounds=1),
        *replay_figures.sizes(bench),
        *replay_figures.peers(bench, rounds=1),
        *replay_figures.peer_sqlite(bench, rounds=1),
    ]
    assert {row["name"] for row in rows} >= {
        "state.on", "state.known_now", "state.known_later", "state.known_any",
        "points", "index.build", "memory", "disk",
        "peer.duckdb", "peer.polars", "peer.pandas", "peer.sqlite",
    }  # fmt: skip
    assert all(row["ratio"] > 0 for row in rows)


def test_bench_refuses_sizes_beyond_reason() -> None:
    ended = run("bench", "--events", "1")
    assert ended.code == 2
    assert "--events" in ended.err


def test_the_command_finds_the_benchmarks_beside_the_code() -> None:
    from chronicle.cli.bench import benchmarks_folder

    assert benchmarks_folder() == BENCHMARKS
