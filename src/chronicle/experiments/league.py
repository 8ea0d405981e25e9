"""The league of cases: which windows of which records forecasts are judged on.

A league is a TOML file, written down before any forecast is run on it:

    horizon_days = 14

    [[case]]
    id = "kherson-2023"             the folder beside the file, in the own format
    title = "Kherson and the lower Dnipro, 2023"
    fold = "kherson-2023"           cases that share events share a fold

    [[case.front]]
    attackers = ["ukr"]
    defenders = ["rus"]
    branches = [2023-03-01, 2023-06-10]

A front is forecast from each of its branch days, knowing what had been published by
then. When weights are trained, a fold is left out whole.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from chronicle.api import Chronicle, memory
from chronicle.domain.names import did_you_mean
from chronicle.errors import InputError, UsageError
from chronicle.simulation.scenario import MOST_DAYS, Force, Scenario

__all__ = [
    "LEAGUE",
    "BranchDay",
    "Case",
    "Front",
    "chosen_cases",
    "league_file",
    "read_league",
]

LEAGUE = Path("benchmarks") / "fronts" / "fronts.toml"
_CASE = frozenset(("id", "title", "fold", "front", "box", "since", "until"))
_FRONT = frozenset(("attackers", "defenders", "branches"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """Who advances on whom in a case, and the days from which that is forecast."""

    attackers: tuple[str, ...]
    defenders: tuple[str, ...]
    branches: tuple[date, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A window of a record; `folder` holds it in the own format."""

    id: str
    title: str
    fold: str
    folder: Path
    horizon_days: int
    fronts: tuple[Front, ...]

    def chronicle(self) -> Chronicle:
        """The record, in memory. Raises `InputError` for a row that is not taken."""
        made = memory()
        found = made.import_folder(self.folder)
        if found.problems:
            first = found.problems[0]
            raise InputError(f"{self.folder}: {first}")
        return made

    @property
    def days(self) -> tuple[BranchDay, ...]:
        """All that is forecast in the case."""
        return tuple(
            BranchDay(case=self, front=front, branch=branch)
            for front in self.fronts
            for branch in front.branches
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchDay:
    """One forecast of the league: a front, from the end of a day."""

    case: Case
    front: Front
    branch: date

    @property
    def name(self) -> str:
        """What tables call it."""
        who = "+".join(self.front.attackers)
        return f"{self.case.id} {who} {self.branch}"

    def scenario(self, *, replicas: int, seed: int) -> Scenario:
        """The plainest scenario: the attackers advance, parameters from their prior."""
        return Scenario(
            file=f"{self.case.folder.parent.name}/{LEAGUE.name}",
            id=f"{self.case.id}-{'-'.join(self.front.attackers)}-{self.branch}",
            title=self.case.title,
            branch_at=self.branch,
            published_by=self.branch,
            horizon_days=self.case.horizon_days,
            replicas=replicas,
            seed=seed,
            forces=(Force(actors=self.front.attackers, against=self.front.defenders),),
        )


def league_file(start: Path | None = None) -> Path:
    """The league that lies beside the code; it is not in the wheel.

    Raises `UsageError` where there is none.
    """
    for place in (start or Path.cwd(), Path(__file__).resolve()):
        for folder in (place, *place.parents):
            if (folder / LEAGUE).is_file():
                return folder / LEAGUE
    raise UsageError(
        f"the league of cases ({LEAGUE}) is not here; it stays out of the wheel "
        "because of its licence: run this in a clone, or name a league file of your own"
    )


def chosen_cases(names: Sequence[str]) -> tuple[Case, ...]:
    """The cases of those names: ids of the league beside the code, or league files.

    All of that league without a name. Raises `UsageError` for a name that is neither.
    """
    if not names:
        return read_league(league_file())
    found: list[Case] = []
    known: dict[str, Case] = {}
    for name in names:
        if name.endswith(".toml"):
            found += read_league(Path(name))
            continue
        known = known or {case.id: case for case in read_league(league_file())}
        if name not in known:
            hint = did_you_mean(name, known, f"there are {', '.join(sorted(known))}")
            raise UsageError(
                f"no case {name!r} in the league{hint} A league of your own is named "
                "by its .toml file"
            )
        found.append(known[name])
    return tuple(found)


def read_league(path: Path) -> tuple[Case, ...]:
    """The cases of a league file. Raises `InputError` for what it says wrong."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as broken:
        raise InputError(f"{path}: {broken.strerror}; name a league file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise InputError(f"{path}: {wrong}") from None
    horizon = told.get("horizon_days", 14)
    if type(horizon) is not int or not 1 <= horizon <= MOST_DAYS:
        raise InputError(
            f"{path}: horizon_days: {horizon!r} is no number of days from 1 to "
            f"{MOST_DAYS}"
        )
    rows = told.get("case")
    if not isinstance(rows, list) or not rows:
        raise InputError(f"{path}: no [[case]]; a league has one or more")
    cases = tuple(_case(path, row, horizon) for row in rows)
    ids = [case.id for case in cases]
    for id_ in ids:
        if ids.count(id_) > 1:
            raise InputError(f"{path}: case: the id {id_!r} is given twice")
    return cases


def _case(path: Path, row: object, horizon: int) -> Case:
    if not isinstance(row, dict):
        raise InputError(f"{path}: case: a table is wanted, not {row!r}")
    id_ = row.get("id")
    if not isinstance(id_, str) or not id_ or Path(id_).name != id_:
        raise InputError(f"{path}: case: id: {id_!r} is no name of a folder beside it")
    where = f"{path}: case {id_!r}"
    _known_keys(where, row, _CASE)
    fronts = row.get("front")
    if not isinstance(fronts, list) or not fronts:
        raise InputError(f"{where}: no [[case.front]]; a case has one or more")
    texts = {key: row.get(key, id_) for key in ("title", "fold")}
    for key, value in texts.items():
        if not isinstance(value, str):
            raise InputError(f"{where}: {key}: {value!r} is no text")
    return Case(
        id=id_,
        title=texts["title"],
        fold=texts["fold"],
        folder=path.parent / id_,
        horizon_days=horizon,
        fronts=tuple(_front(where, front) for front in fronts),
    )


def _front(where: str, row: object) -> Front:
    if not isinstance(row, dict):
        raise InputError(f"{where}: front: a table is wanted, not {row!r}")
    _known_keys(where, row, _FRONT)
    for key in ("attackers", "defenders"):
        names = row.get(key)
        if not isinstance(names, list) or not names:
            raise InputError(f"{where}: front: {key}: a list of actor ids is wanted")
        if not all(isinstance(name, str) for name in names):
            raise InputError(f"{where}: front: {key}: {names!r} are no texts")
    days = row.get("branches")
    if not isinstance(days, list) or not days or not all(type(d) is date for d in days):
        raise InputError(
            f"{where}: front: branches: a list of days as 2023-03-01 is wanted"
        )
    return Front(
        attackers=tuple(row["attackers"]),
        defenders=tuple(row["defenders"]),
        branches=tuple(days),
    )


def _known_keys(where: str, row: dict[str, object], known: frozenset[str]) -> None:
    for key in row:
        if key not in known:
            raise InputError(f"{where}: unknown key {key!r}{did_you_mean(key, known)}")
