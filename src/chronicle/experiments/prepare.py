"""A scenario branched from a record, ready to run: what is asked, and its ensembles."""

from __future__ import annotations

from dataclasses import dataclass

from chronicle.api import Chronicle
from chronicle.domain.state import State
from chronicle.errors import InputError, UnknownId, UsageError, located
from chronicle.experiments.arms import ForecastTask, label_of, slug_of
from chronicle.experiments.draws import parameter_draws
from chronicle.simulation.engine.hooks import NO_RULES, OwnRules
from chronicle.simulation.ensemble.ensemble import Ensemble
from chronicle.simulation.network import Network
from chronicle.simulation.parameters import Parameters
from chronicle.simulation.scenario import Scenario
from chronicle.simulation.start import arms_of, defenders_of, network_of, orders_of

__all__ = ["Prepared", "prepared"]

SUMMARY = ("what_if", "settlements_at_risk", "version", "note", "published")
"""What stands beside the arms in a run's summary."""

MOST_CELLS = 50_000_000  # replicas by days by places that are kept by place and day


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A scenario branched from a record: what is asked, an ensemble for each arm."""

    start: State
    network: Network
    question: ForecastTask
    ensembles: tuple[Ensemble, ...]


def prepared(
    scenario: Scenario,
    chronicle: Chronicle,
    *,
    own: OwnRules = NO_RULES,
    people: bool = True,
) -> Prepared:
    """Branch *scenario* from *chronicle*, ready to run. Raises as `run_scenario`."""
    _check_names(scenario)
    start = _branch_state(scenario, chronicle)
    network = network_of(start, scenario, chronicle.find)
    made = tuple(
        _ensemble(scenario, names, network, chronicle, own, people)
        for names in arms_of(scenario)
    )
    question = ForecastTask.of(
        start,
        network.settlements,
        defenders_of(scenario),
        scenario.branch_at,
        scenario.horizon_days,
    )
    return Prepared(start=start, network=network, question=question, ensembles=made)


def _check_names(scenario: Scenario) -> None:
    """Each arm must have files of its own, and its own place in the summary."""
    taken: dict[str, str] = {}
    for names in arms_of(scenario):
        label, slug = label_of(names), slug_of(names)
        if label in SUMMARY:
            raise InputError(
                f"{scenario.file}: compare.arms: {label!r} is a word of the summary; "
                "give the intervention another name"
            )
        if slug in taken:
            raise InputError(
                f"{scenario.file}: compare.arms: {taken[slug]!r} and {label!r} would "
                "have the same files; give an intervention another name"
            )
        taken[slug] = label


def _branch_state(scenario: Scenario, chronicle: Chronicle) -> State:
    try:
        return chronicle.state(
            scenario.branch_at,
            scenario.known_at,
            scenario.published_by,
            scenario.lens,
        )
    except UnknownId as unknown:  # the source that the lens names
        raise InputError(f"{scenario.file}: scenario.lens: {unknown}") from None
    except UsageError as wrong:
        told = str(wrong).removeprefix("known_at: ")
        raise InputError(f"{scenario.file}: scenario.known_at: {told}") from None


def _ensemble(
    scenario: Scenario,
    names: tuple[str, ...],
    network: Network,
    chronicle: Chronicle,
    own: OwnRules,
    people: bool,
) -> Ensemble:
    """The ensemble of an arm; mistakes are told with the name of the file."""
    orders = orders_of(scenario, names, network, chronicle.find)
    cells = scenario.replicas * scenario.horizon_days * network.count
    with located(str(scenario.file)):
        parameters = Parameters.of(scenario.rules)
        return Ensemble(
            network,
            parameters,
            orders,
            seed=scenario.seed,
            horizon=scenario.horizon_days,
            replicas=scenario.replicas,
            thetas=parameter_draws(scenario, parameters),
            people=people,
            hosted_by_day=people and cells <= MOST_CELLS,
            engine=scenario.engine,
            hooks=own.hooks,
            processes=own.processes,
        )
