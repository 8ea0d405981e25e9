"""What the losses of an actor bring on: its sieges shorten, places rise, arms rest."""

from __future__ import annotations

import math

from chronicle.simulation.engine.ceasefires import Ceasefires
from chronicle.simulation.engine.event_list import EventList
from chronicle.simulation.rules import RISING, STEPS, lost_step

__all__ = ["Losses"]


class Losses:
    """Thresholds of loss by actor, as people that it still holds.

    A change of hands need only compare: if `held[d] < due[d]` there is something to
    `suffer`; if `held[d] < ripe[d]` besieged places of *d* negotiate. `collapse[d]` is
    the factor on its sieges. The last entry of each is nobody, who never loses.
    """

    def __init__(self, event_list: EventList, ceasefires: Ceasefires) -> None:
        replication = event_list.replication
        p, start = replication.parameters, replication.adjacency.start
        self._agenda = event_list
        self._truces = ceasefires
        self._held, self._step = event_list.state.held, event_list.state.step
        self._table = replication.collapse
        self._start = start
        self._rising = [p.rising_threshold * people for people in start]
        self._ceasefire = [p.ceasefire_threshold * people for people in start]
        self._alarm = [math.inf] * len(start)
        self._alarmed = [0] * len(start)
        self.due = [0] * len(start)
        self.ripe = [0] * len(start)
        self.collapse = [replication.collapse[step] for step in self._step]
        self._watch()
        for d, people in enumerate(start[:-1]):
            if people > 0:
                self.follow(d)
            if p.transfer_rate > 0.0:
                self.ripe[d] = _fewer_than(people, p.transfer_threshold * people)

    def suffer(self, d: int, now: float) -> None:
        """*d* holds fewer people than it is `due`."""
        self.follow(d)
        lost = self._start[d] - self._held[d]
        if lost > self._alarm[d]:
            self._heed(d, lost, now)

    def follow(self, d: int) -> None:
        """Set the step of losses that *d* is on, and when it comes to the next."""
        start = self._start[d]
        self._step[d] = step = lost_step(start, self._held[d])
        self.collapse[d] = self._table[step]
        # Who lost this many, rounded up to whole people, is on the next step.
        next_loss = -(-(step + 1) * start // STEPS)
        due, alarmed = start - next_loss + 1, self._alarmed[d]
        self.due[d] = due if due > alarmed else alarmed

    def _heed(self, d: int, lost: int, now: float) -> None:
        """The loss is above a threshold: uprisings, a ceasefire."""
        state = self._agenda.state
        if lost > self._rising[d] and not state.risen[d]:
            self._rise(d, now)
        if lost > self._ceasefire[d] and not state.truce_done:
            state.truce_done = True
            self._truces.agree(now)
        self._watch()
        for actor, people in enumerate(self._start[:-1]):
            if people > 0:
                self.follow(actor)

    def _watch(self) -> None:
        """Set beyond which loss something happens next to each."""
        state = self._agenda.state
        for d, start in enumerate(self._start[:-1]):
            rising = math.inf if state.risen[d] else self._rising[d]
            ceasefire = math.inf if state.truce_done else self._ceasefire[d]
            self._alarm[d] = alarm = min(rising, ceasefire)
            self._alarmed[d] = 0 if alarm == math.inf else _fewer_than(start, alarm)

    def _rise(self, d: int, now: float) -> None:
        """The listed places that *d* holds rise, each after its own wait."""
        replication, state = self._agenda.replication, self._agenda.state
        state.risen[d] = True
        for v, a in replication.adjacency.network.risings:
            if state.owner[v] == d and replication.adjacency.relation[a][d] & 1:
                wait = (
                    replication.wait("rising", v, 0)
                    * replication.parameters.rising_days
                )
                self._agenda.post(now + wait, RISING, v, a, d)


def _fewer_than(start: int, threshold: float) -> int:
    """Fewer people than this are held once more than *threshold* are lost."""
    return start - math.floor(threshold)
