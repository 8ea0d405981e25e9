"""A scenario run on a record: its arms, its pool, how it compares with what came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from chronicle.api import Chronicle
from chronicle.errors import BudgetExceeded
from chronicle.experiments.arms import Arm, label_of
from chronicle.experiments.bundled import LICENCE, bundled_record
from chronicle.experiments.displacement_verification import (
    displacement_verification_of,
)
from chronicle.experiments.folder import asked_of, chunk_folder, held_by
from chronicle.experiments.prepare import Prepared, prepared
from chronicle.experiments.published import published_of
from chronicle.experiments.run import Progress, Run
from chronicle.experiments.verification import (
    verification_of,
)
from chronicle.simulation.engine.hooks import Hook, OwnProcess, OwnRules
from chronicle.simulation.ensemble.execute import Executor
from chronicle.simulation.ensemble.execute import run as run_ensemble
from chronicle.simulation.scenario import MOST_REPLICAS, Scenario
from chronicle.simulation.scenario_file import read_scenario
from chronicle.simulation.start import arms_of
from chronicle.verification.excluded import left_out_of

__all__ = ["OF_THE_RECORD", "run_scenario"]

OF_THE_RECORD = "Branched from a record whose sources are named with its reports."


def run_scenario(
    scenario: Scenario | str | Path,
    chronicle: Chronicle | None = None,
    *,
    replicas: int | None = None,
    seed: int | None = None,
    engine: str | None = None,
    hooks: Sequence[Hook] = (),
    processes: Sequence[OwnProcess] = (),
    people: bool = True,
    alone: bool = False,
    executor: Executor = "threads",
    workers: int = 1,
    chunk: int | None = None,
    folder: str | Path | None = None,
    resume: bool = False,
    address: str | None = None,
    progress: Progress | None = None,
    licence: str | None = None,
) -> Run:
    """Run a scenario, or a scenario file, on a chronicle; the bundled case without one.

    *replicas*, *seed* and *engine* take the place of those in the file. *hooks* are
    pure functions `(view, event, random) -> interventions`; *processes* are generator
    functions `(env, world)` that run beside the model on SimPy's environment. Both need
    the engine `simpy`; with them, or *alone*, nothing is pooled. With a *folder*
    finished chunks are kept there, and *resume* goes on from them. The digest is the
    same for all engines, executors, workers and chunks.
    Raises `InputError` for what the scenario says wrong, with file, key and value.
    Its length is that of its parameters, which the shell has, too.
    """
    if not isinstance(scenario, Scenario):
        scenario = read_scenario(Path(scenario))
    changes = {"replicas": replicas, "seed": seed, "engine": engine}
    scenario = replace(
        scenario,
        **{k: v for k, v in changes.items() if v is not None},  # type: ignore[arg-type]
    )
    if scenario.replicas > MOST_REPLICAS:
        raise BudgetExceeded(
            f"{scenario.file}: {scenario.replicas:,} replicas are over "
            f"{MOST_REPLICAS:,}"
        )
    if chronicle is None:
        chronicle = bundled_record()
        licence = licence or LICENCE
    own = OwnRules(tuple(hooks), tuple(processes))
    ready = prepared(scenario, chronicle, own=own, people=people)
    asked = asked_of(scenario, chronicle.identity, ready.start.position)
    place = None if folder is None else Path(folder)
    arms: list[Arm] = []
    with held_by(place, asked):
        for names, ensemble in zip(arms_of(scenario), ready.ensembles, strict=True):
            chunks = None if place is None else chunk_folder(place, len(arms))
            outcome = run_ensemble(
                ensemble,
                executor=executor,
                workers=workers,
                chunk=chunk,
                folder=chunks,
                resume=resume and chunks is not None and chunks.exists(),
                address=address,
                progress=progress and _named(progress, label_of(names)),
            )
            found = Arm(names=names, results=outcome.results, digest=outcome.digest)
            arms.append(found)
    return Run(
        scenario=scenario,
        start=ready.start,
        network=ready.network,
        question=ready.question,
        arms=tuple(arms),
        engine=ready.ensembles[0].chosen_engine,
        record=chronicle.identity,
        licence=licence or OF_THE_RECORD,
        ensembles=ready.ensembles,
        **_verified(arms[0], ready, scenario, chronicle, alone or any(own)),
    )


def _verified(
    arm: Arm, ready: Prepared, scenario: Scenario, chronicle: Chronicle, alone: bool
) -> dict[str, Any]:
    """What is published of the baseline, and how it compares with what came to pass."""
    if chronicle.what_if:
        return {
            **dict.fromkeys(("verdict", "people_verdict", "left_out", "published")),
            "no_verdict": "no scores: this branches from a what-if, not from a record",
            "no_pool": "this branches from a what-if, not from a record",
        }
    start, question, events = ready.start, ready.question, list(chronicle.log())
    published, no_pool = published_of(
        arm, question, scenario, start, events, alone=alone
    )
    if published is not None and published.alone:
        why = "fixed parameters, rules of one's own, or asked for alone"
        no_pool = f"{why}: a thought experiment under these rules"
    verdict, why = verification_of(arm, question, scenario, start, events, published)
    people = None
    if verdict is not None:
        people = displacement_verification_of(arm, question, start, events)
    return {
        "verdict": verdict,
        "no_verdict": why,
        "people_verdict": people,
        "left_out": left_out_of(events, scenario, start.position),
        "published": published,
        "no_pool": no_pool,
    }


def _named(progress: Progress, label: str) -> Callable[[int, int], None]:
    return lambda done, every: progress(label, done, every)
