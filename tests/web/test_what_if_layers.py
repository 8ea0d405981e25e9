"""A run beside the record: what is sent of it, and what each layer shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from browser import CHROMIUM, Browser, Tab
from chronicle.api import Chronicle, create, open_chronicle
from chronicle.errors import InputError
from chronicle.experiments.execute import run_scenario
from chronicle.experiments.files import NOT_TOLD, read_run
from chronicle.experiments.run import Run
from chronicle.report.folder import write_run
from chronicle.web.documents import documents
from chronicle.web.ensemble import ensemble_document
from chronicle.web.single_file import single_file
from what_if_case import HOLD, five_towns, scenario

ZERO = date(1970, 1, 1)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chronicle]:
    path = tmp_path_factory.mktemp("record") / "towns.chronicle"
    with create(path) as made:
        made.append([one.event for one in five_towns().log()])
        yield made


@pytest.fixture(scope="module")
def run(record: Chronicle) -> Run:
    return run_scenario(scenario(HOLD), record, replicas=12)


@pytest.fixture(scope="module")
def folder(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    kept = tmp_path_factory.mktemp("run")
    write_run(run, kept, branches=1)
    return kept


@pytest.fixture(scope="module")
def told(folder: Path) -> dict[str, Any]:
    return ensemble_document(folder, dict.fromkeys(["alder", "birch"], "North"))


def test_chances_are_those_of_the_arms_and_of_what_is_published(
    run: Run, told: dict[str, Any]
) -> None:
    for arm, sent in zip(run.arms, told["arms"], strict=True):
        assert np.allclose(sent["chances"], arm.chances(run.question), atol=5e-4)
    pool = run.published
    assert (told["published"] is None) == (pool is None or pool.alone)
    if told["published"] is not None and pool is not None:
        assert np.allclose(told["published"], pool.chances, atol=5e-5)


def test_people_are_told_by_place_and_province(run: Run, told: dict[str, Any]) -> None:
    by_day = run.arms[1].results.hosted_by_day.astype(float)
    sent = told["arms"][1]["people"]["places"]
    whole = by_day.sum(axis=2)
    for at, id_ in enumerate(sent["name"]):
        column = run.question.settlements.index(id_)
        people = by_day[:, :, column]
        if told["no_people"]:
            people = 1000 * people / np.maximum(whole, 1)
        assert np.allclose(sent["mean"][at], people.mean(axis=0), atol=0.51)
        assert (np.array(sent["low"][at]) <= sent["high"][at]).all()
    left_out = set(run.question.settlements) - set(sent["name"])
    for id_ in left_out:
        assert by_day[:, :, run.question.settlements.index(id_)].max() < 0.5 * (
            1 if not told["no_people"] else max(whole.max(), 1)
        )
    assert set(told["arms"][1]["people"]["provinces"]["name"]) <= {"", "North"}


def test_a_run_of_before_says_that_its_people_are_not_told(
    folder: Path, tmp_path: Path
) -> None:
    old = json.loads((folder / "run.json").read_text())
    del old["no_people"], old["published_chances"]
    copy = tmp_path / "old"
    copy.mkdir()
    (copy / "run.json").write_text(json.dumps(old))
    (copy / "chunks").symlink_to(folder / "chunks")
    kept = read_run(copy)
    assert (kept.no_people, kept.published_chances) == (NOT_TOLD, None)
    assert ensemble_document(copy, {})["arms"][0]["branch"] is None


@pytest.mark.parametrize("chances", [[[0.5]], [[2.0] * 15] * 3, "many"])
def test_published_chances_of_other_places_are_refused(
    folder: Path, tmp_path: Path, chances: Any
) -> None:
    told = json.loads((folder / "run.json").read_text())
    told["published_chances"] = chances
    (tmp_path / "run.json").write_text(json.dumps(told))
    (tmp_path / "chunks").symlink_to(folder / "chunks")
    with pytest.raises(InputError, match=r"run\.json"):
        read_run(tmp_path)


@pytest.fixture(scope="module")
def page(
    record: Chronicle, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_bytes(single_file(documents(record, "towns", folder)))
    return path


def layer(tab: Tab, value: str) -> None:
    tab.run(
        f"""{{ const s = document.getElementById('layer'); s.value = '{value}';
        s.dispatchEvent(new Event('change')); }}"""
    )


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: tools/install-chromium")
def test_each_layer_says_what_if_and_the_branch_is_replayed(
    page: Path, run: Run, folder: Path
) -> None:
    days = [run.question.branch_at, *run.question.days]
    (file,) = sorted((folder / "branches").glob(f"{run.arms[1].slug}-*.chronicle"))
    with Browser() as browser, open_chronicle(file) as branch:
        tab = browser.page()
        tab.go(f"{page.as_uri()}#on={days[-1]}&arm=hold&show=run&tab=whatif")
        values = tab.run(
            "[...document.getElementById('layer').options].map((one) => one.value)"
        )
        wanted = ["", "chance:0", "chance:1", "differs:1", "people:0", "people:1"]
        assert [one for one in values if one != "published:0"] == [
            *wanted, "run:0", "run:1",
        ]  # fmt: skip
        for day in days:
            state = branch.state(day)
            tab.run(f"chronicle.setDay({(day - ZERO).days})")
            seen = tab.run(
                """(() => { const { control, status } = chronicle.whatIf.branch;
                const { actors, settlements, rules } = chronicle.record;
                return Object.fromEntries(settlements.map((one, s) =>
                  [one.id, [actors[control[s]]?.id ?? null, rules.statuses[status[s]]]]
                )); })()"""
            )
            known = {
                id_: [place.control, place.status]
                for id_, place in state.places.items()
            }
            assert seen == known, day
        for value in values[1:]:
            layer(tab, value)
            assert not tab.run("document.getElementById('whatifframe').hidden"), value
            assert "WHAT-IF" in tab.run("document.getElementById('banner').innerText")
            legend = tab.run("document.getElementById('legend').innerText")
            assert "WHAT-IF" in legend, value
            asked = tab.run("[chronicle.ask.show, chronicle.ask.arm]")
            assert asked == [value[:-2], run.arms[int(value[-1])].label]
        tab.wait("location.hash.includes('arm=hold&show=run')")
        tab.run(f"location.hash = '#on={days[1]}&arm=hold&show=differs'")
        tab.wait("chronicle.whatIf.value === 'differs:1'")
        layer(tab, "")
        assert tab.run("document.getElementById('whatifframe').hidden")
        assert tab.run("chronicle.ask.arm") is None
        assert tab.errors == []
