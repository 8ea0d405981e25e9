"""Make the folders of the league's cases from the history of one public repository.

    git clone https://github.com/vi-enne/controlCitiesUkraine
    python benchmarks/fronts/make_fronts.py controlCitiesUkraine/.git

Reads `fronts.toml` and writes a folder in the own format beside it for each case that
has a `box`. The table is Wikipedia's list of who holds which city, as it stood at the
last commit of each UTC day: what was in it then was known then. Rules:

- A report is of the day on which the table first shows a value; its column *As of* is
  the day of the latest source, not of the change, and is not read.
- Russia, the Donetsk PR and the Luhansk PR are one side; Contested, Gray zone and Truce
  are contested; whatever else (Unknown, Ukraine?, nothing) is no report.
- Two rows of one name that differ in holder or coordinates are no report, and a name
  that has them on more than one day in twenty is left out, for it stands for two;
  so are rows without coordinates: the table was joined to them by name.
- The places of a case are those that the table named by its first branch day, so that
  none is there because it fell later.
- A change that the table takes back within a day is kept: it was known so.
- Routes are the Gabriel graph of the case's places, each 1.3 times the great circle;
  primary where both ends have 10,000 people, else secondary. No rivers, no bridges.
"""

from __future__ import annotations

import csv
import io
import math
import re
import subprocess
import sys
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TABLE = "output/Cities_and_towns_during_the_Russo-Ukrainian_War_latest.csv"
HOLDERS = {
    **dict.fromkeys(("ukraine",), "ukr"),
    **dict.fromkeys(("russia", "donetsk pr", "luhansk pr", "dpr"), "rus"),
    **dict.fromkeys(("contested", "gray zone", "truce"), ""),
}
BLANKS = re.compile(r"[\s\u00a0\u200b\u2060]+")
ACTORS = (
    ("id", "name", "short", "side", "kind"),
    ("ukr", "Armed Forces of Ukraine", "Ukraine", "ukraine", "State forces"),
    (
        "rus",
        "Armed Forces of the Russian Federation, with the Donetsk and Luhansk "
        "formations",
        "Russia",
        "russia",
        "External forces",
    ),
)
SOURCE = (
    "wikipedia",
    "Wikipedia, Control of cities during the Russo-Ukrainian War, as scraped by "
    "vi-enne/controlCitiesUkraine",
    "encyclopedia",
    "D",
    "2022-03-01",
)
EARTH_KM = 6371.0088
DETOUR = 1.3
MOST_TORN = 0.05  # of the days of a name
Place = tuple[float, float, int | None]
Day = dict[str, str]


def clean(text: str | None) -> str:
    """*text* without blanks around it, and with plain single ones inside."""
    return BLANKS.sub(" ", text or "").strip()


