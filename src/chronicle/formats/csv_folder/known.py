"""Which ids a file may name: those that its folder registers, and those of the log."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

from chronicle.domain.events import (
    NAMELESS,
    ActorRegistered,
    Event,
    SettlementRegistered,
)
from chronicle.domain.names import Gazetteer

__all__ = ["Known", "Registers"]

MOST_HINTS = 20  # looking for the nearest name is slow, and a few hints tell enough

Registered = SettlementRegistered | ActorRegistered


class Known:
    """The ids of one kind; they are gathered when the first one is asked about.

    *log* holds what is registered already, *folder* gives what the folder registers.
    With neither of them nothing is known, and every id is let pass.
    """

    def __init__(
        self,
        kind: type[Registered],
        log: Collection[str] | None,
        folder: Callable[[], Iterable[Event]] | None,
    ) -> None:
        self._kind = kind
        self._log = log
        self._folder = folder
        self._hints = 0

    @cached_property
    def ids(self) -> dict[str, Registered | None] | None:
        """What is known of each id; an id that is only an id has None."""
        if self._log is None and self._folder is None:
            return None
        ids: dict[str, Registered | None] = dict.fromkeys(self._log or ())
        if isinstance(self._log, Mapping):
            told = self._log.items()
            ids |= {id_: one for id_, one in told if isinstance(one, self._kind)}
        for event in self._folder() if self._folder else ():
            if isinstance(event, self._kind):
                ids[event.key] = event
        return ids

    def missing(self, id_: str | None) -> str:
        """The rule that naming *id_* breaks; empty where it breaks none."""
        ids = self.ids
        if id_ is None or ids is None or id_ in ids:
            return ""
        word = "settlement" if self._kind is SettlementRegistered else "actor"
        if word == "actor" and id_ in NAMELESS:
            return "is no actor: leave the cell empty and say so in `status`"
        near = self._near(id_)
        hint = f"did you mean {near}?" if near else f"add it to {word}s.csv first"
        return f"is no {word} that is registered; {hint}"

    def _near(self, id_: str) -> str:
        if self._hints >= MOST_HINTS:
            return ""
        self._hints += 1
        found = self._gazetteer.find(id_) or self._gazetteer.like(id_, 3)
        return " or ".join(repr(one) for one in found[:3])

    @cached_property
    def _gazetteer(self) -> Gazetteer:
        names: dict[str, tuple[str, ...]] = {}
        for id_, event in (self.ids or {}).items():
            match event:
                case SettlementRegistered():
                    names[id_] = (event.name, *event.aliases)
                case ActorRegistered():
                    names[id_] = tuple(filter(None, (event.name, event.short)))
                case None:
                    names[id_] = ()
        return Gazetteer(names)

    def spot(self, id_: str) -> tuple[float, float] | None:
        """Latitude and longitude of a settlement, where they are known."""
        event = (self.ids or {}).get(id_)
        if isinstance(event, SettlementRegistered):
            return event.spot
        return None


class Registers(NamedTuple):
    """The settlements and the actors that a file may name."""

    settlements: Known
    actors: Known
