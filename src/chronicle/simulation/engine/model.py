"""What every rule has at hand: the replica, its state, the schedule, the notes."""

from __future__ import annotations

from collections.abc import Callable

from chronicle.simulation.engine.replication import Replication
from chronicle.simulation.engine.schedule import Schedule
from chronicle.simulation.engine.state import ModelState, Row

__all__ = ["Model"]


class Model:
    """One replica at work; `note` writes a change down and calls *on_change* if any."""

    __slots__ = ("note", "replication", "schedule", "state")

    def __init__(
        self,
        replication: Replication,
        state: ModelState,
        schedule: Schedule,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        self.replication = replication
        self.state = state
        self.schedule = schedule
        self.note: Callable[[Row], None] = state.rows.append
        if on_change is not None:

            def note(row: Row) -> None:
                state.rows.append(row)
                on_change()

            self.note = note
