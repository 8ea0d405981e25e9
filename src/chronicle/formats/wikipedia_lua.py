"""Wikipedia's detailed-map modules (Lua): one mark a row, as control reports.

A mark is an icon or a variable; whom it stands for says a legend, by day. The module
has no date but that of its revision.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

from chronicle.domain.events import ControlReported, Event, SourceRegistered
from chronicle.errors import BadField, InputError
from chronicle.formats import words
from chronicle.formats.earlier import Changes
from chronicle.formats.field import Asked, Format, Rows
from chronicle.formats.file_day import day_in
from chronicle.formats.head import Head
from chronicle.formats.legend_book import NOTHING, LegendBook
from chronicle.formats.lua import LuaTable, tables
from chronicle.formats.parties import Parties
from chronicle.formats.places import Places, slug
from chronicle.formats.source import Source

__all__ = ["FORMAT", "Mark", "mark_of"]

MODULE = "wikipedia-map"
MOST = 64 * 2**20  # bytes of a module; the largest real one has 2 MB
_PICTURES = re.compile(
    r"\b(pass|dam|airport|airfield|plane|jet|fighter|heli|helicopter|aircraft|base|"
    r"army|oil|gas|port|anchor|industry|factory|icon|camp|border|flag|mountain|peak|"
    r"refugees?|ship|mine|bridge|power|cross|checkpoint|lighthouse|star|arrow)\b"
)
_SUFFIX = re.compile(r"_(base|hill|air|heli|oil|industry|port|dam|camp|border)$")
_FILLER = frozenset(
    {"location", "dot", "pog", "map", "ctl", "ctl2", "ctl3", "ctl4", "ff4", "small"}
    | {"12x12", "80x80", "10px", "4dot", "anim", "3x3dot", "3x3dots", "circle"}
)
_LINK = re.compile(r"\[\[(?:[^\]|]*\|)?([^\]|]*)\]\]")
_TARGET = re.compile(r"\[\[([^\]|]*)")
_REF = re.compile(r"<ref\b[^>]*>.*?</ref>|<[^>]*>|\{\{.*?\}\}", re.DOTALL)


class Mark(NamedTuple):
    """What a mark shows: `held`, `contested`, `shared`, `ring`, `presence`, `nothing`.

    *colours* are words that a legend must explain, in their order.
    """

    shape: str
    colours: tuple[str, ...]


def mark_of(mark: str) -> Mark:
    """The shape and the colours of a mark: `m.gov`, `Location dot red.svg`, …"""
    if re.fullmatch(r"\w+\.\w+", mark) and not mark.casefold().endswith(
        (".svg", ".png", ".gif")
    ):
        word = mark.partition(".")[2]
        if word.startswith("pass"):
            return Mark("nothing", ())
        if word.startswith("stable_"):
            return Mark("shared", tuple(word.split("_")[1:]))
        if word.startswith("contested_"):
            return Mark("contested", ())
        return Mark("held", (_SUFFIX.sub("", word),))
    name = mark.replace("_", " ").casefold()
    name = name.rsplit(".", 1)[0] if "." in name else name
    parts = [part for part in re.split(r"[ \-+]+", name) if part]
    colours = tuple(part for part in parts if part not in _FILLER)
    if "anim" in parts and len(colours) > 1:
        return Mark("contested", ())
    if parts[:2] in (["map", "ctl2"], ["map", "ctl3"], ["map", "ctl4"]):
        return Mark("shared", colours)
    if parts[:2] == ["map", "circle"] or name.startswith("map-arc"):
        colours = tuple(one for one in colours if not one.startswith("arc"))
        return Mark("ring", colours)
    if parts[:1] in (["3x3dot"], ["3x3dots"]):
        return Mark("presence", colours)
    if _PICTURES.search(name):
        return Mark("nothing", ())
    return Mark("held", colours[:1])


def _recognises(path: Path, head: Head) -> int:
    if re.search(r"\blat\s*=.{0,40}\blong?\s*=.{0,60}\bmark\s*=", head.text, re.DOTALL):
        return 90
    return 50 if path.suffix == ".lua" and "marks" in head.text else 0


@dataclass(slots=True)
class _Spot:
    """What stands at one point: the dot with a label, and the rings round it."""

    table: LuaTable
    lat: float
    lon: float
    name: str
    mark: str
    rings: list[str]


def _read(source: Source, asked: Asked) -> Rows:
    day = asked.day or day_in(source.name)
    if day is None:
        raise InputError(
            f"{source.name}: says no day; give that of its revision with --day"
        )
    with source.text() as text:
        whole = text.read(MOST + 1)
    if len(whole) > MOST:
        raise InputError(f"{source.name}: is larger than {MOST:,} characters")
    yield (
        1,
        SourceRegistered(
            dataset=asked.dataset,
            source=MODULE,
            name="Wikipedia, detailed-map module",
            kind="encyclopedia",
            reliability="D",
            note="CC BY-SA",
        ),
    )
    yield from _Reading(source, asked, day).rows(tables(whole))


class _Reading:
    def __init__(self, source: Source, asked: Asked, day: date) -> None:
        self.source = source
        self.dataset = asked.dataset
        self.day = day
        self.places = Places(asked.references, asked.dataset)
        self.parties = Parties(asked.references, asked.dataset)
        self.changes = Changes(asked.earlier, MODULE)
        self.legend = LegendBook(asked.options.get("legend", ""), asked.earlier, {})
        self.unknown: Counter[str] = Counter()
        self.first: dict[str, int] = {}
        self.left_out: Counter[str] = Counter()

    def rows(self, found: Iterable[LuaTable]) -> Rows:
        """Events and problems, a place at a time; unknown marks once each, at the end.

        Rings are kept back until all dots are known.
        """
        dots: list[_Spot] = []
        rings: list[tuple[LuaTable, float, float, str]] = []
        for table in found:
            try:
                self._sort(table, dots, rings)
            except ValueError as broken:
                yield self.source.problem(table.line, str(broken))
        at = {(dot.lat, dot.lon): dot for dot in dots}
        for table, lat, lon, mark in rings:
            if (dot := at.get((lat, lon))) is not None:
                dot.rings.append(mark)
            else:
                rule = f"{mark!r} rings no dot: nobody is said to hold the place"
                yield self.source.problem(table.line, rule)
        for dot in dots:
            try:
                yield from ((dot.table.line, one) for one in self._events(dot))
            except BadField as bad:
                rule = f"{bad.field}: {bad.value}: {bad.rule}"
                yield self.source.problem(dot.table.line, rule)
        for mark, times in self.unknown.items():
            rule = f"no legend says what it means on {self.day} ({times:,} times)"
            yield self.source.problem(self.first[mark], rule, "mark", mark)
        for reason, times in self.left_out.items():
            yield self.source.remark(0, f"{times:,} marks passed over: {reason}")

    def _sort(
        self,
        table: LuaTable,
        dots: list[_Spot],
        rings: list[tuple[LuaTable, float, float, str]],
    ) -> None:
        fields = table.fields
        mark = words.clean(fields.get("mark", ""))
        if "lat" not in fields or not mark:
            return
        lat = words.degrees(fields["lat"], 90.0)
        lon = words.degrees(fields.get("long", fields.get("lon", "")), 180.0)
        if lat is None or lon is None:
            raise ValueError("lat and long must be numbers")
        shape = mark_of(mark).shape
        known = self.legend.means(mark, self.day)
        if (shape == "nothing" and known is None) or known == NOTHING:
            self.left_out["pictures that tell no control"] += 1
        elif shape == "ring":
            rings.append((table, lat, lon, mark))
        elif not (name := _label(fields)):
            self.left_out["without a label"] += 1
        else:
            dots.append(_Spot(table, lat, lon, name, mark, []))

    def _events(self, dot: _Spot) -> Iterator[Event]:
        side = self._side(dot)
        if side is None:
            return
        status, names, note = side
        target = _TARGET.search(dot.table.fields.get("label", ""))
        alias = words.clean((target[1] if target else "").replace("_", " "))
        id_, place = self.places.at(
            dot.name,
            dot.lat,
            dot.lon,
            id_=slug(dot.name),
            aliases=(alias,) if alias and alias != dot.name else (),
            basis="coordinates: Wikipedia",
        )
        if place is not None:
            yield place
        controller = None
        for name in names:
            id_of, actor = self.parties.named(name)
            controller = controller or id_of
            if actor is not None:
                yield actor
        if not self.changes.news(id_, self.day, (controller, status)):
            return
        yield ControlReported(
            dataset=self.dataset,
            report_id=f"{MODULE}:{id_}:{self.day:%Y%m%d}",
            source=MODULE,
            published=self.day,
            settlement=id_,
            controller=controller,
            status=status,
            valid_from=self.day,
            note="; ".join(filter(None, (f"mark {dot.mark}", note))),
        )

    def _side(self, dot: _Spot) -> tuple[str, tuple[str, ...], str] | None:
        """Status, actors and a note; None where a legend lacks a mark."""
        names: tuple[str, ...]
        whole = self.legend.means(dot.mark, self.day)
        if whole is not None:
            status, names, note = whole.status, (whole.actor,), ""
        else:
            shape, colours = mark_of(dot.mark)
            told = [self.legend.means(colour, self.day) for colour in colours]
            if shape != "contested" and (not told or None in told):
                self._miss(dot.mark, dot.table.line)
                return None
            names = tuple(one.actor for one in told if one and one.actor)
            if shape == "held":
                status = told[0].status if told[0] else "held"
            else:
                status = shape
            note = f"shared with {', '.join(names[1:])}" if shape == "shared" else ""
            if shape == "shared" and not names:
                self._miss(dot.mark, dot.table.line)
                return None
            names = () if shape == "contested" else names
        if dot.rings and status == "held":
            status = "besieged"
            note = "; ".join(filter(None, (note, f"ring {', '.join(dot.rings)}")))
        return status, tuple(filter(None, names)), note

    def _miss(self, mark: str, line: int) -> None:
        self.unknown[mark] += 1
        self.first.setdefault(mark, line)


def _label(fields: dict[str, str]) -> str:
    """The name that a mark bears; empty for a bare icon."""
    label = _REF.sub("", fields.get("label", ""))
    label = _LINK.sub(r"\1", label)
    return words.cut(label.replace("_", " "), 300)


FORMAT = Format(
    name="wikipedia-lua",
    title="Wikipedia detailed-map modules (Lua), as control reports",
    dataset="wikipedia-lua",
    types=(),  # a file tells only what changed: nothing of it is ever gone
    recognises=_recognises,
    read=_read,
    options={"legend": "a CSV mark,means,valid_from, or a legend of the record"},
)
