"""Entries told one event at a time: the plain twin of `entries.resolve`.

It reads the log from front to back and counts, for each claim and remark, the standing
remarks that fell it. A retraction that is felled lets go of what it felled, so a change
runs down the chain until something stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chronicle.replay.columns import (
    AMENDED,
    CONTROL,
    FOREVER,
    REDACTED,
    RETRACTED,
    Columns,
)
from chronicle.store.columnar import MASK, OTHER_CHANGE

__all__ = ["Told", "retell"]


class Told(NamedTuple):
    """One entry; the fields are those of `entries.Entries`."""

    place: int
    valid: int
    time: int
    position: int
    known_from: int
    known_to: int
    status: int
    actor: int
    source: int
    grade: int
    published: int
    baseline: bool
    partial: bool
    row: int


def retell(
    columns: Columns, rows: NDArray[np.intp] | None = None, kind: int = CONTROL
) -> Iterator[Told]:
    """The entries of claims of *kind*, in order of `(position, known_from)`.

    *rows* selects events, in log order; a remark on an event outside it says nothing.
    """
    numbers = np.arange(len(columns)) if rows is None else rows
    chosen = columns if rows is None else columns.take(rows)
    names = _Event._fields[1:]
    values = [getattr(chosen, name).tolist() for name in names]
    events = map(_Event._make, zip(numbers.tolist(), *values, strict=True))
    seen = sum(MASK.values()) | (0 if kind == CONTROL else OTHER_CHANGE)
    told_at: dict[int, _Event] = {}  # by position
    felled: dict[int, int] = {}  # position to the number of standing remarks against it
    amendments: dict[int, list[_Event]] = {}
    versions: dict[int, list[Told]] = {}

    def retold(claim: int, position: int) -> None:
        """What stands of the claim at *claim* has changed at *position*."""
        if claim not in versions:
            return
        told = versions[claim]
        if told and told[-1].known_to == FOREVER:
            told[-1] = told[-1]._replace(known_to=position)
        if not felled[claim]:
            counted = [a for a in amendments.get(claim, ()) if not felled[a.position]]
            told.append(_version(told_at[claim], counted, seen, position))

    def fell(target: int, by: int, position: int) -> None:
        while target in felled:
            stood = not felled[target]
            felled[target] += by
            if stood == (not felled[target]):
                return
            event = told_at[target]
            if event.kind == RETRACTED:
                target, by = event.amount, -1 if stood else 1
            elif event.kind == AMENDED:
                if event.mask & seen:
                    retold(event.amount, position)
                return
            else:
                retold(target, position)
                return

    for event in events:
        position, target = event.position, event.amount
        if target >= position:  # nobody can speak of what is yet to be told
            target, event = 0, event._replace(amount=0)
        felled[position], told_at[position] = 0, event
        if event.kind == kind:
            versions[position] = []
            retold(position, position)
        elif event.kind in (RETRACTED, REDACTED):
            fell(target, 1, position)
        elif event.kind == AMENDED:
            amendments.setdefault(target, []).append(event)
            if event.mask & seen and not felled.get(target, 1):
                retold(target, position)
    for told in versions.values():
        yield from told


class _Event(NamedTuple):
    row: int
    position: int
    kind: int
    status: int
    time: int
    grade: int
    flags: int
    mask: int
    place: int
    actor: int
    source: int
    valid: int
    published: int
    amount: int


def _version(claim: _Event, counted: list[_Event], seen: int, position: int) -> Told:
    """*claim* with the amendments that count laid on in log order."""
    place, valid, time = claim.place, claim.valid, claim.time
    status, actor, published = claim.status, claim.actor, claim.published
    letter, credibility = claim.grade & ~7, claim.grade & 7
    partial = False
    for change in counted:
        mask = change.mask
        place = change.place if mask & MASK["settlement"] else place
        valid = change.valid if mask & MASK["valid_from"] else valid
        time = change.time if mask & MASK["time_of_day"] else time
        status = change.status if mask & MASK["status"] else status
        actor = change.actor if mask & MASK["controller"] else actor
        published = change.published if mask & MASK["published"] else published
        letter = change.grade & ~7 if mask & MASK["reliability"] else letter
        credibility = change.grade & 7 if mask & MASK["credibility"] else credibility
        partial |= bool(mask & seen and mask & OTHER_CHANGE)
    return Told(
        place,
        valid,
        time,
        claim.position,
        position,
        FOREVER,
        status,
        actor,
        claim.source,
        letter | credibility,
        published,
        bool(claim.flags & 1),
        partial,
        claim.row,
    )
