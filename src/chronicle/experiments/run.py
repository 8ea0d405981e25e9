"""Run a scenario on a record: branch, arms with the same draws, verdict."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from chronicle.api import Chronicle
from chronicle.domain.state import State
from chronicle.domain.table import Table
from chronicle.errors import UsageError
from chronicle.experiments.arms import BASELINE, Arm, ForecastTask, comparison
from chronicle.experiments.displacement_verification import (
    DisplacementVerification,
)
from chronicle.experiments.published import Published
from chronicle.experiments.tables import (
    arrivals_table,
    chances_table,
    comparison_table,
    displaced_table,
    hosted_table,
)
from chronicle.experiments.verification import (
    Verification,
    recorded_days,
)
from chronicle.simulation.ensemble.ensemble import Ensemble, replica
from chronicle.simulation.network import Network
from chronicle.simulation.recording import Replica, branch_of
from chronicle.simulation.scenario import Scenario
from chronicle.verification.comparison import ArmComparison
from chronicle.verification.excluded import LeftOut
from chronicle.version import __version__

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Progress",
    "Run",
]

Progress = Callable[[str, int, int], None]
"""Called with an arm, its replicas done, and its replicas in all."""


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

    def as_dict(self) -> dict[str, object]:
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

    def _pool(self) -> dict[str, object]:
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

    def _scores(self) -> dict[str, object] | None:
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
