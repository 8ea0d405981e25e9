"""Make the places that the case does not name, by one rule for all provinces.

    python scenarios/syria-2024/elsewhere/make/make_elsewhere.py

Reads `geonames.csv` and the case in `../../data`, writes CSV files to the folder above.

- Every place of GeoNames in `geonames.csv` is taken in that lies more than `SAME_KM`
  from each place of the case, and from those taken in before it (by GeoNames id). The
  three on the Golan that Israel held are left out: no party of the record held them.
- On 26 November its holder is that of the nearest city, town or village of the case in
  its province; of the places in `REMEMBERED` it is somebody else's, by recollection.
- A statement about a whole province holds for its places too, as it does in the case:
  all of Idlib on 30 November, all of Daraa on 7 December, the capital on 8 December. No
  other fall is made up: of these places nobody said anything.
- Roads are the Gabriel graph of all places, as far as an edge has one of the new ones
  at an end and at most `EDGE_KM`, and the edge to the nearest place, however far; 1.4
  times the great circle, as the generated ones of the case. No rivers, no bridges.
- What GeoNames says was published on the day of its last change there, if known.
"""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

MAKE = Path(__file__).parent
HERE = MAKE.parent
CASE = HERE.parent / "data"
SAME_KM, EDGE_KM, DETOUR, EARTH_KM = 2.0, 25.0, 1.4, 6371.0
Row = dict[str, str]

PROVINCES = {  # GeoNames' admin1: the case's name and P-code
    "01": ("Al-Hasakeh", "SY08"),
    "02": ("Lattakia", "SY06"),
    "03": ("Quneitra", "SY14"),
    "04": ("Ar-Raqqa", "SY11"),
    "05": ("As-Sweida", "SY13"),
    "06": ("Dar'a", "SY12"),
    "07": ("Deir-ez-Zor", "SY09"),
    "08": ("Rural Damascus", "SY03"),
    "09": ("Aleppo", "SY02"),
    "10": ("Hama", "SY05"),
    "11": ("Homs", "SY04"),
    "12": ("Idleb", "SY07"),
    "13": ("Damascus", "SY01"),
    "14": ("Tartous", "SY10"),
}
GOLAN = {"mas-adah", "majdal-shams", "buq-ata"}
REMEMBERED = {
    # the left bank of the Euphrates below Deir ez-Zor
    **dict.fromkeys(("dhiban", "al-busayrah", "as-susah", "hajin", "al-kasrah"), "sdf"),
    # the right bank in Raqqa province
    **dict.fromkeys(("ma-dan", "as-sabkhah"), "gov"),
    # the strip of October 2019, and north of Manbij
    **dict.fromkeys(("tall-abyad", "suluk", "ra-s-al-ayn", "al-ghandurah"), "sna"),
    "shuyukh-tahtani": "sdf",  # across the Euphrates from Jarabulus
    "tall-tamr": "sdf",
}
WHOLE = {  # province: day, holder, source, what the source is quoted with in the case
    "Idleb": ("2024-11-30", "hts", "anadolu", "the whole of Idlib province"),
    "Dar'a": ("2024-12-07", "sor", "anadolu", "'All of Daraa'"),
    "Damascus": ("2024-12-08", "hts", "guardian", "the capital"),
}


