"""A run as plain data: what a checkpoint has in it, and whether it is still that.

Lists, strings and numbers only, so that it may be copied, sent and written down as
MessagePack. Each part has a digest: one that was altered or lost on the way would give
another future without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from chronicle.errors import InputError
from chronicle.simulation.interventions import Intervention

__all__ = ["FORMAT", "Leg", "leg_of", "name_of", "opened", "sealed", "so_far"]

FORMAT = 3
PARTS = (
    "format", "terrain", "parameters", "seed", "replica", "horizon", "state", "people",
    "occasions", "told", "queue", "legs",
)  # fmt: skip


class Leg(NamedTuple):
    """A part of a run, from *since* on: the names of its hooks, and what was ordered.

    *interventions* are None where they are not known: the run was given its plan.
    """

    since: float
    hooks: tuple[str, ...]
    interventions: tuple[Intervention, ...] | None

    def plain(self) -> list[object]:
        """The leg as lists, strings and numbers."""
        orders = self.interventions
        told = None if orders is None else [_plain(one) for one in orders]
        return [self.since, list(self.hooks), told]


def leg_of(plain: Sequence[Any]) -> Leg:
    """The inverse of `Leg.plain`."""
    since, hooks, orders = plain
    return Leg(
        since,
        tuple(hooks),
        None if orders is None else tuple(_intervention(one) for one in orders),
    )


def name_of(hook: Callable[..., object]) -> str:
    """What a checkpoint calls a hook, which itself it cannot hold."""
    name = getattr(hook, "__qualname__", type(hook).__qualname__)
    return f"{getattr(hook, '__module__', '')}.{name}"


def sealed(parts: dict[str, object]) -> dict[str, object]:
    """*parts* with the digest of each."""
    return parts | {"digests": {name: _digest(parts[name]) for name in PARTS}}


def opened(saved: object) -> dict[str, Any]:
    """*saved* if it is as `sealed` left it; raises `InputError` that says what is not.

    Tuples in place of lists are the same.
    """
    if not isinstance(saved, dict):
        raise InputError(f"a checkpoint is a dict, not {type(saved).__name__}")
    if saved.get("format") != FORMAT:
        raise InputError(f"checkpoint of format {saved.get('format')!r}, not {FORMAT}")
    missing = [name for name in (*PARTS, "digests") if name not in saved]
    if missing:
        raise InputError(f"the checkpoint lacks {', '.join(missing)}")
    digests = saved["digests"]
    for name in PARTS:
        if not isinstance(digests, dict) or digests.get(name) != _digest(saved[name]):
            raise InputError(
                f"the checkpoint's {name!r} is not what was saved, and it cannot be "
                "edited: give Run.resume interventions, hooks or a longer horizon"
            )
    return saved


def so_far(saved: dict[str, Any]) -> str:
    """A digest of what had happened, which does not depend on the horizon."""
    state, people = saved["state"], saved["people"] or {}
    homes = [people.get(name) for name in ("residents", "guests", "away", "displaced")]
    return _digest([state["rows"], state["owner"], saved["occasions"], homes])


def _digest(value: object) -> str:
    try:
        written = msgspec.msgpack.encode(value, order="deterministic")
    except (TypeError, ValueError, OverflowError, RecursionError):
        return ""  # nothing that was ever saved
    return blake2b(written, digest_size=16).hexdigest()


def _plain(one: Intervention) -> dict[str, object]:
    found = {field.name: getattr(one, field.name) for field in fields(one)}
    for name in ("places", "parties"):
        found[name] = list(found[name])
    for name in ("day", "until", "extra_days", "factor"):
        found[name] = float(found[name])
    if one.capacity is not None:
        found["capacity"] = float(one.capacity)
    return found


def _intervention(plain: dict[str, Any]) -> Intervention:
    more = {name: tuple(plain[name]) for name in ("places", "parties")}
    return Intervention(**(plain | more))
