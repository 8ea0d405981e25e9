"""What a scenario file may say, and what one says, before anything is run.

The kinds, the tables and their keys are those that the reader of scenarios has; only
their meanings stand here.
"""

from __future__ import annotations

from datetime import timedelta

from chronicle.domain.table import Table
from chronicle.experiments.arms import label_of
from chronicle.experiments.draws import ranges_told
from chronicle.report.warnings import posterior_alarm
from chronicle.report.wording import NO_INTERVENTION, force_words, order_words
from chronicle.simulation import scenario_file as schema
from chronicle.simulation.interventions import KINDS
from chronicle.simulation.parameters import TABLE, Parameters
from chronicle.simulation.scenario import DEFAULT_LENS, Scenario

__all__ = [
    "asked_table",
    "keys_table",
    "kinds_table",
    "lens_words",
    "parameters_table",
]

PLACES = "place or places"
MEANT: dict[str, tuple[str, str]] = {
    "hold": (
        f"{PLACES}, extra_days, from, until",
        "sieges that begin in that time last longer; without from also those under "
        "way at the branch",
    ),
    "close_route": (
        "route, from, until",
        "nobody passes; the route names direct neighbours, one after the other",
    ),
    "open_corridor": (
        "route, from, until",
        "people pass and forces do not, by the shortest registered way along the route",
    ),
    "ceasefire": (
        "parties, from, until",
        "arms rest between the parties, without parties everywhere; it may break early "
        "at the rate ceasefire_break",
    ),
    "reinforce": (
        f"{PLACES}, factor, from",
        "on that day garrisons and what is left of sieges grow by the factor",
    ),
    "transfer": (
        f"{PLACES}, actor, from",
        "handed over to the actor on that day, without violence",
    ),
    "capacity": (
        f"{PLACES}, capacity, from",
        "room for displaced people from that day on; without capacity no limit",
    ),
}
"""What each kind of intervention uses beside its name, and what it does."""

KEYS: dict[str, dict[str, str]] = {
    "scenario": {
        "id": "a word that names the scenario; needed",
        "title": "a line that says what is asked",
        "about": "paragraphs for the report",
        "branch_at": "the day at whose end the run begins; needed",
        "published_by": "only reports published by this day; the branch day: no "
        "hindsight. Undated reports are left out",
        "known_at": "only what the log held by a day, a time or '@POSITION'",
        "lens": "latest, graded, majority, source:ID or cautious[:DAYS]: how reports "
        "become control, at the branch and in what came to pass; latest without it",
        "horizon_days": "how many days to run, 14 without it",
        "offensive_since": "forces that took places since this day, and in the last "
        "three, are on the move at the branch",
    },
    "ensemble": {
        "replicas": "how often each arm is run, 1,000 without it",
        "seed": "names the draws: the same seed, the same run",
        "engine": "auto, simpy, heap or numba; all give the same results",
        "parameters": "prior, without it: each replica draws its own; fixed: the "
        "defaults; or the file of a posterior beside the scenario, which chronicle "
        "calibrate makes",
    },
    "force": {
        "actors": "who advances; needed",
        "against": "on whose places; needed. Those of the first force are scored",
        "supply": "places that it is supplied from; without them it always is",
        "risings": 'places that may rise for the first actor, or "everywhere"',
    },
    "intervention": {
        "name": "what arms call it; without it the kind",
        "kind": "one of the kinds",
        "place": "a settlement by id or name",
        "places": "several of them",
        "route": "settlements along a way",
        "from": "the first day, after the branch; without it from the branch on",
        "until": "the first day on which it is over: exclusive",
        "actor": "who gets a place",
        "parties": "between whom arms rest",
        "extra_days": "by how many days sieges last longer",
        "factor": "what garrisons are multiplied by",
        "capacity": "for how many displaced people there is room",
    },
    "compare": {
        "arms": "lists of names of interventions, an arm each; without it one arm has "
        "all of them. The baseline is always there",
    },
}
"""What each key of each table of a scenario file means."""


