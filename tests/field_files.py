"""Small files of the field's formats, and what each is read as.

    python tests/field_files.py

writes, beside each sample in `tests/golden_formats/NAME/`, the events and problems that
it is read as, one JSON object a line (`expected.jsonl`). A change of it is a change of
what users' files mean, and wants a line in the changelog.
"""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

from chronicle.domain.events import Event, SettlementRegistered
from chronicle.domain.state import References
from chronicle.formats.field import Asked
from chronicle.formats.known_formats import FORMATS, recognised
from chronicle.formats.problem import Problem
from chronicle.formats.source import Source

FOLDER = Path(__file__).with_name("golden_formats")
DAY = date(2024, 2, 1)  # of samples that do not say it
NEEDS_PLACES = ("viina", "polygons")
OPTIONS = "options.json"
EXPECTED = "expected.jsonl"


def samples(name: str) -> list[Path]:
    """The sample files of one format."""
    given = (OPTIONS, EXPECTED, "LICENCE")
    return sorted(path for path in (FOLDER / name).iterdir() if path.name not in given)


def options(name: str) -> dict[str, str]:
    """The options that the samples of a format are read with."""
    path = FOLDER / name / OPTIONS
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def record() -> References:
    """The places that a record has when samples are read that register none."""
    places = (
        ("alder", 10.5, 76.25, "2960"),
        ("birch", 10.8, 76.5, "4273"),
        ("inside", 48.5, 37.5, ""),
        ("hole", 48.0, 38.0, ""),
        ("edge", 48.5, 37.005, ""),
        ("outside", 50.0, 30.0, ""),
        ("liberated", 48.0, 35.5, ""),
        ("nowhere", None, None, ""),
    )
    found = References()
    for id_, lat, lon, geonames in places:
        found.settlements[id_] = SettlementRegistered(
            settlement=id_, name=id_.title(), lat=lat, lon=lon, geonames_id=geonames
        )
    return found


def read(path: Path, name: str | None = None, **asked: Any) -> list[Any]:
    """The lines with events, and the problems, that a file is read as."""
    found = recognised(path) if name is None else FORMATS[name]
    assert found is not None, f"{path.name} is of no known format"
    source = Source.of(path)
    told = Asked(dataset=found.dataset, **({"day": day_of(found.name)} | asked))
    return [*source.faults(), *found.read(source, told)]


def day_of(name: str) -> date | None:
    """The day that samples of a format are read with; None where they say it."""
    return DAY if name == "wikipedia-lua" else None


def events(rows: list[Any], kind: type[Event] | None = None) -> list[Any]:
    """The events among *rows*, of one kind or of all."""
    found = [row[1] for row in rows if not isinstance(row, Problem)]
    return [one for one in found if kind is None or isinstance(one, kind)]


def problems(rows: list[Any]) -> list[Problem]:
    """The problems among *rows*."""
    return [row for row in rows if isinstance(row, Problem)]


def told(row: Any) -> str:
    """A row as a line of a golden file: what is not as by default."""
    if isinstance(row, Problem):
        return json.dumps({"problem": str(row), "lost": row.lost}, ensure_ascii=False)
    line, event = row
    said = {"line": line, "type": event.TYPE}
    for f in fields(event):
        value = getattr(event, f.name)
        if value != f.default:
            said[f.name] = value
    return json.dumps(said, ensure_ascii=False, default=str)


def expected(name: str) -> str:
    """What the golden file of a format must hold."""
    lines: list[str] = []
    for path in samples(name):
        lines.append(json.dumps({"file": path.name}))
        asked: dict[str, Any] = {"options": options(name)}
        if name in NEEDS_PLACES:
            asked["references"] = record()
        lines += map(told, read(path, name, **asked))
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    for format_ in FORMATS:
        if (FOLDER / format_).is_dir():
            (FOLDER / format_ / EXPECTED).write_text(expected(format_), "utf-8")
