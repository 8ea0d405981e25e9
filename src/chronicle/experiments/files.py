"""The folder of a run: what was run, its tables, pictures, branches and report.

`chronicle.report.folder` writes it; this module has its layout, and reads it again.

    run.json                    scenario, branch, versions, seed, digests, scores
    report.html                 all of it in one file that needs no other
    <table>-<arm>.parquet       arrivals, chances, displaced, hosted (or .csv), and for
                                all arms but the baseline compared
    <picture>-<arm>.png         with matplotlib
    branches/<arm>-<n>.chronicle
    chunks/<arm number>/        the results of the replicas, to resume and compare from

Nothing in it bears the time of day: the same run writes the same bytes, but for the
chronicles, which have a clock.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import msgspec

from chronicle.domain.lenses import parse_lens
from chronicle.domain.table import Table
from chronicle.errors import InputError, UsageError
from chronicle.experiments.arms import Arm, ForecastTask
from chronicle.experiments.folder import asked_of, chunk_folder, held_by
from chronicle.experiments.run import Run
from chronicle.formats.writing.guard import csv_text
from chronicle.simulation.compiled.engine import Results
from chronicle.simulation.ensemble.chunks import ChunkFolder
from chronicle.simulation.ensemble.ensemble import digest_of
from chronicle.simulation.scenario import MOST_DAYS, Scenario
from chronicle.version import __version__

__all__ = [
    "Kept",
    "csv_bytes",
    "keep_results",
    "kept_of",
    "read_run",
    "versions",
]

FORMAT = 1
CHANCE_DECIMALS = 4
NOT_TOLD = "this run does not say how far its people are off what was counted"
_A_CHANCE = msgspec.Meta(ge=0, le=1)


def keep_results(run: Run, folder: Path) -> None:
    """Keep the results of a run that kept no chunks while it ran.

    Raises `Conflict` where the folder holds those of another run.
    """
    asked = asked_of(run.scenario, run.record, run.start.position)
    made = zip(run.arms, run.ensembles, strict=True)
    with held_by(folder, asked):
        for number, (arm, ensemble) in enumerate(made):
            place = chunk_folder(folder, number)
            kept = ChunkFolder.opened(place, ensemble.identity, resume=True)
            if not kept.load(ensemble.replicas):
                kept.save(0, arm.results)


def csv_bytes(table: Table) -> bytes:
    """`csv_text` in UTF-8; unknown is empty, and no cell is a formula."""
    return csv_text(table.columns, table.rows).encode()


def versions() -> dict[str, str]:
    """What computed a run: Chronicle, Python and the libraries behind the numbers."""
    found = {"chronicle": __version__, "python": platform.python_version()}
    for name in ("numpy", "scipy", "simpy", "numba"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def kept_of(run: Run, *, no_people: str = "") -> dict[str, object]:
    """What `run.json` holds: all that `read_run` needs, and the digests.

    *no_people* is why its numbers of people are not to be shown; "" if they are.
    """
    pool = run.published
    scenario = {name: getattr(run.scenario, name) for name in Scenario.__slots__}
    question = {name: getattr(run.question, name) for name in _question_fields()}
    return {
        "format": FORMAT,
        "what_if": "simulated; not what happened",
        **run.as_dict(),
        "versions": versions(),
        "resolved": scenario,
        "question": question,
        "arm_names": [list(arm.names) for arm in run.arms],
        "published_chances": (
            None
            if pool is None or pool.alone
            else pool.chances.round(CHANCE_DECIMALS).tolist()
        ),
        "no_people": no_people,
    }


def _question_fields() -> tuple[str, ...]:
    return tuple(ForecastTask.__dataclass_fields__)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A run as its folder has it: the scenario, the question, the arms.

    `published_chances` are those of the published pool by place at risk and day, from
    the branch on; None where the mechanism stands alone. `no_people` says why numbers
    of people are not to be shown; "" if they are.
    """

    path: Path
    scenario: Scenario
    question: ForecastTask
    arms: tuple[Arm, ...]
    published_chances: list[list[float]] | None
    no_people: str


