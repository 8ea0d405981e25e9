"""Names of places, parties and sources in a table, and the ids that they stand for.

A name that one id bears is taken. One that none or several bear is one problem, for
however many rows, with candidates; a review file settles it, or `--register` makes the
new ones. Nothing is taken because it is spelt alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from chronicle.domain.events import (
    ActorRegistered,
    SettlementRegistered,
    SourceRegistered,
)
from chronicle.domain.names import Gazetteer, fold_name
from chronicle.domain.state import References
from chronicle.formats.places import distance_km, slug

__all__ = ["NEW", "SKIP", "Choices", "Names", "Open", "Spot"]

NEAR_KM = 25.0  # a place of a name that lies farther off is another one
AS_NEW = "new by a review"  # the note of what was registered so
NEW, SKIP = "new", "-"  # what a review may choose besides an id
MOST_CANDIDATES = 5
KINDS = ("settlement", "actor", "source")

_Named = SettlementRegistered | ActorRegistered | SourceRegistered
Choices = Mapping[tuple[str, str], str]  # (kind, name) -> id, `new` or `-`


@dataclass(frozen=True, slots=True)
class Spot:
    """What a row says of where a place is, besides its name."""

    lat: float | None = None
    lon: float | None = None
    admin1: str = ""
    pcode: str = ""
    geonames_id: str = ""

    @property
    def located(self) -> bool:
        """Whether it has coordinates."""
        return self.lat is not None and self.lon is not None


NOWHERE = Spot()


@dataclass(slots=True)
class Open:
    """A name that could not be settled: where it stands first, in how many rows."""

    kind: str
    name: str
    line: int
    rule: str
    candidates: list[str]
    told: list[str]  # the same, with what tells them apart
    rows: int = 0
    spot: Spot = NOWHERE


@dataclass(slots=True)
class Names:
    """The ids of names, as they are met; `new` are registrations that they need."""

    references: References
    dataset: str
    choices: Choices = field(default_factory=dict)
    register: bool = False
    open: dict[tuple[str, str, Spot], Open] = field(default_factory=dict)
    taken: dict[str, int] = field(
        default_factory=dict
    )  # names that were found, by kind
    new: list[_Named] = field(default_factory=list)
    skipped: int = 0  # rows that a review left out
    _met: dict[tuple[str, str, Spot], str | None] = field(default_factory=dict)
    _places: Gazetteer = field(init=False)
    _actors: Gazetteer = field(init=False)
    _sources: Gazetteer = field(init=False)
    _ids: dict[str, set[str]] = field(init=False)
    _made: dict[tuple[str, str], list[_Named]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = self.references
        self._places = places_of(known)
        self._actors = actors_of(known)
        self._sources = Gazetteer({id_: (s.name,) for id_, s in known.sources.items()})
        self._ids = {
            "settlement": set(known.settlements),
            "actor": set(known.actors),
            "source": set(known.sources),
        }

    def knows(self, kind: str, name: str) -> bool:
        """Whether the record has that name, or a review says what it is."""
        by_kind = {"settlement": self._places, "actor": self._actors}
        of = by_kind.get(kind, self._sources)
        return (kind, name) in self.choices or bool(of.find(name))

    def place(self, name: str, spot: Spot, line: int) -> str | None:
        """The id of a settlement; None where it is open or left out."""
        return self._settled("settlement", name, spot, line)

    def actor(self, name: str, line: int) -> str | None:
        """The id of a party."""
        return self._settled("actor", name, NOWHERE, line)

    def source(self, name: str, line: int) -> str | None:
        """The id of a source; a new one is registered, as nothing hangs on its name."""
        return self._settled("source", name, NOWHERE, line)

    def _settled(self, kind: str, name: str, spot: Spot, line: int) -> str | None:
        key = kind, name, spot
        if key not in self._met:
            self._met[key] = self._find(kind, name, spot, line)
        if (still := self.open.get(key)) is not None:
            still.rows += 1
        return self._met[key]

    def _find(self, kind: str, name: str, spot: Spot, line: int) -> str | None:
        choice = self.choices.get((kind, name), "")
        if choice == SKIP:
            return None
        if choice and choice != NEW:
            if choice in self._ids[kind]:
                return self._take(kind, choice)
            rule = f"was given the id {choice!r}, which no {kind} has"
            self.open[kind, name, spot] = Open(
                kind, name, line, rule, [], [], spot=spot
            )
            return None
        fitting = self._fitting(kind, name, spot)
        if choice == NEW and (made := self._made_before(kind, fitting)):
            return self._take(kind, made)
        if choice != NEW:
            if len(fitting) == 1:
                return self._take(kind, fitting[0])
            if fitting:
                self._leave(kind, name, spot, line, fitting, "is the name of several")
                return None
            if kind != "source" and not self.register:
                self._leave_unknown(kind, name, spot, line)
                return None
        return self._make(kind, name, spot)

    def _made_before(self, kind: str, fitting: list[str]) -> str:
        """What an earlier vintage, or a row further up, made of a name called new."""
        by_kind: Mapping[str, Mapping[str, _Named]] = {
            "settlement": self.references.settlements,
            "actor": self.references.actors,
            "source": self.references.sources,
        }
        here = {one.key: one for some in self._made.values() for one in some}
        for id_ in fitting:
            known = by_kind[kind].get(id_) or here.get(id_)
            if known is not None and known.note == AS_NEW:
                return id_
        return ""

    def _take(self, kind: str, id_: str) -> str:
        self.taken[kind] = self.taken.get(kind, 0) + 1
        return id_

    def _fitting(self, kind: str, name: str, spot: Spot) -> list[str]:
        """The ids that *name* may mean, where *spot* speaks against none of them."""
        if kind == "actor":
            return self._actors.find(name)
        if kind == "source":
            return self._sources.find(name)
        for code in (spot.pcode, spot.geonames_id):
            if code and len(found := self._places.find(code)) == 1:
                return found
        found = self._places.find(name)
        places = [self.references.settlements[id_] for id_ in found]
        places += (
            one
            for one in self._made.get(("settlement", fold_name(name)), ())
            if isinstance(one, SettlementRegistered)
        )
        if spot.lat is not None and spot.lon is not None:
            away = {
                p.settlement: distance_km(spot.lat, spot.lon, *p.spot)
                for p in places
                if p.spot is not None
            }
            near = [id_ for id_, km in away.items() if km <= NEAR_KM]
            if near:
                return [min(near, key=lambda id_: away[id_])]
            places = [p for p in places if p.settlement not in away]
        if spot.admin1 and len(places) > 1:
            within = [
                p for p in places if fold_name(p.admin1) == fold_name(spot.admin1)
            ]
            places = within or places
        return [p.settlement for p in places]

    def _leave(
        self, kind: str, name: str, spot: Spot, line: int, ids: list[str], rule: str
    ) -> None:
        told = [self._told(kind, id_, spot, ids[0]) for id_ in ids[:MOST_CANDIDATES]]
        self.open[kind, name, spot] = Open(
            kind, name, line, f"{rule}: {', '.join(told)}", ids[:MOST_CANDIDATES], told,
            spot=spot,
        )  # fmt: skip

    def _leave_unknown(self, kind: str, name: str, spot: Spot, line: int) -> None:
        gazetteer = self._places if kind == "settlement" else self._actors
        like = gazetteer.like(name, MOST_CANDIDATES)
        word = "settlement" if kind == "settlement" else "party"
        rule = f"is no {word} that is registered"
        told = []
        for id_ in like:
            alike = SequenceMatcher(None, fold_name(name), fold_name(id_)).ratio()
            told.append(f"{self._told(kind, id_, spot, '')[:-1]}, {alike:.0%} alike)")
        if told:
            rule += f"; is {' or '.join(told)} meant?"
        self.open[kind, name, spot] = Open(
            kind, name, line, rule, like, told, spot=spot
        )

    def _told(self, kind: str, id_: str, spot: Spot, other: str) -> str:
        """`tarn (Tarn, Homs, 12 km off)`: what tells one candidate from the others."""
        if kind != "settlement":
            actor = self.references.actors.get(id_)
            return f"{id_} ({actor.name if actor else id_})"
        place = self.references.settlements.get(id_)
        if place is None:
            return f"{id_} (of this table)"
        parts = [place.name, place.admin1]
        if place.spot is not None:
            first = self.references.settlements.get(other)
            if spot.lat is not None and spot.lon is not None:
                away = distance_km(spot.lat, spot.lon, *place.spot)
                parts.append(f"{away:,.0f} km off")
            elif first is not None and first.spot is not None and other != id_:
                away = distance_km(*first.spot, *place.spot)
                parts.append(f"{away:,.0f} km from {other}")
        return f"{id_} ({', '.join(filter(None, parts))})"

    def _make(self, kind: str, name: str, spot: Spot) -> str:
        """A new id for a new name, from the name by one rule, and its registration."""
        if kind != "settlement" and (same := self._same_word(kind, name)):
            return same
        id_ = self._new_id(kind, name, spot)
        self._ids[kind].add(id_)
        note = AS_NEW if self.choices.get((kind, name)) == NEW else ""
        made: _Named
        if kind == "actor":
            made = ActorRegistered(
                actor=id_, name=name, note=note, dataset=self.dataset
            )
        elif kind == "source":
            made = SourceRegistered(
                source=id_, name=name, note=note, dataset=self.dataset
            )
        else:
            made = SettlementRegistered(
                settlement=id_,
                name=name,
                lat=spot.lat if spot.located else None,
                lon=spot.lon if spot.located else None,
                admin1=spot.admin1,
                pcode=spot.pcode,
                geonames_id=spot.geonames_id,
                note=note,
                dataset=self.dataset,
            )
        self.new.append(made)
        self._made.setdefault((kind, fold_name(name)), []).append(made)
        return id_

    def _new_id(self, kind: str, name: str, spot: Spot) -> str:
        ids = self._ids[kind]
        stem = slug(name)
        if not stem:
            stem = f"{kind}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        for id_ in (stem, slug(name, spot.admin1)):
            if id_ not in ids:
                return id_
        number = 2
        while f"{stem}-{number}" in ids:
            number += 1
        return f"{stem}-{number}"

    def _same_word(self, kind: str, name: str) -> str:
        """The id made of another spelling of *name* here: `Reuters`, `reuters`."""
        made = self._made.get((kind, fold_name(name)), ())
        return made[0].key if made and fold_name(name) else ""


def places_of(references: References) -> Gazetteer:
    """Settlements by id, name, alias, P-code and GeoNames id."""
    return Gazetteer(
        {
            id_: tuple(filter(None, (p.name, *p.aliases, p.pcode, p.geonames_id)))
            for id_, p in references.settlements.items()
        }
    )


def actors_of(references: References) -> Gazetteer:
    """Parties by id, name and short name."""
    return Gazetteer(
        {
            id_: tuple(filter(None, (a.name, a.short)))
            for id_, a in references.actors.items()
        }
    )
