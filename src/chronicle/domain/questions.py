"""What can be asked of a log, answered plainly: every event is looked at.

This is the meaning of the answers; `chronicle.replay.questions` gives the same ones to
long logs, of which it reads only the events on which they hang.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from chronicle.domain.cautions import Facts, facts_of
from chronicle.domain.lenses import parse_lens
from chronicle.domain.outline import Outline, outline_of
from chronicle.domain.state import References, State, references, state_of
from chronicle.domain.timeline import RecordedEvent

__all__ = ["Asked", "Clocks", "PlainQuestions"]


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks of a question: a day, a position, a day of publication or None."""

    on: date
    position: int
    published_by: date | None = None


class Asked(Protocol):
    """Answers of one log as known at positions up to its head."""

    def state(self, clocks: Clocks, lens: str) -> State:
        """What was so, as `state_of` has it.

        `links` and the control reports of `heard` may be those alone that bear on what
        decides.
        """
        ...

    def outline(self, clocks: Clocks, lens: str) -> Outline:
        """`outline_of` the state."""
        ...

    def place(self, settlement: str, clocks: Clocks, lens: str) -> State:
        """`state`, which may have no other place; none where it is not registered."""
        ...

    def history(self, settlement: str, position: int) -> Iterable[RecordedEvent]:
        """At least all that was told of control of a settlement, and remarks on it."""
        ...

    def figures(self, clocks: Clocks) -> State:
        """A state of which `figures` and `references` are those of `state`."""
        ...

    def incidents(self, clocks: Clocks, since: date | None) -> State:
        """A state of which `heard.incidents` from *since* on are those of `state`."""
        ...

    def facts(self, position: int) -> Facts:
        """What explains an empty answer."""
        ...

    def references(self, position: int) -> References:
        """The reference data as registered up to a position."""
        ...

    def knows(self, settlement: str) -> bool:
        """Whether there is a settlement of that id."""
        ...


class PlainQuestions:
    """`Asked` of the events that *recorded* gives up to a position."""

    def __init__(
        self, recorded: Callable[[int | None], Iterable[RecordedEvent]]
    ) -> None:
        self._recorded = recorded

    def state(self, clocks: Clocks, lens: str) -> State:
        return state_of(
            self._recorded(clocks.position),
            clocks.on,
            parse_lens(lens),
            known_at=clocks.position,
            published_by=clocks.published_by,
        )

    def outline(self, clocks: Clocks, lens: str) -> Outline:
        return outline_of(self.state(clocks, lens))

    def place(self, settlement: str, clocks: Clocks, lens: str) -> State:
        return self.state(clocks, lens)

    def history(self, settlement: str, position: int) -> Iterable[RecordedEvent]:
        return self._recorded(position)

    def figures(self, clocks: Clocks) -> State:
        return self.state(clocks, "latest")

    def incidents(self, clocks: Clocks, since: date | None) -> State:
        return self.state(clocks, "latest")

    def facts(self, position: int) -> Facts:
        return facts_of(self._recorded(position))

    def references(self, position: int) -> References:
        return references(self._recorded(position))

    def knows(self, settlement: str) -> bool:
        return settlement in references(self._recorded(None)).settlements
