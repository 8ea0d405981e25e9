"""A scenario file read into a `Scenario`, under the strict schema of `scenario`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Literal

from chronicle.domain import fields
from chronicle.domain.lenses import LENSES, parse_lens
from chronicle.domain.names import did_you_mean
from chronicle.domain.toml_text import lines_of, toml_of
from chronicle.errors import BudgetExceeded, InputError, UsageError, located
from chronicle.simulation.interventions import KINDS
from chronicle.simulation.parameters import TABLE
from chronicle.simulation.posterior import Posterior, read_posterior
from chronicle.simulation.scenario import (
    DEFAULT_LENS,
    MAX_BYTES,
    MOST_ARMS,
    MOST_DAYS,
    MOST_ORDERS,
    MOST_REPLICAS,
    Force,
    Order,
    Scenario,
)
from chronicle.simulation.toml_values import Origin, Reader
from chronicle.store.sqlite.header import is_database

__all__ = ["EVERYWHERE", "KEYS", "read_scenario", "scenario_of"]

_SCENARIO = (
    "id",
    "title",
    "about",
    "branch_at",
    "published_by",
    "known_at",
    "lens",
    "horizon_days",
    "offensive_since",
)


_ENSEMBLE = ("replicas", "seed", "engine", "parameters")


_FORCE = ("actors", "against", "supply", "risings")


_ORDER = (
    *("name", "kind", "place", "places", "route", "from", "until"),
    *("actor", "parties", "extra_days", "factor", "capacity"),
)


_TABLES = ("scenario", "ensemble", "force", "rules", "intervention", "compare")


KEYS = {
    "scenario": _SCENARIO,
    "ensemble": _ENSEMBLE,
    "force": _FORCE,
    "intervention": _ORDER,
    "compare": ("arms",),
}
"""The keys of each table of a file, but for `rules`, whose keys are parameters."""


_ENGINES = ("auto", "simpy", "heap", "numba")


EVERYWHERE: Literal["everywhere"] = "everywhere"


_DRAWS = ("fixed", "prior")  # or the file of a posterior, which ends in .json


_PARAGRAPHS = fields.text(fields.TEXT_LENGTH, lines=True)


# It is part of the names of sources, branches and files.
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


_ID = fields.matching(_WORD, "a word of letters, digits, '.', '_' and '-'")


_NAME = fields.text(fields.NAME_LENGTH, needed=True)


def read_scenario(path: Path, *, posterior: bool = True) -> Scenario:
    """The scenario in a file; raises `InputError` with file, key, value and rule.

    Without *posterior* the file of one is not read: it may still have to be made.
    """
    if is_database(path):  # to close one drops the locks of whoever has it open
        raise InputError(f"{path} is a database, not a scenario")
    try:
        with path.open("rb") as file:  # it may be a pipe, which has no size
            read = file.read(MAX_BYTES + 1)
        if len(read) > MAX_BYTES:
            raise BudgetExceeded(f"{path}: a scenario has at most 1 MiB")
    except OSError as broken:
        raise InputError(f"cannot read {path}: {broken.strerror}") from None
    data = toml_of(read, str(path))
    origin = Origin(path.name, lines_of(read))
    return scenario_of(data, origin, path.parent if posterior else None)


def scenario_of(
    data: Mapping[str, object],
    file: str | Origin = "scenario",
    folder: Path | None = None,
) -> Scenario:
    """The scenario that parsed TOML says; *file* is its name in messages, or
    that and the lines of its keys.

    A posterior that it names is read from *folder*; without one it is left out.
    """
    file = Origin(file) if isinstance(file, str) else file
    top = Reader(file, "", data, _TABLES)
    head = Reader(file, "scenario", top.need("scenario"), _SCENARIO)
    ensemble = Reader(file, "ensemble", data.get("ensemble", {}), _ENSEMBLE)
    branch_at = head.day("branch_at")
    if branch_at is None:
        raise InputError(f"{file}: [scenario] wants 'branch_at'")
    known_at = head.table.get("known_at")
    if known_at is not None and not isinstance(known_at, str | date):
        raise head.wrong("known_at", known_at, "must be a day, a time or '@POSITION'")
    orders = _orders(file, data.get("intervention", []))
    horizon = head.whole("horizon_days", 14, 1, MOST_DAYS)
    if (date.max - branch_at).days < horizon + 1:
        raise head.wrong("branch_at", branch_at, "is too near the end of the calendar")
    draw, posterior = _draw(ensemble, folder)
    replicas = ensemble.table.get("replicas")
    if type(replicas) is int and replicas > MOST_REPLICAS:
        raise BudgetExceeded(
            f"{file}: ensemble.replicas: {replicas:,} is over {MOST_REPLICAS:,}"
        )
    return Scenario(
        file=file.name,
        id=_id(head),
        title=head.text("title", ""),
        about=head.text("about", "", _PARAGRAPHS),
        branch_at=branch_at,
        published_by=head.day("published_by"),
        known_at=None if known_at is None else str(known_at),
        horizon_days=horizon,
        replicas=ensemble.whole("replicas", 1000, 1, MOST_REPLICAS),
        seed=ensemble.whole("seed", 0, 0, (1 << 63) - 1),
        engine=ensemble.choice("engine", _ENGINES, "auto"),
        draw=draw,
        posterior=posterior,
        forces=_forces(file, data.get("force", [])),
        rules=_rules(file, data.get("rules", {})),
        orders=orders,
        offensive_since=_offensive(head, branch_at),
        lens=_lens(head),
        arms=_arms(file, data.get("compare", {}), orders),
    )


def _id(head: Reader) -> str:
    found = head.text("id", rule=_ID)
    if not found:
        raise head.wrong("id", found, "must not be empty")
    return found


def _draw(reader: Reader, folder: Path | None) -> tuple[str, Posterior | None]:
    """How parameters are drawn, and from which posterior."""
    told = reader.text("parameters", "prior")
    if not told.endswith(".json"):
        return reader.choice("parameters", _DRAWS, "prior"), None
    if Path(told).is_absolute() or ".." in Path(told).parts:
        raise reader.wrong("parameters", told, "must lie beside the scenario")
    if folder is None:
        return told, None
    with located(str(reader.file), f"{reader.where}.parameters"):
        return told, read_posterior(folder / told)


def _tables(file: Origin, where: str, value: object) -> list[object]:
    if not isinstance(value, list):
        raise InputError(f"{file}: {where} must be written as [[{where}]]")
    return value


def _forces(file: Origin, value: object) -> tuple[Force, ...]:
    forces = []
    for number, table in enumerate(_tables(file, "force", value), 1):
        reader = Reader(file, f"force {number}", table, _FORCE)
        for name in reader.names("against", needed=True):
            if name in reader.names("actors", needed=True):
                raise reader.wrong("against", name, "cannot attack itself")
        forces.append(
            Force(
                actors=reader.names("actors", needed=True),
                against=reader.names("against", needed=True),
                supply=reader.names("supply"),
                risings=_risings(reader),
            )
        )
    if not forces:
        raise InputError(f"{file}: no [[force]]: say who advances against whom")
    return tuple(forces)


def _risings(reader: Reader) -> tuple[str, ...] | Literal["everywhere"]:
    if reader.table.get("risings") == EVERYWHERE:
        return EVERYWHERE
    return reader.names("risings", or_word=EVERYWHERE)


def _offensive(head: Reader, branch_at: date) -> date | None:
    since = head.day("offensive_since")
    if since is not None and since > branch_at:
        rule = f"is after the branch on {branch_at}: what is under way began by then"
        raise head.wrong("offensive_since", str(since), rule)
    return since


def _lens(head: Reader) -> str:
    """The full name of the lens through which the record is seen."""
    told = head.text("lens", DEFAULT_LENS)
    try:
        return parse_lens(told).name
    except UsageError:
        rule = f"is no lens; there are {', '.join(LENSES)}{did_you_mean(told, LENSES)}"
        raise head.wrong("lens", told, rule) from None


def _rules(file: Origin, value: object) -> dict[str, float]:
    names = [row.name for row in TABLE]
    reader = Reader(file, "rules", value, names)
    return {
        row.name: reader.number(row.name, row.default, row.minimum, row.maximum)
        for row in TABLE
        if row.name in reader.table
    }


def _orders(file: Origin, value: object) -> tuple[Order, ...]:
    orders = []
    tables = _tables(file, "intervention", value)
    if len(tables) > MOST_ORDERS:
        raise BudgetExceeded(
            f"{file}: intervention: {len(tables):,} of them are over {MOST_ORDERS:,}"
        )
    for number, table in enumerate(tables, 1):
        reader = Reader(file, f"intervention {number}", table, _ORDER)
        kind = reader.choice("kind", KINDS)
        given = [key for key in ("place", "places", "route") if key in reader.table]
        if len(given) > 1:
            raise InputError(
                f"{file}: intervention {number}: {' and '.join(given)}: keep only one"
            )
        places: tuple[str, ...] = ()
        if "place" in given:
            places = (reader.text("place"),)
        places = places or reader.names("places") or reader.names("route")
        capacity = reader.table.get("capacity")
        orders.append(
            Order(
                name=reader.text("name", kind, _NAME),
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
    file: Origin, value: object, orders: Sequence[Order]
) -> tuple[tuple[str, ...], ...]:
    reader = Reader(file, "compare", value, KEYS["compare"])
    names = {order.name for order in orders}
    arms = reader.table.get("arms", [])
    if not isinstance(arms, list):
        raise reader.wrong("arms", arms, "must be a list of lists of names")
    if len(arms) > MOST_ARMS:
        raise BudgetExceeded(
            f"{file}: compare.arms: {len(arms):,} of them are over {MOST_ARMS}"
        )
    for arm in arms:
        if not isinstance(arm, list) or not arm:
            raise reader.wrong("arms", arm, "must be a list of intervention names")
        for name in arm:
            if isinstance(name, str) and arm.count(name) > 1:
                raise reader.wrong("arms", name, "stands twice in one arm")
            if not isinstance(name, str) or name not in names:
                hint = did_you_mean(str(name), names)
                raise reader.wrong("arms", name, f"names no intervention{hint}")
    return tuple(tuple(arm) for arm in arms)
