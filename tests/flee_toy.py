"""A FLEE folder of four toy places, written by our own writer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from chronicle.flee.read import read_flee
from chronicle.flee.write import ExportedPlace, ExportedRoad, write_flee

__all__ = [
    "CLOSURES",
    "CONFLICTS",
    "CORRECTIONS",
    "LAYOUT",
    "LOCATIONS",
    "PERIOD",
    "PLACES",
    "ROADS",
    "ROUTES",
    "SETS",
    "START",
    "changed",
    "day",
    "row",
    "toy_folder",
    "written",
]

SETS = Path(__file__).parents[1] / "scenarios" / "flee"
START = date(2024, 11, 27)
LOCATIONS, ROUTES = "input_csv/locations.csv", "input_csv/routes.csv"
CLOSURES, CONFLICTS = "input_csv/closures.csv", "input_csv/conflicts.csv"
LAYOUT, PERIOD = "source_data/data_layout.csv", "input_csv/sim_period.csv"
CORRECTIONS = "input_csv/registration_corrections.csv"

PLACES = [
    ExportedPlace(id="alder", name="Alder, the old", country="A", latitude=35,
          longitude=36, population=100_000),
    ExportedPlace(id="birch", country="A", latitude=35.5, longitude=36,
          population=50_000),
    ExportedPlace(id="cedar", country="A", latitude=36, longitude=36.2, kind="camp",
          population=30_000),
    ExportedPlace(id="dogwood", country="B", latitude=36, longitude=36.9, kind="camp"),
]  # fmt: skip
ROADS = [
    ExportedRoad(first="alder", second="birch", distance_km=70),
    ExportedRoad(first="birch", second="cedar", distance_km=80.5),
    ExportedRoad(first="birch", second="dogwood", distance_km=120),
]


def day(number: int) -> date:
    return START + timedelta(days=number)


def toy_folder(folder: Path) -> Path:
    """Twenty days without a fault, with counts of everybody and of both camps."""
    write_flee(
        folder,
        places=PLACES,
        roads=ROADS,
        conflicts={"alder": [(day(2), True)]},
        start=START,
        days=20,
        counts={
            "total": [(day(0), 500), (day(19), 2000)],
            "cedar": [(day(0), 60), (day(9), 300), (day(19), 700)],
            "dogwood": [(day(0), 40), (day(19), 500)],
        },
    )
    return folder


def written(folder: Path, **changes: object) -> Path:
    """Forty days without counts: a share of the people in conflict flees each day."""
    arguments = {
        "places": PLACES,
        "roads": ROADS,
        "conflicts": {"alder": [(day(2), True), (day(25), False)]},
        "start": START,
        "days": 40,
    }
    write_flee(folder, **(arguments | changes))  # type: ignore[arg-type]
    return folder


def changed(folder: Path, file: str, change: Callable[[str], str]) -> list[str]:
    """What is told of *file* when its text was changed; nothing was told before."""
    path = folder / file
    path.write_text(change(path.read_text()))
    return [str(one).removeprefix(file) for one in read_flee(folder)[1]]


def row(file: str, line: str) -> tuple[str, Callable[[str], str]]:
    return file, lambda text: text + line + "\n"
