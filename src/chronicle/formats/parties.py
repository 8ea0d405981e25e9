"""Actors that a file names in words: those of the record where the name is the same."""

from __future__ import annotations

from chronicle.domain.events import ActorRegistered
from chronicle.domain.names import fold_name
from chronicle.domain.state import References
from chronicle.formats.places import slug
from chronicle.formats.words import cut

__all__ = ["Parties"]


class Parties:
    """Ids of actors by name; one that the record lacks is registered under its name."""

    def __init__(self, references: References, dataset: str) -> None:
        self._dataset = dataset
        self._by_name: dict[str, str] = {}
        self._ids = set(references.actors)
        for id_, actor in references.actors.items():
            for name in (id_, actor.name, actor.short):
                if name:
                    self._by_name.setdefault(fold_name(name), id_)

    def known(self, *names: str) -> str | None:
        """The actor of the record that bears one of *names*, the first first."""
        for name in names:
            if found := self._by_name.get(fold_name(name)):
                return found
        return None

    def named(
        self, name: str, *others: str, kind: str = "", short: str = ""
    ) -> tuple[str, ActorRegistered | None]:
        """The id of an actor, and its registration where the record lacks it.

        *others* are names that it goes by as well. Raises `BadField`.
        """
        if found := self.known(name, *others):
            return found, None
        id_ = slug(name) or "actor"
        number = 1
        while id_ in self._ids:  # another name that makes the same id
            number += 1
            id_ = f"{slug(name) or 'actor'}.{number}"
        actor = ActorRegistered(
            dataset=self._dataset,
            actor=id_,
            name=cut(name, 300),
            kind=kind,
            short=short,
        )
        self._ids.add(id_)
        for one in (name, *others):
            self._by_name.setdefault(fold_name(one), id_)
        return id_, actor
