"""What is allowed and looks wrong is listed once, by value, until it is accepted."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

import chronicle as ch
import sheets
from chronicle.domain.events import ControlReported
from chronicle.domain.state import References
from chronicle.formats.suspicion import Watch
from own_toy import CASE, CONTROL, TOY, write
from shell import Ended, run

HEADER = ("Date", "Place", "Who", "Source", "Lat", "Long")
SPOTS = {name: (34 + n / 10, 44 - n / 10) for n, name in enumerate(sheets.PLACES)}


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "v.chronicle"
    run("init", path)
    return path


def rows() -> list[tuple[object, ...]]:
    return [
        (day, place, who, source, *SPOTS[place])
        for day, place, who, source, _ in sheets.rows()
    ]


def brought(record: Path, table: list[tuple[object, ...]], *words: str) -> Ended:
    path = sheets.text(record.parent / "t.csv", [HEADER, *table])
    ended = run("import", record, path, "--register", *words)
    assert ended.code == 0, ended.err
    return ended


def wrong(ended: Ended) -> list[str]:
    return [
        line.removeprefix("looks wrong: ")
        for line in ended.err.splitlines()
        if line.startswith("looks wrong: ")
    ]


def test_a_good_table_is_not_suspicious(record: Path) -> None:
    assert wrong(brought(record, rows())) == []
    with ch.memory() as log:
        assert log.import_folder(CASE).suspicions == []


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (("2052-03-05", "Tarn", "Coalition", "Reuters", 34, 44),
         "year: 2052: is 27 years after the others"),
        (("1925-03-05", "Tarn", "Coalition", "Reuters", 34, 44),
         "year: 1925: is 100 years before the others"),
        (("2025-03-05", "Sea", "Coalition", "Reuters", 0, 0),
         "place: sea: lies at 0/0, in the sea"),
        (("2025-03-05", "Odd", "Coalition", "Reuters", 44, 34),
         "place: odd: lies 1,322 km off; are lat and lon swapped?"),
        (("2025-03-05", "Abroad", "Coalition", "Reuters", -30, 140),
         "place: abroad: lies 12,"),
        (("2025-03-05", "Other", "Coalition", "Reuters", 34, 44),
         "spot: other tarn: lie at one spot"),
        (("2025-03-05", "Tarn", "Coalition", "Reuterz", 34, 44),
         "source: reuters reuterz: are spelt nearly alike"),
        (("2025-03-05", "Tarn", "Coallition", "Reuters", 34, 44),
         "party: coalition coallition: are spelt nearly alike"),
    ],
)  # fmt: skip
def test_each_kind_is_told_and_accepted(
    row: tuple[object, ...], says: str, record: Path
) -> None:
    ended = brought(record, [*rows(), row])
    (told,) = wrong(ended)
    assert told.replace(" (2 times)", "").startswith(says)
    value = told.split(": ")[1].removesuffix(" (2 times)")
    assert "--accept" in ended.err
    assert wrong(brought(record, [*rows(), row])) == [told]
    assert wrong(brought(record, [*rows(), row], "--accept", value)) == []
    assert wrong(brought(record, [*rows(), row])) == []


def test_one_id_in_two_cases(record: Path) -> None:
    write(record.parent, TOY)
    rows = "c1,2024-11-27,alder,red,,radio\nc2,2024-11-28,birch,red,,Radio\n"
    (record.parent / "control.csv").write_text(f"{CONTROL}\n{rows}")
    told = wrong(run("import", record, record.parent))
    assert told == ["source: Radio radio: are one word in two cases"]
    assert wrong(run("import", record, record.parent, "--accept", "all")) == []


def test_totals_that_jump(record: Path) -> None:
    table = [
        (date(2025, 3, 1) + timedelta(n), "North", people, "OCHA")
        for n, people in enumerate((1_000, 1_100, 11_200, 11_000))
    ]
    path = sheets.text(
        record.parent / "p.csv", [("Date", "Area", "IDPs", "Source"), *table]
    )
    ended = run("import", record, path)
    assert wrong(ended) == [
        "figure: North 2025-03-03: goes from 1,100 on 2025-03-02 to 11,200"
    ]


def test_a_dry_run_lists_them_before_anything_is_recorded(record: Path) -> None:
    row = ("2052-03-05", "Tarn", "Coalition", "Reuters", 34, 44)
    assert len(wrong(brought(record, [*rows(), row], "--dry-run"))) == 1
    with ch.open(record) as log:
        assert log.head == 0


def test_days_after_today_and_of_another_calendar_look_wrong() -> None:
    watch = Watch()
    for year in (2025, 2055, 1446):
        watch.see(
            ControlReported(
                report_id=f"r{year}",
                settlement="alder",
                controller="red",
                status="held",
                valid_from=date(year, 9, 1),
                source="ap",
            )
        )
    told = watch.suspicions(References(), date(2026, 1, 1))
    assert [(one.value, one.says) for one in told if one.kind == "year"] == [
        ("1446", "is a year of another calendar?"),
        ("2055", "has days after today"),
    ]
