"""Run a scenario on a record: branch, arms with the same draws, verdict."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from chronicle.api import Chronicle
from chronicle.domain.state import State
from chronicle.domain.table import Table
from chronicle.errors import BudgetExceeded, UsageError
from chronicle.experiments.arms import (
    BASELINE,
    Arm,
    ForecastTask,
    arrivals_table,
    chances_table,
    comparison,
    comparison_table,
    displaced_table,
    hosted_table,
    label_of,
)
from chronicle.experiments.bundled import LICENCE, bundled_record
from chronicle.experiments.displacement_verification import (
    DisplacementVerification,
    displacement_verification_of,
)
from chronicle.experiments.files import chunk_folder
from chronicle.experiments.folder import asked_of, held_by
from chronicle.experiments.prepare import prepared
from chronicle.experiments.published import Published, published_of
from chronicle.experiments.verification import (
    Verification,
    recorded_days,
    verification_of,
)
from chronicle.simulation.engine.hooks import Hook, OwnProcess, OwnRules
from chronicle.simulation.ensemble.ensemble import Ensemble, Executor, replica
from chronicle.simulation.ensemble.ensemble import run as run_ensemble
from chronicle.simulation.network import Network
from chronicle.simulation.recording import Replica, branch_of
from chronicle.simulation.scenario import MOST_REPLICAS, Scenario, read_scenario
from chronicle.simulation.start import arms_of
from chronicle.verification.comparison import ArmComparison
from chronicle.verification.excluded import LeftOut, left_out_of
from chronicle.version import __version__

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Progress", "Run", "run_scenario"]

Progress = Callable[[str, int, int], None]
"""Called with an arm, its replicas done, and its replicas in all."""

OF_THE_RECORD = "Branched from a record whose sources are named with its reports."


@dataclass(frozen=True, kw_only=True)
class Run:
    """A scenario that was run: its arms, the first of which is the baseline.

    `position` and `record` are where in which record it branched. `verdict` is on the
    baseline; where there is none, `no_verdict` says why. `people_verdict` is on the
    people whom the baseline displaces, where anybody counted them. `left_out` is what
    `published_by` leaves out; None without it, and for a branch of a what-if.
    `published` is the forecast of the baseline that counts, a pool; where there is
    none, `no_pool` says why, and the mechanism stands alone.
    """

    scenario: Scenario
    start: State
    network: Network
    question: ForecastTask
    arms: tuple[Arm, ...]
    engine: str
    record: str
    licence: str
    verdict: Verification | None
    no_verdict: str
    people_verdict: DisplacementVerification | None
    left_out: LeftOut | None
    published: Published | None
    no_pool: str
    ensembles: tuple[Ensemble, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of all results: of the one arm, or of the digests of all in order."""
        if len(self.arms) == 1:
            return self.arms[0].digest
        digests = "\n".join(arm.digest for arm in self.arms)
        return hashlib.sha256(digests.encode()).hexdigest()

    def arm(self, label: str | None = None) -> Arm:
        """The arm of that label; the baseline without one."""
        for arm in self.arms:
            if arm.label == (label or BASELINE):
                return arm
        known = ", ".join(repr(arm.label) for arm in self.arms)
        raise UsageError(f"no arm {label!r}; there are {known}")

    def arrivals(self, arm: str | None = None, *, scores: bool = False) -> Table:
        """When each place at risk falls, with what the record says beside it.

        With *scores* also the CRPS of each place, of the baseline and simple forecasts.
        """
        recorded = recorded_days(self.verdict, self.question)
        return arrivals_table(
            self.arm(arm),
            self.question,
            recorded,
            self._pool_of(arm),
            self._scored(arm) if scores else {},
        )

    def frame(self, arm: str | None = None) -> pd.DataFrame:
        """`arrivals` as a pandas frame."""
        return self.arrivals(arm).frame()

    def chances(self, arm: str | None = None) -> Table:
        """The chance of having fallen by the end of each day."""
        return chances_table(self.arm(arm), self.question, self._pool_of(arm))

    def _pool_of(self, arm: str | None) -> Published | None:
        """What is published of an arm: of the baseline alone, a pool."""
        pool = self.published
        if pool is None or pool.alone or self.arm(arm) is not self.arms[0]:
            return None
        return pool

    def _scored(self, arm: str | None) -> dict[str, Sequence[float]]:
        """The CRPS of each place at risk, by the column that shows it."""
        if self.verdict is None or self.arm(arm) is not self.arms[0]:
            return {}
        verdict = self.verdict
        shown = {"crps": verdict.model, "crps_mechanism": verdict.mechanism}
        shown |= {f"crps_{one.name}": one for one in verdict.baselines}
        return {
            "".join(c if c.isalnum() else "_" for c in name).replace("__", "_"): (
                one.crps.tolist()
            )
            for name, one in shown.items()
        }

    def samples(self, arm: str | None = None) -> NDArray[np.float64]:
        """Days (R, P) on which places at risk fall, as a picture shows them.

        As published where the baseline is the only arm. Arms side by side are shown by
        the mechanism alone, as nothing else knows of interventions.
        """
        pool = self._pool_of(arm) if len(self.arms) == 1 else None
        return self.arm(arm).samples(self.question) if pool is None else pool.samples

    def chance_by_day(self, arm: str | None = None) -> NDArray[np.float64]:
        """The chances (P, days + 1) of having fallen; whose, as of `samples`."""
        pool = self._pool_of(arm) if len(self.arms) == 1 else None
        return self.arm(arm).chances(self.question) if pool is None else pool.chances

    def displaced(self, arm: str | None = None) -> Table:
        """People displaced by day, with bands."""
        return displaced_table(self.arm(arm), self.question)

    def hosted(self, arm: str | None = None) -> Table:
        """Displaced people by place and day, with bands."""
        return hosted_table(self.arm(arm), self.question)

    @cached_property
    def _comparisons(self) -> dict[str, ArmComparison]:
        base = self.arms[0]
        return {
            arm.label: comparison(base, arm, self.question) for arm in self.arms[1:]
        }

    def comparison(self, arm: str) -> ArmComparison:
        """What an arm changes against the baseline, paired by replica."""
        if self.arm(arm) is self.arms[0]:
            raise UsageError("the baseline is what the other arms are compared with")
        return self._comparisons[arm]

    def compared(self, arm: str) -> Table:
        """`comparison` by place, the greatest differences first."""
        return comparison_table(self.arm(arm), self.comparison(arm), self.question)

    def replica(self, number: int, arm: str | None = None) -> Replica:
        """All changes of one replica, told again from its draws."""
        ensemble = self.ensembles[self.arms.index(self.arm(arm))]
        changes, results = replica(ensemble, number)
        return Replica(
            scenario=self.scenario,
            arm=self.arm(arm).label,
            seed=self.scenario.seed,
            number=number,
            network=self.network,
            changes=changes,
            displaced=results.displaced[0].tolist(),
        )

    def branch(
        self, number: int, path: str | Path | None = None, *, arm: str | None = None
    ) -> Chronicle:
        """A replica as a chronicle, in a new file or in memory; it says WHAT-IF.

        It answers what a record answers, and no event of it can go into a record.
        """
        where = None if path is None else Path(path)
        return Chronicle(branch_of(self.replica(number, arm), self.start, where))

    def as_dict(self) -> dict[str, Any]:
        """What `chronicle run --format json` prints, as plain values."""
        scenario = self.scenario
        return {
            "scenario": {
                "id": scenario.id,
                "title": scenario.title,
                "file": scenario.file,
                "identity": scenario.identity,
                "parameters": scenario.draw,
                "posterior": (
                    None if scenario.posterior is None else scenario.posterior.digest
                ),
            },
            "branch": {
                "on": scenario.branch_at,
                "published_by": scenario.published_by,
                "known_at": scenario.known_at,
                "lens": scenario.lens,
                "position": self.start.position,
                "record": self.record,
                "horizon_days": scenario.horizon_days,
                "left_out": None if self.left_out is None else asdict(self.left_out),
            },
            "digest": self.digest,
            "replicas": scenario.replicas,
            "seed": scenario.seed,
            "engine": self.engine,
            "arms": [{"arm": arm.label, "digest": arm.digest} for arm in self.arms],
            "scores": self._scores(),
            "baselines": [] if self.verdict is None else self.verdict.rows(),
            "pool": self._pool(),
            "summary": self.summary(),
        }

    def _pool(self) -> dict[str, Any]:
        """The published pool as plain values, or why there is none."""
        pool = self.published
        if pool is None or pool.alone:
            return {"none": self.no_pool}
        return {
            "settings": pool.settings,
            "weights": {n: round(w, 4) for n, w in pool.weights.members.items()},
            "beta": list(pool.weights.beta),
            "league": [msgspec.to_builtins(one) for one in pool.pool.league.regimes],
            "cannot_tell": pool.limits(),
        }

    def _scores(self) -> dict[str, Any] | None:
        if self.verdict is None:
            return None
        people = self.people_verdict
        told = None if people is None else people.summary()
        return {**self.verdict.summary(), "displacement": told}

    def summary(self) -> dict[str, Any]:
        """A few numbers of each arm, and notes."""
        found: dict[str, Any] = {
            "what_if": "not what happened; a chance is a share of replicas",
            "settlements_at_risk": len(self.question.rows),
            "version": __version__,
        }
        if self.no_verdict:
            found["note"] = self.no_verdict
        if self.published is not None and not self.published.alone:
            said = float(self.published.chances[:, -1].sum())
            found["published"] = {"fallen_mean": round(said, 3)}
        for arm in self.arms:
            fallen = np.isfinite(arm.samples(self.question)).sum(axis=1)
            found[arm.label] = {"fallen_mean": round(float(fallen.mean()), 3)}
            if arm.results.displaced.size:
                last = arm.results.displaced[:, -1]
                found[arm.label]["displaced_mean"] = round(float(last.mean()))
        return found


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
    start, network, question = ready.start, ready.network, ready.question
    made = ready.ensembles
    asked = asked_of(scenario, chronicle.identity, start.position)
    place = None if folder is None else Path(folder)
    arms: list[Arm] = []
    with held_by(place, asked):
        for names, ensemble in zip(arms_of(scenario), made, strict=True):
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
    people_verdict = left_out = published = None
    no_pool = "this branches from a what-if, not from a record"
    verdict, why = None, "no scores: this branches from a what-if, not from a record"
    if not chronicle.what_if:
        events = list(chronicle.log())
        left_out = left_out_of(events, scenario, start.position)
        published, no_pool = published_of(
            arms[0],
            question,
            scenario,
            start,
            events,
            alone=alone or any(own),
        )
        if published is not None and published.alone:
            why = "fixed parameters, rules of one's own, or asked for alone"
            no_pool = f"{why}: a thought experiment under these rules"
        verdict, why = verification_of(
            arms[0], question, scenario, start, events, published
        )
        if verdict is not None:
            people_verdict = displacement_verification_of(
                arms[0], question, start, events
            )
    return Run(
        scenario=scenario,
        start=start,
        network=network,
        question=question,
        arms=tuple(arms),
        engine=made[0].chosen_engine,
        record=chronicle.identity,
        licence=licence or OF_THE_RECORD,
        verdict=verdict,
        no_verdict=why,
        people_verdict=people_verdict,
        left_out=left_out,
        published=published,
        no_pool=no_pool,
        ensembles=made,
    )


def _named(progress: Progress, label: str) -> Callable[[int, int], None]:
    return lambda done, every: progress(label, done, every)
