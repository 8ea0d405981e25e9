"""The names that an import left open, worked off on the page by keyboard."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from browser import CHROMIUM, Browser
from chronicle.api import create, open_chronicle
from chronicle.domain.events import (
    ActorRegistered,
    SettlementRegistered,
    SourceRegistered,
)
from chronicle.errors import Conflict, InputError
from chronicle.formats.spreadsheet.review import read_accepted, read_choices
from chronicle.web.review import Choice, ReviewDesk
from shell import run
from web_page import AXE, clean, serving, stop

TABLE = """Date,Place,Held by,Source,Lat,Long
2025-03-01,Houla,Army,AP,,
2025-03-02,Houla,Army,AP,,
2025-03-03,Tran,Army,AP,1.3,2.1
2025-03-04,Nowhere <b>x</b>,Army,AP,,
2025-03-05,Alder,Guard,AP,,
2025-03-05,Alder,Army,AP,,
"""


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "toy.chronicle"
    with create(path) as made:
        made.append(
            [
                SettlementRegistered(settlement="alder", name="Alder", lat=1, lon=2),
                SettlementRegistered(
                    settlement="houla-1", name="Houla", lat=1, lon=2.5, admin1="North"
                ),
                SettlementRegistered(
                    settlement="houla-2", name="Houla", lat=2, lon=2.5, admin1="South"
                ),
                SettlementRegistered(settlement="tarn", name="Tarn", lat=1.1, lon=2),
                SettlementRegistered(settlement="swap", name="Swapped", lat=0, lon=0),
                ActorRegistered(actor="red", name="Red Army", short="Army"),
                ActorRegistered(actor="blue", name="Blue Guards", short="BG"),
                SourceRegistered(source="ap", name="AP"),
            ]
        )
    (tmp_path / "table.csv").write_text(TABLE)
    return path


def imported(record: Path) -> tuple[int, Path]:
    """Import the table with its review; the exit code."""
    review = record.parent / "names.csv"
    table = record.parent / "table.csv"
    return run("import", record, table, "--review", review).code, review


def test_a_review_is_told_with_distances_and_saved_as_the_command_reads_it(
    record: Path,
) -> None:
    _, path = imported(record)
    desk = ReviewDesk(path)
    with open_chronicle(record) as log:
        told = desk.told(log)
        rows = {row["name"]: row for row in told["rows"]}
        assert set(rows) == {"Houla", "Tran", "Nowhere <b>x</b>", "Guard"}
        first, second = rows["Houla"]["candidates"]
        assert (first["id"], second["id"]) == ("houla-1", "houla-2")
        assert (second["km"], second["from"]) == (111, "first")
        (tarn,) = rows["Tran"]["candidates"]
        assert rows["Tran"]["spot"] == (1.3, 2.1)
        assert (tarn["km"], tarn["from"]) == (25, "row")

        def choose(kind: str, name: str, choice: str, seen: str) -> str:
            told = Choice(kind=kind, name=name, choice=choice, seen=seen)
            found: str = desk.choose(log, told)["seen"]
            return found

        seen = choose("settlement", "Houla", "houla-2", told["seen"])
        with pytest.raises(Conflict):
            choose("settlement", "Tran", "tarn", told["seen"])
        for wrong in ("nobody", "red", "right"):
            with pytest.raises(InputError):
                choose("settlement", "Tran", wrong, seen)
        seen = choose("settlement", "Tran", "tarn", seen)
        seen = choose("settlement", "Nowhere <b>x</b>", "-", seen)
        seen = choose("actor", "Guard", "blue", seen)
        choose("settlement", "Tran", "", seen)
    assert ("settlement", "Tran") not in read_choices(path)
    imported(record)
    with open_chronicle(record) as log:
        held = log.state("2025-03-05").control
        assert (held["houla-1"], held["houla-2"]) == (None, "red")
    again = read_choices(path)  # as the command wrote it anew
    assert again["settlement", "Nowhere <b>x</b>"] == "-"


def test_what_looks_wrong_is_in_the_review_until_it_is_found_right(
    record: Path,
) -> None:
    places = record.parent / "settlements.csv"
    places.write_text("id,name,lat,lon\nsea,Sea,0,0\n")
    review = record.parent / "names.csv"
    assert run("import", record, places, "--review", review).code == 0
    text = review.read_text("utf-8-sig")
    assert "suspicion,sea,,1," in text
    with open_chronicle(record) as log:
        desk = ReviewDesk(review)
        seen = desk.told(log)["seen"]
        for value in ("sea", "sea swap"):
            told = Choice(kind="suspicion", name=value, choice="right", seen=seen)
            seen = desk.choose(log, told)["seen"]
    assert read_accepted(review) == ["sea", "sea swap"]
    said = run("import", record, places, "--review", review).err
    assert "looks wrong" not in said


def chosen(path: Path) -> dict[tuple[str, str], str]:
    return read_choices(path)


@pytest.fixture
def browser() -> Iterator[Browser]:
    with Browser() as opened:
        yield opened


@pytest.mark.slow
@pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium: tools/install-chromium installs it"
)
def test_a_review_is_worked_off_by_keyboard(browser: Browser, record: Path) -> None:
    _, path = imported(record)
    served = serving(record, "--write", "--review", str(path))
    ready = "document.documentElement.dataset.entry === '1'"
    left = "document.getElementById('reviewleft').textContent"
    tab = browser.page()
    tab.go(served.address, ready)
    tab.key("r")
    tab.wait(f"{left} === '4 of 4 open'")
    name = "document.querySelector('.reviewdetail h3').textContent"
    choices = {"Houla": "2", "Tran": "1", "Nowhere <b>x</b>": "s", "Guard": "/"}
    for n in range(4):
        tab.key(choices[tab.run(name)])
        if tab.run("document.activeElement.matches('.reviewdetail input')"):
            tab.type("blue")
            tab.wait("document.querySelector('.reviewdetail ul:not([hidden]) li')")
            tab.key("Enter")
        tab.wait(f"{left}.startsWith('{3 - n} of 4') || {left}.startsWith('Nothing')")
    wanted = {
        ("settlement", "Houla"): "houla-2",
        ("settlement", "Tran"): "tarn",
        ("settlement", "Nowhere <b>x</b>"): "-",
        ("actor", "Guard"): "blue",
    }
    assert chosen(path) == wanted
    tab.key("ArrowUp")
    tab.key("u")  # opens one again
    tab.wait(f"{left} === '1 of 4 open'")
    assert len(chosen(path)) == 3
    tab.key("Escape")
    assert tab.run("document.getElementById('review').open") is False

    phone = browser.page(390, 844, mobile=True, deviceScaleFactor=2)
    phone.go(f"{served.address}#lang=ar", ready)
    phone.run("chronicle.review.open()")
    phone.wait("document.querySelector('.reviewmap, .candidate')")
    phone.run("chronicle.review.at = 0; chronicle.review.show()")
    assert phone.run("document.documentElement.scrollWidth") <= 390
    phone.run(AXE.read_text() + ";0")
    found = phone.run("axe.run().then((one) => JSON.stringify(one.violations))")
    faults = [
        (one["id"], [node["html"][:150] for node in one["nodes"]])
        for one in json.loads(found)
    ]
    assert faults == []
    for one in (tab, phone):
        assert one.run("document.querySelectorAll('#review b').length") == 0
        clean(one)
    stop(served)
    assert served.process.returncode == 0


def test_a_review_is_of_a_page_that_writes(record: Path) -> None:
    path = record.parent / "names.csv"
    path.write_text("kind,name,choice\n")
    ended = run("serve", record, "--review", path)
    assert ended.code == 2
    assert "--write" in ended.err
    with create(record.parent / "empty.chronicle") as log:
        assert ReviewDesk(path).told(log)["rows"] == []
