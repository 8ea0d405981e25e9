"""The end of a report: assumptions, limits, words, provenance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronicle.domain.table import Table
from chronicle.experiments.draws import ranges_told
from chronicle.report.markup import definitions, table
from chronicle.report.wording import force_words
from chronicle.simulation.parameters import TABLE
from chronicle.simulation.scenario import Scenario

if TYPE_CHECKING:
    from chronicle.experiments.run import Run

__all__ = ["assumed", "limits", "provenance", "words"]

LIMITS = (
    "A what-if is neither a record nor a prediction to act on: it shows what the "
    "stated assumptions lead to.",
    "Settlements and days are the finest it knows: there are no units, no positions "
    "and no strengths in it.",
    "A chance is a share of replicas. Their spread is that of the model; how far the "
    "model itself is off, only coverage can tell.",
    "A place of which nothing was reported is not quiet; it is where the record is "
    "silent.",
)
WORDS = {
    "baseline": (
        "the arm without any intervention, which the other arms are compared with. The "
        "simple forecasts that the model is scored against are called baselines by "
        "those who score, and a baseline report of a record is what is assumed at its "
        "start: three things"
    ),
    "by the branch day": "had fallen by then, but no report that the run saw said so",
    "crps": (
        "continuous ranked probability score: how far the forecast days lie from the "
        "recorded one, in days; 0 is best"
    ),
    "brier": (
        "mean squared difference between the chance that a place has fallen by a day "
        "and whether it had, over all days; 0 is best"
    ),
    "log": (
        "minus the logarithm of the chance given to the day that came true; 0 is best, "
        "and sure mistakes cost most"
    ),
    "cover": (
        "the share of places whose recorded day lies in the middle 50 or 90% of the "
        "replicas; less than 50 or 90% is too sure of itself"
    ),
    "pit": (
        "the same from the probability integral transform, which gives a day that many "
        "replicas share its part"
    ),
    "skill": "1 less the CRPS over that of the simple forecast; above 0 is ahead of it",
    "model ahead": "the CRPS of a simple forecast less that of the model, in days",
    "p05, p25, p50, p75, p95": (
        "the first day by which that share of the replicas, in per cent, had lost the "
        "place; never: not within the run"
    ),
    "peaceful": "the share of a place's falls that were without violence",
    "came from": "the place that most of the attacks on a place came from",
    "benefit": (
        "the share of pairs of replicas in which a place falls later, or not at all "
        "instead: no judgement of good or bad"
    ),
    "half width": (
        "of the 95% interval of a mean difference over pairs of replicas, in its unit; "
        "without any effect one place in twenty would exceed it"
    ),
    "replicas needed": (
        "for a half width of a quarter of a day, or for people of a hundredth of the "
        "baseline"
    ),
    "variance ratio": (
        "how many times more replicas that would take if the arms did not share their "
        "draws"
    ),
    "people-days over the run": "people displaced, summed over the days of the run",
}


def assumed(run: Run) -> str:
    """Who does what by which rules, with the values of all parameters."""
    rows = [
        (f"force {number}", force_words(force))
        for number, force in enumerate(run.scenario.forces, 1)
    ]
    used = run.ensembles[0].parameters
    ranges = ranges_told(run.scenario)
    values = Table(
        ("parameter", "value", "unit", "source"),
        [
            (
                row.name,
                ranges.get(row.name)
                or f"{getattr(used, row.name):g}"
                + (" (set)" if row.name in run.scenario.rules else ""),
                row.unit,
                row.source,
            )
            for row in TABLE
        ],
        "Where a range stands, each replica draws its own value from it; a fitted one "
        "holds nine values in ten.",
    )
    guessed = int(run.network.guessed.sum())
    return (
        "<h2>Assumptions</h2>"
        + table(Table(("assumption", "says"), rows))
        + f"<p>The population of {guessed} of {run.network.count} settlements is not "
        "known; each counts as 1,000 people.</p>"
        + "<details><summary>All parameters</summary>"
        + table(values)
        + "</details>"
    )


def limits() -> str:
    """What a what-if is not."""
    return (
        "<h2>What this is not</h2><ul>"
        + "".join(f"<li>{limit}</li>" for limit in LIMITS)
        + "</ul>"
    )


def words() -> str:
    """The words of the tables, and what they stand for."""
    return '<h2 id="words">Words</h2>' + definitions(WORDS)


def provenance(run: Run) -> str:
    """What names the run, so that it can be made again."""
    from chronicle.experiments.files import versions

    facts = {
        "Scenario": f"{run.scenario.file}, identity {run.scenario.identity}",
        "Record": f"{run.record}, position {run.start.position}",
        "Parameters": _drawn_from(run.scenario),
        "Digest": run.digest,
        "Digests of arms": "; ".join(f"{a.label}: {a.digest}" for a in run.arms),
        "Engine": f"{run.engine}; all engines give the same digest",
        "Versions": ", ".join(f"{k} {v}" for k, v in versions().items()),
        "Data": run.licence.removeprefix("Data: "),
    }
    return "<h2>Provenance</h2>" + definitions(facts)


def _drawn_from(scenario: Scenario) -> str:
    posterior = scenario.posterior
    if posterior is None:
        return scenario.draw
    made = posterior.made
    return (
        f"{scenario.draw}, digest {posterior.digest}: fitted to {made.since} to "
        f"{made.until} as published by {made.published_by}, seed {made.seed}"
    )