def read_run(folder: Path) -> Kept:
    """The run that was written to *folder*.

    Raises `InputError` where there is no whole run, or results that are not those that
    `run.json` names.
    """
    try:
        told = msgspec.json.decode((folder / "run.json").read_bytes())
        scenario = msgspec.convert(told["resolved"], Scenario)
        question = msgspec.convert(told["question"], ForecastTask)
        names = [tuple(map(str, arm)) for arm in told["arm_names"]]
        digests = [str(arm["digest"]) for arm in told["arms"]]
        arms_told = list(zip(names, digests, strict=True))
        chances = msgspec.convert(
            told.get("published_chances"),
            list[list[Annotated[float, _A_CHANCE]]] | None,
        )
        no_people = str(told.get("no_people", NOT_TOLD))
        _check(scenario, question)
        if chances is not None:
            _check_chances(chances, question)
    except OSError as broken:
        raise InputError(f"{folder} holds no run: {broken.strerror}") from None
    except (msgspec.MsgspecError, LookupError, TypeError, ValueError) as broken:
        # ValueError: not UTF-8, lists of unlike lengths
        raise InputError(f"{folder}/run.json is no run: {str(broken)[:200]}") from None
    except RecursionError:
        raise InputError(f"{folder}/run.json is no run: nested too deeply") from None
    arms = []
    for number, (arm, digest) in enumerate(arms_told):
        parts = ChunkFolder(chunk_folder(folder, number)).load(scenario.replicas)
        done = sum(len(part.fall_day) for part in parts.values())
        if done != scenario.replicas:
            raise InputError(
                f"{folder}: {done:,} of {scenario.replicas:,} replicas of arm "
                f"{number} are there; chronicle run --resume finishes them"
            )
        results = Results.joined([parts[first] for first in sorted(parts)])
        if results.fall_day.shape[1] != len(question.settlements):
            raise InputError(
                f"{folder}: the results of arm {number} are of other settlements than "
                "run.json names"
            )
        if digest_of(results) != digest:
            raise InputError(f"{folder}: the results of arm {number} were changed")
        arms.append(Arm(names=arm, results=results, digest=digest))
    return Kept(
        path=folder,
        scenario=scenario,
        question=question,
        arms=tuple(arms),
        published_chances=chances,
        no_people=no_people,
    )


def _check_chances(chances: list[list[float]], question: ForecastTask) -> None:
    """Raise `ValueError` where they are not of the places and days of the question."""
    days = question.horizon_days + 1
    if len(chances) != len(question.rows) or any(len(row) != days for row in chances):
        raise ValueError("published_chances: not of these places and days")


def _check(scenario: Scenario, question: ForecastTask) -> None:
    """Raise `ValueError` where parts of *run.json* contradict each other."""
    count = len(question.settlements)
    columns = question.names, question.populations, question.holders
    if any(len(column) != count for column in columns):
        raise ValueError("question: lists of unlike lengths")
    rows = list(question.rows)
    if rows != sorted(set(rows)) or (rows and not 0 <= rows[0] <= rows[-1] < count):
        raise ValueError("question.rows: not the numbers of settlements")
    if any(people is not None and people < 0 for people in question.populations):
        raise ValueError("question.populations: fewer than nobody")
    if (question.branch_at, question.horizon_days) != (
        scenario.branch_at,
        scenario.horizon_days,
    ):
        raise ValueError("the question is not the scenario's")
    try:
        parse_lens(scenario.lens)
    except UsageError as wrong:
        raise ValueError(f"lens: {wrong}") from None
    if not 1 <= scenario.horizon_days <= MOST_DAYS:
        raise ValueError(f"horizon_days: 1 to {MOST_DAYS:,}")
    if (date.max - scenario.branch_at).days <= scenario.horizon_days:
        raise ValueError("branch_at: too near the end of the calendar")
