"""A scenario file: TOML under a strict schema, read into plain values.

    [scenario]                      what is asked
    id = "hold-hama"
    title = "Hama holds three more days"
    branch_at = 2024-11-30          the state at the end of this day …
    published_by = 2024-11-30       … as published by then: no hindsight
    horizon_days = 14

    [ensemble]
    replicas = 1000
    seed = 20241130
    parameters = "prior"            or "fixed", or the file of a posterior beside it

    [[force]]                       who advances against whom
    actors = ["hts"]
    against = ["gov"]

    [rules]                         parameters of `chronicle run --explain`
    hold_days = 0.4

    [[intervention]]
    name = "hold"
    kind = "hold"
    places = ["Hama"]
    extra_days = 3

    [compare]
    arms = [["hold"]]               the baseline is always there, with the same draws

A key that is not in the schema is an error that names the nearest one; so is a value of
the wrong type or out of range. Nothing in a scenario file is ever run.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from chronicle import fields
from chronicle.errors import BudgetExceeded, InputError
from chronicle.fields import Rule
from chronicle.whatif.interventions import KINDS
from chronicle.whatif.parameters import TABLE
from chronicle.whatif.posterior import Posterior, read_posterior

__all__ = [
    "MOST_REPLICAS",
    "Force",
    "Order",
    "Scenario",
    "read_scenario",
    "scenario_of",
]

MAX_BYTES = 1 << 20
MOST_REPLICAS = 100_000
MOST_DAYS = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Force:
    """Actors that advance on the places of others; their own places supply them."""

    actors: tuple[str, ...]
    against: tuple[str, ...]
    supply: tuple[str, ...] = ()  # settlements; empty: always in supply
    risings: tuple[str, ...] = ()  # settlements that may rise for the first actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An intervention as the file has it: names and calendar days."""

    name: str
    kind: str
    places: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    actor: str | None = None
    parties: tuple[str, ...] = ()
    extra_days: float = 0.0
    factor: float = 1.0
    capacity: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What a scenario file says; `identity` is the digest of all of it, resolved."""

    file: str
    id: str
    title: str
    branch_at: date
    published_by: date | None = None
    known_at: str | None = None
    horizon_days: int = 14
    about: str = ""
    replicas: int = 1000
    seed: int = 0
    engine: str = "auto"
    draw: str = "fixed"  # parameters: as in `rules`, "prior", or a posterior's file
    forces: tuple[Force, ...] = ()
    rules: dict[str, float] = field(default_factory=dict)
    orders: tuple[Order, ...] = ()
    arms: tuple[tuple[str, ...], ...] = ()
    posterior: Posterior | None = None

    @property
    def identity(self) -> str:
        """SHA-256 of the values, whatever their layout in the file."""
        plain = {name: getattr(self, name) for name in self.__slots__ if name != "file"}
        if self.posterior is None:
            del plain["posterior"]
        else:  # its digest says it all, wherever the file lies
            plain |= {"draw": "posterior", "posterior": self.posterior.digest}
        return hashlib.sha256(msgspec.json.encode(plain)).hexdigest()

    def arm(self, names: Sequence[str]) -> tuple[Order, ...]:
        """The orders of an arm; without arms, the scenario itself has them all."""
        return tuple(order for order in self.orders if order.name in names)


# --- the schema ------------------------------------------------------------------

_SCENARIO = (
    "id",
    "title",
    "about",
    "branch_at",
    "published_by",
    "known_at",
    "horizon_days",
)
_ENSEMBLE = ("replicas", "seed", "engine", "parameters")
_FORCE = ("actors", "against", "supply", "risings")
_ORDER = (
    *("name", "kind", "place", "places", "route", "from", "until"),
    *("actor", "parties", "extra_days", "factor", "capacity"),
)
_TABLES = ("scenario", "ensemble", "force", "rules", "intervention", "compare")
_ENGINES = ("auto", "simpy", "heap", "numba")
_DRAWS = ("fixed", "prior")  # or the file of a posterior, which ends in .json
_LINE = fields.text(fields.NAME_LENGTH)
_PARAGRAPHS = fields.text(fields.TEXT_LENGTH, lines=True)
# It is part of the names of sources, branches and files.
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_ID = fields.matching(_WORD, "must be a word of letters, digits, '.', '_' and '-'")


class _Reader:
    """Values out of a table, each with its place in messages."""

    def __init__(self, file: str, where: str, table: Any, keys: Sequence[str]) -> None:
        self.file, self.where = file, where
        if not isinstance(table, Mapping):
            raise self.wrong("", table, "must be a table")
        self.table = table
        for key in table:
            if key not in keys:
                near = get_close_matches(key, keys, 1)
                hint = (
                    f"did you mean {near[0]!r}?"
                    if near
                    else "known: " + ", ".join(keys)
                )
                raise InputError(f"{file}: [{where}] has no key {key!r}; {hint}")

    def wrong(self, key: str, value: object, rule: str) -> InputError:
        """The error for a value that breaks a rule."""
        place = f"{self.where}.{key}" if key else self.where
        return InputError(f"{self.file}: {place}: {value!r:.80} {rule}")

    def need(self, key: str) -> Any:
        if key not in self.table:
            raise InputError(f"{self.file}: [{self.where}] wants {key!r}")
        return self.table[key]

    def text(self, key: str, default: str | None = None, rule: Rule = _LINE) -> str:
        value = self.need(key) if default is None else self.table.get(key, default)
        try:
            found: str = rule(value)
        except ValueError as broken:
            raise self.wrong(key, value, str(broken)) from None
        return found

    def day(self, key: str) -> date | None:
        value = self.table.get(key)
        if value is None:
            return None
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.wrong(key, value, "must be a day, written bare: 2024-11-30")
        return value

    def whole(self, key: str, default: int, low: int, high: int) -> int:
        value = self.table.get(key, default)
        if type(value) is not int or not low <= value <= high:
            raise self.wrong(key, value, f"must be a whole number, {low} to {high:,}")
        return value

    def number(self, key: str, default: float, low: float, high: float) -> float:
        value = self.table.get(key, default)
        if type(value) not in (int, float) or not low <= value <= high:
            raise self.wrong(key, value, f"must be a number from {low:g} to {high:g}")
        return float(value)

    def names(self, key: str, *, needed: bool = False) -> tuple[str, ...]:
        value = self.need(key) if needed else self.table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise self.wrong(key, value, "must be a list of names")
        if needed and not value:
            raise self.wrong(key, value, "must not be empty")
        return tuple(value)

    def choice(
        self, key: str, allowed: Sequence[str], default: str | None = None
    ) -> str:
        value = self.text(key, default)
        if value not in allowed:
            near = get_close_matches(value, allowed, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise self.wrong(key, value, f"must be one of {', '.join(allowed)}{hint}")
        return value


def read_scenario(path: Path, *, posterior: bool = True) -> Scenario:
    """The scenario in a file; raises `InputError` with file, key, value and rule.

    Without *posterior* the file of one is not read: it may still have to be made.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise BudgetExceeded(
                f"{path}: {size:,} bytes; a scenario has at most 1 MiB"
            )
        data = tomllib.loads(path.read_bytes().decode())
    except OSError as broken:
        raise InputError(f"cannot read {path}: {broken.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as broken:
        raise InputError(f"{path}: not TOML: {str(broken)[:200]}") from None
    return scenario_of(data, path.name, path.parent if posterior else None)


def scenario_of(
    data: Mapping[str, Any], file: str = "scenario", folder: Path | None = None
) -> Scenario:
    """The scenario that parsed TOML says; *file* is its name in messages.

    A posterior that it names is read from *folder*; without one it is left out.
    """
    top = _Reader(file, "", data, _TABLES)
    head = _Reader(file, "scenario", top.need("scenario"), _SCENARIO)
    ensemble = _Reader(file, "ensemble", data.get("ensemble", {}), _ENSEMBLE)
    branch_at = head.day("branch_at")
    if branch_at is None:
        raise InputError(f"{file}: [scenario] wants 'branch_at'")
    known_at = head.table.get("known_at")
    if known_at is not None and not isinstance(known_at, str | date):
        raise head.wrong("known_at", known_at, "must be a day, a time or '@POSITION'")
    orders = _orders(file, data.get("intervention", []))
    horizon = head.whole("horizon_days", 14, 1, MOST_DAYS)
    draw, posterior = _draw(ensemble, folder)
    replicas = ensemble.whole("replicas", 1000, 1, 10**9)
    if replicas > MOST_REPLICAS:
        raise BudgetExceeded(
            f"{file}: ensemble.replicas: {replicas:,} is over {MOST_REPLICAS:,}"
        )
    return Scenario(
        file=file,
        id=head.text("id", rule=_ID),
        title=head.text("title", ""),
        about=head.text("about", "", _PARAGRAPHS),
        branch_at=branch_at,
        published_by=head.day("published_by"),
        known_at=None if known_at is None else str(known_at),
        horizon_days=horizon,
        replicas=replicas,
        seed=ensemble.whole("seed", 0, 0, (1 << 63) - 1),
        engine=ensemble.choice("engine", _ENGINES, "auto"),
        draw=draw,
        posterior=posterior,
        forces=_forces(file, data.get("force", [])),
        rules=_rules(file, data.get("rules", {})),
        orders=orders,
        arms=_arms(file, data.get("compare", {}), orders),
    )


def _draw(reader: _Reader, folder: Path | None) -> tuple[str, Posterior | None]:
    """How parameters are drawn, and from which posterior."""
    told = reader.text("parameters", "fixed")
    if not told.endswith(".json"):
        return reader.choice("parameters", _DRAWS, "fixed"), None
    if folder is None:
        return told, None
    try:
        return told, read_posterior(folder / told)
    except InputError as broken:
        broken.args = (f"{reader.file}: {reader.where}.parameters: {broken}",)
        raise


def _tables(file: str, where: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise InputError(f"{file}: {where} must be written as [[{where}]]")
    return value


def _forces(file: str, value: Any) -> tuple[Force, ...]:
    forces = []
    for table in _tables(file, "force", value):
        reader = _Reader(file, "force", table, _FORCE)
        forces.append(
            Force(
                actors=reader.names("actors", needed=True),
                against=reader.names("against", needed=True),
                supply=reader.names("supply"),
                risings=reader.names("risings"),
            )
        )
    if not forces:
        raise InputError(f"{file}: no [[force]]: say who advances against whom")
    return tuple(forces)


def _rules(file: str, value: Any) -> dict[str, float]:
    names = [row.name for row in TABLE]
    reader = _Reader(file, "rules", value, names)
    return {
        row.name: reader.number(row.name, row.default, row.minimum, row.maximum)
        for row in TABLE
        if row.name in reader.table
    }


def _orders(file: str, value: Any) -> tuple[Order, ...]:
    orders = []
    for number, table in enumerate(_tables(file, "intervention", value), 1):
        reader = _Reader(file, f"intervention {number}", table, _ORDER)
        kind = reader.choice("kind", KINDS)
        given = [key for key in ("place", "places", "route") if key in reader.table]
        if len(given) > 1:
            raise InputError(
                f"{file}: intervention {number}: {' and '.join(given)}: one"
            )
        places: tuple[str, ...] = ()
        if "place" in given:
            places = (reader.text("place"),)
        places = places or reader.names("places") or reader.names("route")
        capacity = reader.table.get("capacity")
        orders.append(
            Order(
                name=reader.text("name", kind),
                kind=kind,
                places=places,
                since=reader.day("from"),
                until=reader.day("until"),
                actor=reader.table.get("actor") and reader.text("actor"),
                parties=reader.names("parties"),
                extra_days=reader.number("extra_days", 0.0, 0.0, 365.0),
                factor=reader.number("factor", 1.0, 0.0, 100.0),
                capacity=None
                if capacity is None
                else reader.number("capacity", 0.0, 0.0, 1e10),
            )
        )
    return tuple(orders)


def _arms(
    file: str, value: Any, orders: Sequence[Order]
) -> tuple[tuple[str, ...], ...]:
    reader = _Reader(file, "compare", value, ("arms",))
    names = {order.name for order in orders}
    arms = reader.table.get("arms", [])
    if not isinstance(arms, list):
        raise reader.wrong("arms", arms, "must be a list of lists of names")
    for arm in arms:
        if not isinstance(arm, list) or not arm:
            raise reader.wrong("arms", arm, "must be a list of intervention names")
        for name in arm:
            if name not in names:
                near = get_close_matches(str(name), names, 1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise reader.wrong("arms", name, f"names no intervention{hint}")
    return tuple(tuple(arm) for arm in arms)
