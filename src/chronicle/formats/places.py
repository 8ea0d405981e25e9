"""Places that a file names: those of the record where they are the same, else new ones.

A place is the same where the key agrees (a GeoNames id, a P-code), or the name within
`NEAR_KM`. Another one is registered under an id made from what the file says of it, by
one rule, so that the next vintage, or another file, makes the same id.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import cos, hypot, radians

from chronicle.domain.events import SettlementRegistered
from chronicle.domain.fields import ID_LENGTH
from chronicle.domain.names import fold_name
from chronicle.domain.state import References

__all__ = ["MOST_ALIASES", "NEAR_KM", "Places", "distance_km", "slug"]

NEAR_KM = 5.0  # two places of one name that are nearer are one place
MOST_ALIASES = 200
_KM = 111.195  # of a degree of latitude
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_MARKS = str.maketrans("", "", "'`’‘ʼʻʿʾ")


def slug(*words: str) -> str:
    """An id from words: small ASCII letters, digits and hyphens.

    Letters of other scripts keep their own form, as an id may hold them.
    """
    parts = []
    for word in filter(None, words):
        plain = unicodedata.normalize("NFKD", word.translate(_MARKS)).casefold()
        plain = "".join(c for c in plain if not unicodedata.combining(c))
        if plain.isascii():
            parts.append(_NOT_WORD.sub("-", plain).strip("-"))
        else:
            parts.append(re.sub(r"[\W_]+", "-", plain).strip("-"))
    return "-".join(filter(None, parts))[: ID_LENGTH - 30]


def distance_km(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """The distance of two near points on the sphere, good to a few per cent."""
    east = ((lon_a - lon_b + 180.0) % 360.0 - 180.0) * cos(radians((lat_a + lat_b) / 2))
    return _KM * hypot(lat_a - lat_b, east)


class Places:
    """The places that a reader may name, and those that it has to register first."""

    def __init__(self, references: References, dataset: str) -> None:
        self._dataset = dataset
        self._by_key: dict[tuple[str, str], str] = {}
        self._by_name: dict[str, list[SettlementRegistered]] = {}
        self._taken: dict[str, SettlementRegistered] = {}
        for place in references.settlements.values():
            self._take(place)

    def _take(self, place: SettlementRegistered) -> None:
        self._taken[place.settlement] = place
        if place.geonames_id:
            self._by_key.setdefault(("geonames", place.geonames_id), place.settlement)
        if place.pcode:
            self._by_key.setdefault(("pcode", place.pcode), place.settlement)
        for name in {fold_name(one) for one in (place.name, *place.aliases)}:
            self._by_name.setdefault(name, []).append(place)

    def keyed(self, kind: str, key: str) -> str | None:
        """The place with that `geonames` id or `pcode`."""
        return self._by_key.get((kind, key))

    def near(
        self,
        names: Iterable[str],
        lat: float,
        lon: float,
        *,
        unlike: SettlementRegistered | None = None,
    ) -> str | None:
        """The nearest place that bears one of *names* within `NEAR_KM`.

        One that has another key of the same kind than *unlike* is another place.
        """
        best, found = NEAR_KM, None
        for name in names:
            for place in self._by_name.get(fold_name(name), ()):
                if unlike is not None and (
                    (place.geonames_id and unlike.geonames_id)
                    or (place.pcode and unlike.pcode)
                ):
                    continue
                if place.lat is None or place.lon is None:
                    continue
                away = distance_km(lat, lon, place.lat, place.lon)
                if away <= best:
                    best, found = away, place.settlement
        return found

    def at(
        self,
        name: str,
        lat: float,
        lon: float,
        *,
        id_: str,
        aliases: tuple[str, ...] = (),
        kind: str = "",
        admin1: str = "",
        admin1_pcode: str = "",
        pcode: str = "",
        geonames_id: str = "",
        population: int | None = None,
        basis: str = "",
    ) -> tuple[str, SettlementRegistered | None]:
        """The id of a place, and its registration where the record lacks it.

        Where another place, farther off, has *id_* already, the coordinates go behind
        it. Raises `BadField` for what no place can be.
        """
        found = (
            (geonames_id and self.keyed("geonames", geonames_id))
            or (pcode and self.keyed("pcode", pcode))
            or self.near((name, *aliases), lat, lon)
        )
        if found:
            return found, None
        if (other := self._taken.get(id_)) is not None:
            spot = other.spot
            if spot is not None and distance_km(lat, lon, *spot) <= NEAR_KM:
                return id_, None
            id_ = f"{id_}@{lat:.2f},{lon:.2f}"
            if id_ in self._taken:
                return id_, None
        place = SettlementRegistered(
            dataset=self._dataset,
            settlement=id_,
            name=name,
            lat=lat,
            lon=lon,
            aliases=aliases,
            kind=kind,
            admin1=admin1,
            admin1_pcode=admin1_pcode,
            pcode=pcode,
            geonames_id=geonames_id,
            population=population,
            basis=basis,
        )
        self._take(place)
        return id_, place

    def unlocated(
        self, name: str, id_: str, *, unique: bool = True
    ) -> tuple[str, SettlementRegistered | None]:
        """A place without coordinates; with *unique*, the only one of its name."""
        bearing = {one.settlement for one in self._by_name.get(fold_name(name), ())}
        if unique and len(bearing) == 1:
            return bearing.pop(), None
        if id_ in self._taken:
            return id_, None
        place = SettlementRegistered(dataset=self._dataset, settlement=id_, name=name)
        self._take(place)
        return id_, place

    def entry(self, place: SettlementRegistered) -> SettlementRegistered:
        """What a gazetteer's entry registers: itself, or what the record lacks of it.

        A place of the record that has the entry's key, or its name within `NEAR_KM`
        and no key of that kind, keeps its id and all that it says; what is empty there
        is filled in. An entry that the record has under the entry's own id is told
        anew, so that a later vintage can change it. Names add up: one that the record
        lacks becomes an alias.
        """
        found = self._by_key.get(("geonames", place.geonames_id)) or self._by_key.get(
            ("pcode", place.pcode)
        )
        if found is None and place.lat is not None and place.lon is not None:
            names = place.name, *place.aliases
            found = self.near(names, place.lat, place.lon, unlike=place)
        if found is None or found == place.settlement:
            return place
        known = self._taken[found]
        return replace(
            known,
            dataset=place.dataset,
            lat=place.lat if known.lat is None else known.lat,
            lon=place.lon if known.lon is None else known.lon,
            aliases=_names_of(known, place),
            geonames_id=known.geonames_id or place.geonames_id,
            pcode=known.pcode or place.pcode,
            admin1=known.admin1 or place.admin1,
            admin1_pcode=known.admin1_pcode or place.admin1_pcode,
            population=known.population or place.population,
            population_published=(
                known.population_published
                if known.population
                else place.population_published
            ),
        )

    def __iter__(self) -> Iterator[SettlementRegistered]:
        return iter(list(self._taken.values()))


def _names_of(
    known: SettlementRegistered, told: SettlementRegistered
) -> tuple[str, ...]:
    """The aliases of a place, and what a gazetteer calls it besides."""
    there = {fold_name(one) for one in (known.name, *known.aliases)}
    more = [one for one in (told.name, *told.aliases) if fold_name(one) not in there]
    return (*known.aliases, *dict.fromkeys(more))[:MOST_ALIASES]
