"""The places that the bundled case does not name, over which its what-ifs run too."""

from __future__ import annotations

import csv
import importlib.util
import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

import chronicle as ch
from chronicle.domain.events import ControlReported
from chronicle.experiments.bundled import (
    bundled_case,
    bundled_record,
    record_for_what_ifs,
)
from chronicle.verification.observed import arrivals_after

CASE = bundled_case()
ELSEWHERE = CASE.parent / "elsewhere"
BRANCH = date(2024, 11, 30)


@pytest.fixture(scope="module")
def record() -> ch.Chronicle:
    return bundled_record()


def rows(name: str) -> list[dict[str, str]]:
    with (ELSEWHERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_files_are_what_their_script_makes(tmp_path: Path) -> None:
    copy = tmp_path / "syria-2024"
    shutil.copytree(ELSEWHERE / "make", copy / "elsewhere" / "make")
    shutil.copytree(CASE, copy / "data")
    script = copy / "elsewhere" / "make" / "make_elsewhere.py"
    spec = importlib.util.spec_from_file_location("make_elsewhere", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main()
    for name in ("settlements.csv", "routes.csv", "control.csv"):
        made = (copy / "elsewhere" / name).read_bytes()
        assert made == (ELSEWHERE / name).read_bytes(), name


def test_each_place_of_the_gazetteer_is_in_one_of_the_folders(
    record: ch.Chronicle,
) -> None:
    given = {row["geonameid"] for row in _given()}
    known = [p.geonames_id for p in record.references().settlements.values()]
    assert max(Counter(filter(None, known)).values()) == 1
    # Seven are in the case without a number, two near another, three on the Golan.
    missing = {row["name"] for row in _given() if row["geonameid"] not in known}
    assert len(given) - len(given & set(known)) == len(missing) == 12
    assert {"Majdal Shams", "Kafr Shams", "Afis"} <= missing


def _given() -> list[dict[str, str]]:
    return rows("make/geonames.csv")


def test_places_at_risk_are_not_only_places_that_fell(record: ch.Chronicle) -> None:
    truth = arrivals_after(
        record.log(), branch=BRANCH, horizon_days=14, defenders=("gov",)
    )
    fell = int((truth.observed <= 14).sum())
    assert (len(truth), fell) == (284, 190)
    places = record.references().settlements
    stood = Counter(
        places[id_].admin1
        for id_, day in zip(truth.settlements, truth.observed, strict=True)
        if day > 14
    )
    assert len(stood) == 10
    assert stood["Tartous"] == 24


def test_a_place_elsewhere_is_joined_to_the_case(record: ch.Chronicle) -> None:
    routes = record.references().routes.values()
    joined = {end for r in routes for end in (r.settlement_a, r.settlement_b)}
    assert joined == set(record.references().settlements)


def test_what_nobody_said_is_not_made_up(record: ch.Chronicle) -> None:
    said = [row for row in rows("control.csv") if row["status"] != "baseline"]
    assert {row["published"] for row in said} == {
        *("2024-11-30", "2024-12-07", "2024-12-08")
    }
    assert len(said) == 10
    ours = {row["id"] for row in rows("settlements.csv")}
    told = [
        one.event
        for one in record.log()
        if isinstance(one.event, ControlReported) and one.event.settlement in ours
    ]
    assert all(one.baseline for one in told if one.source == "compiler")


def test_a_place_is_not_seen_before_it_was_published(record: ch.Chronicle) -> None:
    newest = max(row["published"] for row in rows("settlements.csv"))
    (late,) = [r["id"] for r in rows("settlements.csv") if r["published"] == newest]
    before = record.state(on="2024-11-30", published_by="2022-12-31")
    assert late not in before.places
    assert late in record.state(on="2024-11-30", published_by="2024-11-30").places


def test_a_case_without_the_folder_stands_alone(tmp_path: Path) -> None:
    shutil.copytree(CASE, tmp_path / "data")
    alone = record_for_what_ifs(tmp_path / "data")
    assert len(alone.references().settlements) == 296
