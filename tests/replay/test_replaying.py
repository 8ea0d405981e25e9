"""The engine on a stored log answers as the fold does; caches are only caches."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

import chronicle as ch
from chronicle.cli.demo import bundled_case
from chronicle.replay.stored import cache_folder

DAYS = [date(2024, 11, 26), date(2024, 11, 30), date(2024, 12, 4), date(2024, 12, 8)]


def told(log: ch.Chronicle, on: date, position: int) -> dict[str, str | None]:
    """Control by settlement id, out of the engine's codes."""
    found = log.replay().state(on, position)
    actors = [*log.codes("actor"), None]  # code -1 is nobody
    return {
        id_: actors[found.actor[code]]
        for code, id_ in enumerate(log.codes("settlement"))
        if code < len(found)
    }


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("case") / "case.chronicle"
    with ch.create(path) as log:
        log.import_folder(bundled_case())
    return path


def test_the_engine_equals_the_fold_on_the_real_case(case: Path) -> None:
    with ch.open(case) as log:
        for on in DAYS:
            for position in (log.head, log.head - 300, 1200):
                plain = log.state(on, known_at=position).control
                engine = told(log, on, position)
                assert {id_: engine[id_] for id_ in plain} == plain


def test_a_redaction_takes_the_caches_along(tmp_path: Path, case: Path) -> None:
    path = tmp_path / "copy.chronicle"
    shutil.copy(case, path)
    with ch.open(path) as log:
        log.append(
            [
                ch.ControlReported(
                    report_id=f"x{n}",
                    settlement="hama",
                    controller="gov",
                    valid_from="2024-11-20",
                    source="s",
                )
                for n in range(4_200)  # enough for an index to be worth keeping
            ]
        )
        log.replay()
        folder = cache_folder(log._log)
        assert folder is not None
        assert list(folder.iterdir())
        log.append(ch.ReportRedacted(report="c427", reason="harm"))
        assert not folder.exists()
        position = log.head
        plain = log.state(DAYS[-1]).control
        engine = told(log, DAYS[-1], position)
        assert {id_: engine[id_] for id_ in plain} == plain


def test_a_restored_copy_that_went_another_way_has_other_caches(
    tmp_path: Path, case: Path
) -> None:
    from chronicle.replay.stored import LogSource

    names = set()
    for way in ("one", "other"):
        path = tmp_path / f"{way}.chronicle"
        shutil.copy(case, path)
        with ch.open(path) as log:
            log.append(
                ch.ControlReported(
                    report_id=way,
                    settlement="hama",
                    controller="gov",
                    valid_from="2024-11-20",
                    source="s",
                )
            )
            names.add(LogSource(log._log).identity(log.head))
    assert len(names) == 2