def slug(name: str) -> str:
    """An id of ASCII letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def tables(git: Path) -> Iterator[tuple[date, str]]:
    """The table at the last commit of each UTC day, the first day first."""
    ask = ["git", "--git-dir", str(git)]
    log = subprocess.run(
        [*ask, "log", "--date=format-local:%Y-%m-%d", "--format=%H %cd", "--", TABLE],
        env={"TZ": "UTC", "PATH": "/usr/bin:/bin:/usr/local/bin"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    last: dict[str, str] = {}
    for line in log.splitlines():  # the newest first
        commit, day = line.split()
        last.setdefault(day, commit)
    for day in sorted(last):
        shown = [*ask, "show", f"{last[day]}:{TABLE}"]
        found = subprocess.run(shown, capture_output=True, check=True)
        yield date.fromisoformat(day), found.stdout.decode("utf-8")


def read(git: Path) -> tuple[dict[date, Day], dict[str, Place]]:
    """Who holds what on each day by name, and where each place is."""
    days: dict[date, Day] = {}
    places: dict[str, Place] = {}
    told: Counter[str] = Counter()
    apart: Counter[str] = Counter()
    for day, text in tables(git):
        held = days.setdefault(day, {})
        where: dict[str, str] = {}
        torn: set[str] = set()
        for row in csv.DictReader(io.StringIO(text)):
            name = clean(row["Name"])
            holder = HOLDERS.get(clean(row["Held by"]).lower(), "?")
            north = clean(row.get("Lat") or row.get("lat"))
            east = clean(row.get("Lon") or row.get("lng"))
            if name in held and (holder, f"{north} {east}") != (
                held[name],
                where[name],
            ):
                torn.add(name)
            held[name], where[name] = holder, f"{north} {east}"
            if north and east and name not in places:
                people = re.sub(r"\D", "", row["Population"] or "")
                found = int(people) if people else None
                places[name] = float(north), float(east), found
        told.update(held.keys())
        apart.update(torn)
        held.update(dict.fromkeys(torn, "?"))
    for name, count in apart.items():
        if count > MOST_TORN * told[name]:
            places.pop(name, None)
    return days, places


def kilometres(a: Place, b: Place) -> float:
    """The great circle (haversine)."""
    up, down = math.radians(a[0]), math.radians(b[0])
    half = (
        math.sin((up - down) / 2) ** 2
        + math.cos(up) * math.cos(down) * math.sin(math.radians(a[1] - b[1]) / 2) ** 2
    )
    return 2 * EARTH_KM * math.asin(math.sqrt(half))


def routes(places: dict[str, Place]) -> Iterator[tuple[Any, ...]]:
    """The Gabriel graph: no third place within the circle over two as diameter."""
    middle = math.cos(math.radians(sum(p[0] for p in places.values()) / len(places)))
    flat = {n: (p[0], p[1] * middle) for n, p in places.items()}
    for a, b in combinations(sorted(places), 2):
        (ay, ax), (by, bx) = flat[a], flat[b]
        cy, cx = (ay + by) / 2, (ax + bx) / 2
        reach = ((ay - by) ** 2 + (ax - bx) ** 2) / 4
        if reach == 0 or any(
            (y - cy) ** 2 + (x - cx) ** 2 < reach - 1e-12
            for name, (y, x) in flat.items()
            if name not in (a, b)
        ):
            continue
        both = (places[a][2] or 0) >= 10_000 <= (places[b][2] or 0)
        yield (
            slug(a),
            slug(b),
            round(max(kilometres(places[a], places[b]) * DETOUR, 0.5), 1),
            "primary" if both else "secondary",
            "great circle x 1.3",
            "generated (Gabriel graph), unverified",
        )


def reports(
    days: dict[date, Day], names: list[str], since: date, until: date
) -> Iterator[tuple[Any, ...]]:
    """What the table first shows, its changes, and all of it on the last day."""
    window = [day for day in sorted(days) if since <= day <= until]
    shown: Day = {}
    for day in window:
        for name in names:
            holder = days[day].get(name, "?")
            if holder == "?" or (shown.get(name) == holder and day != window[-1]):
                continue
            shown[name] = holder
            status = "control" if holder else "contested"
            id_ = f"{day:%Y%m%d}-{slug(name)}"
            yield id_, day, slug(name), holder, status, day, SOURCE[0]


def write(path: Path, header: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> None:
    """A CSV file with LF at the ends of lines."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        out.writerows(rows)


def make(
    case: dict[str, Any], days: dict[date, Day], places: dict[str, Place], into: Path
) -> None:
    """The folder of one case."""
    south, north, west, east = case["box"]
    since, until = case["since"], case["until"]
    first = min(day for front in case["front"] for day in front["branches"])
    known = {
        name
        for day, held in days.items()
        if since <= day <= first
        for name, holder in held.items()
        if holder != "?"
    }
    inside = {
        name: place
        for name, place in sorted(places.items())
        if name in known and south <= place[0] <= north and west <= place[1] <= east
    }
    folder = into / case["id"]
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "actors.csv", ACTORS[0], iter(ACTORS[1:]))
    header = "id", "name", "kind", "default_reliability", "published_first"
    write(folder / "sources.csv", header, iter([SOURCE]))
    write(
        folder / "settlements.csv",
        ("id", "name", "lat", "lon", "population"),
        ((slug(n), n, f"{p[0]:.4f}", f"{p[1]:.4f}", p[2]) for n, p in inside.items()),
    )
    write(
        folder / "routes.csv",
        (
            *("settlement_a", "settlement_b", "distance_km"),
            *("road_class", "distance_basis", "basis"),
        ),
        routes(inside),
    )
    columns = "id", "valid_from", "settlement", "to_actor", "status", "published"
    told = reports(days, list(inside), since, until)
    write(folder / "control.csv", (*columns, "source"), told)
    print(f"{case['id']}: {len(inside)} places")


def main(git: Path, into: Path = HERE) -> None:
    """Make all of them."""
    days, places = read(git)
    with (HERE / "fronts.toml").open("rb") as file:
        cases = tomllib.load(file)["case"]
    for case in cases:
        if "box" in case:
            make(case, days, places, into)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