def read(path: Path) -> list[Row]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(name: str, header: str, rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file to the folder above."""
    with (HERE / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)


def slug(name: str) -> str:
    """An id from a name: letters of ASCII, digits, hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def km(a: Row, b: Row) -> float:
    """The great circle between two places."""
    ay, ax, by, bx = (math.radians(float(p[c])) for p in (a, b) for c in ("lat", "lon"))
    half = math.sin((by - ay) / 2) ** 2
    half += math.cos(ay) * math.cos(by) * math.sin((bx - ax) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(half))


def places(case: list[Row]) -> list[Row]:
    """The places to add, in the columns of the case, with who held them."""
    found: list[Row] = []
    taken = {one["id"] for one in case}
    given = sorted(read(MAKE / "geonames.csv"), key=lambda one: int(one["geonameid"]))
    for one in given:
        admin1, pcode = PROVINCES[one["admin1_code"]]
        plain = slug(one["asciiname"] or one["name"])
        people = int(one["population"] or 0)
        seat = one["feature_code"].startswith("PPLA")
        row = {
            "name": one["asciiname"].replace("`", "'") or one["name"],
            "aliases": "|".join(dict.fromkeys(one["alternatenames"].split("|"))),
            "kind": "town" if seat or people >= 5_000 else "village",
            "lat": one["latitude"],
            "lon": one["longitude"],
            "admin1": admin1,
            "admin1_pcode": pcode,
            "population": str(people) if people else "",
            "population_basis": "geonames" if people else "",
            "geonames_id": one["geonameid"],
            "published": one["modified"],
        }
        if plain in GOLAN or any(km(row, p) < SAME_KM for p in (*case, *found)):
            continue
        row["id"] = plain if plain not in taken else f"{plain}-{slug(admin1)}"
        taken.add(row["id"])
        row["holder"], row["why"] = holder(plain, row, case)
        found.append(row)
    return sorted(found, key=lambda row: row["id"])


def holder(plain: str, row: Row, case: list[Row]) -> tuple[str, str]:
    """Who held a place on 26 November, and why we think so."""
    if plain in REMEMBERED:
        return REMEMBERED[plain], "recollection, to be verified"
    near = min(
        (
            one
            for one in case
            if one["kind"] in ("city", "town", "village")
            and one["admin1"] == row["admin1"]
        ),
        key=lambda one: km(row, one),
    )
    return near["control_2024_11_26"], f"inferred from the nearest place, {near['id']}"


def edges(new: list[Row], case: list[Row]) -> list[tuple[Row, Row]]:
    """The roads to add."""
    every = [*case, *new]
    middle = math.cos(math.radians(35.0))
    flat = {p["id"]: (float(p["lat"]), float(p["lon"]) * middle) for p in every}
    found: dict[tuple[str, str], tuple[Row, Row]] = {}
    for one in new:
        others = [p for p in every if p is not one]
        for other in others:
            (ay, ax), (by, bx) = flat[one["id"]], flat[other["id"]]
            reach = ((ay - by) ** 2 + (ax - bx) ** 2) / 4
            cy, cx = (ay + by) / 2, (ax + bx) / 2
            alone = all(
                (y - cy) ** 2 + (x - cx) ** 2 >= reach - 1e-12
                for id_, (y, x) in flat.items()
                if id_ not in (one["id"], other["id"])
            )
            if alone and km(one, other) <= EDGE_KM:
                _add(found, one, other)
        _add(found, one, min(others, key=lambda p: km(one, p)))
    return [found[key] for key in sorted(found)]


def _add(found: dict[tuple[str, str], tuple[Row, Row]], a: Row, b: Row) -> None:
    if a["id"] > b["id"]:
        a, b = b, a
    found[a["id"], b["id"]] = a, b


def control(new: list[Row]) -> list[tuple[object, ...]]:
    """The baseline of 26 November, and what was said of whole provinces."""
    found: list[tuple[object, ...]] = []
    for row in new:
        id_, at = f"e-{row['id']}", ("2024-11-26", row["id"])
        told = ("", row["holder"], "baseline", "F", 4, "", "compiler", row["why"], "")
        found.append((id_, *at, *told))
    for row in new:
        if row["admin1"] in WHOLE and row["holder"] == "gov":
            day, taker, source, said = WHOLE[row["admin1"]]
            told = ("gov", taker, "control", "C", 3, day, source)
            why = ("inferred from a stored source", f"{said}; inferred from that")
            found.append((f"e-{row['id']}-fell", day, row["id"], *told, *why))
    return found


def main() -> None:
    """Write the three files."""
    case = read(CASE / "settlements.csv")
    new = places(case)
    columns = "id,name,aliases,kind,lat,lon,admin1,admin1_pcode,population"
    columns += ",population_basis,geonames_id,published"
    rows = ([row[c] for c in columns.split(",")] for row in new)
    write(
        "settlements.csv",
        columns + ",coordinates_basis",
        ([*row, "geonames"] for row in rows),
    )
    write(
        "routes.csv",
        "settlement_a,settlement_b,distance_km,road_class,distance_basis,basis",
        (
            (
                *(a["id"], b["id"], round(km(a, b) * DETOUR, 1), "local"),
                *("great circle x 1.4", "generated (Gabriel graph), unverified"),
            )
            for a, b in edges(new, case)
        ),
    )
    write(
        "control.csv",
        "id,valid_from,settlement,from_actor,to_actor,status,reliability,credibility,"
        "published,source,basis,note",
        control(new),
    )


if __name__ == "__main__":
    main()