def kinds_table() -> Table:
    """The kinds of intervention, what keys they use, and what they do."""
    rows = [(kind, *MEANT[kind]) for kind in KINDS]
    return Table(("kind", "keys", "meaning"), rows, "Kinds of [[intervention]]")


def keys_table() -> Table:
    """All keys that a scenario file may have."""
    many = ("force", "intervention")  # tables that may be there more than once
    rows = [
        (f"[[{table}]]" if table in many else f"[{table}]", key, KEYS[table][key])
        for table, keys in schema.KEYS.items()
        for key in keys
    ]
    rows.append(("[rules]", "a parameter", "its value, which no replica draws then"))
    header = "Keys of a scenario file; days are bare: 2024-11-30"
    return Table(("table", "key", "meaning"), rows, header)


def lens_words(scenario: Scenario) -> str:
    """The lens of a scenario, and whether it is the one that nobody named."""
    if scenario.lens == DEFAULT_LENS:
        return f"{scenario.lens}, as where a scenario names no lens"
    return f"{scenario.lens}, at the branch and in what came to pass"


def asked_table(scenario: Scenario) -> Table:
    """What a scenario asks, line by line."""
    by = scenario.published_by
    clock = "as known now" if by is None else f"as published by {by}"
    if scenario.hindsight:
        clock += ", with hindsight"
    if scenario.known_at is not None:
        clock += f", known at {scenario.known_at}"
    last = scenario.branch_at + timedelta(days=scenario.horizon_days)
    since = scenario.offensive_since
    rows = [
        ("branch", f"end of {scenario.branch_at} (UTC), {clock}"),
        ("lens", lens_words(scenario)),
        ("run forward", f"{scenario.horizon_days} days, to {last}"),
        (
            "offensive",
            f"under way since {since}" if since else "begins after the branch",
        ),
        ("replicas", f"{scenario.replicas:,} of each arm, seed {scenario.seed}"),
    ]
    rows += [
        (f"force {number}", force_words(force))
        for number, force in enumerate(scenario.forces, 1)
    ]
    rows += [
        (f"intervention {number}", f"{order.name}: {order_words(order, scenario)}")
        for number, order in enumerate(scenario.orders, 1)
    ]
    every = tuple(dict.fromkeys(order.name for order in scenario.orders))
    arms = scenario.arms or ((every,) if every else ())
    rows.append(("arm", NO_INTERVENTION))
    rows += [("arm", label_of(names)) for names in dict.fromkeys(arms)]
    if remark := posterior_alarm(scenario):
        rows.append(("remark", remark))
    title = scenario.title or scenario.id
    return Table(("asked", "says"), rows, f"WHAT-IF, not what happened: {title}")


def parameters_table(scenario: Scenario | None = None) -> Table:
    """The parameters; for a scenario with the value or range in use, and where from."""
    if scenario is None:
        rows = [
            (p.name, f"{p.default:g}", f"{p.low:g} to {p.high:g}", p.unit, p.source)
            for p in TABLE
        ]
        columns = ("parameter", "default", "prior", "unit", "source")
        return Table(columns, rows, "Parameters, for [rules]")
    used = Parameters.of(scenario.rules)
    ranges = ranges_told(scenario)
    fitted = scenario.posterior.parameters if scenario.posterior is not None else ()
    told: list[tuple[str, ...]] = []
    for p in TABLE:
        if p.name in scenario.rules:
            how = "rules"
        elif p.name in ranges:
            how = "fitted" if p.name in fitted else "prior"
        else:
            how = "default"
        value = ranges.get(p.name, f"{getattr(used, p.name):g}")
        told.append(
            (
                *(p.name, value.removesuffix(" (fitted)"), how, f"{p.default:g}"),
                *(f"{p.low:g} to {p.high:g}", p.unit, p.source),
            )
        )
    head = (
        "Parameters: from a range in use each replica draws its own value; where "
        "it was fitted it holds nine values in ten"
    )
    names = ("parameter", "in_use", "how", "default", "prior", "unit", "source")
    return Table(names, list(told), head)
