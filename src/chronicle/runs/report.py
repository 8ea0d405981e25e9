"""The report of a run: one HTML file, whole without a network, honest on its face.

Everything that came from a file or a record is escaped; pictures are data URIs; there
is no script at all, and the page's own policy forbids one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chronicle.errors import StorageError
from chronicle.runs.arms import Arm
from chronicle.runs.beside import changes_table, differing, places_table
from chronicle.runs.draws import ranges_told
from chronicle.runs.markup import (
    POLICY,
    STYLE,
    definitions,
    graphs,
    paragraphs,
    picture,
    table,
)
from chronicle.runs.people_verdict import people_table
from chronicle.runs.pictures import (
    MOST_CURVES,
    arms_svg,
    curves_svg,
    draw_run,
    fallen_table,
    line_key,
    titles,
)
from chronicle.runs.verdict import verdict_table
from chronicle.tables import Table
from chronicle.whatif.parameters import TABLE
from chronicle.whatif.scenario import Scenario

if TYPE_CHECKING:
    from chronicle.runs.run import Run

__all__ = ["report_html", "write_report"]


def write_report(
    run: Run, path: Path, pictures: Mapping[str, Path] | None = None
) -> Path:
    """Write the report of *run*; without *pictures* they are drawn for it."""
    if pictures is None and find_spec("matplotlib"):
        with tempfile.TemporaryDirectory() as folder:
            drawn = draw_run(run, Path(folder))
            text = report_html(run, {k: v.read_bytes() for k, v in drawn.items()})
    else:
        given = pictures or {}
        text = report_html(run, {k: v.read_bytes() for k, v in given.items()})
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as broken:
        raise StorageError(f"cannot write {path}: {broken.strerror}") from None
    return path


def report_html(run: Run, pictures: Mapping[str, bytes]) -> str:
    """The report with *pictures* (title to PNG)."""
    title = run.scenario.title or run.scenario.id
    parts = [
        _mark(run),
        f"<main>{_contents(run)}<h1>{escape(title)}</h1>",
        paragraphs(run.scenario.about),
        _facts(run),
        _answer(run),
        _changes(run),
        _verdict(run),
        *(_arm(run, arm, pictures) for arm in run.arms),
        _left(run, pictures),
        _assumed(run),
        _limits(run),
        _provenance(run),
        "</main>",
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>What-if: {escape(title)}</title><style>{STYLE}</style></head>"
        f"<body>{''.join(parts)}</body></html>\n"
    )


def _mark(run: Run) -> str:
    told = f"seed {run.scenario.seed} · {run.scenario.replicas:,} replicas"
    return (
        '<div class="mark">WHAT-IF — not what happened <span>· '
        f"{escape(told)} · assumptions, baselines and coverage below</span></div>"
    )


def _contents(run: Run) -> str:
    """Links to the arms, where there are several to look for."""
    if len(run.arms) == 1:
        return ""
    links = "".join(
        f'<a href="#{_anchor(run, arm)}">{escape(arm.label)}</a>' for arm in run.arms
    )
    return f'<nav><a href="#arms">What the arms change</a>{links}</nav>'


def _anchor(run: Run, arm: Arm) -> str:
    return f"arm-{run.arms.index(arm)}"


def _facts(run: Run) -> str:
    scenario = run.scenario
    clock = f"the end of {scenario.branch_at} (UTC), position {run.start.position}"
    by = scenario.published_by
    clock += ", as known now" if by is None else f", as published by {by}"
    clock += ": with hindsight" if scenario.hindsight else ": no hindsight"
    if scenario.known_at is not None:
        clock += f", known at {scenario.known_at}"
    facts = {
        "Branched from": clock,
        "Offensive under way": (
            f"since {scenario.offensive_since}: forces are on the move, and places may "
            "have fallen by the branch unreported"
            if scenario.offensive_since
            else "not said: all forces set out after the branch"
        ),
        "Run forward": f"{scenario.horizon_days} days, to {run.question.days[-1]}",
        "At risk": (
            f"{len(run.question.rows)} of {len(run.question.settlements)} settlements"
        ),
        "Arms": ", ".join(arm.label for arm in run.arms),
        "Replicas": f"{scenario.replicas:,} of each arm, with the same draws",
        "Seed": str(scenario.seed),
        "Coverage": _coverage(run),
    }
    return definitions(facts)


def _coverage(run: Run) -> str:
    if run.verdict is None:
        return run.no_verdict
    told = run.verdict.summary()
    return (
        f"the 90% intervals of the {run.arms[0].label} held {told['cover_90']:.0%} of "
        f"what was recorded, the 50% intervals {told['cover_50']:.0%}, over all "
        f"{told['settlements']} places at risk"
    )


def _answer(run: Run) -> str:
    return "<h2>In short</h2>" + table(fallen_table(run))


RECORDED = "Dashed red: the day on which it was recorded to have fallen."
MEANINGS = (
    "Differences are of pairs: replica by replica, with the same draws. Half width: of "
    "the 95 % interval of the mean. Sooner, same, later: shares of the replicas; "
    "benefit: the share in which a place falls later, or not at all instead. Replicas "
    "needed: for a half-width of a quarter of a day; variance ratio: how many times "
    "fewer that is than with draws of their own."
)


def _changes(run: Run) -> str:
    """What the arms change, side by side; nothing for a baseline alone."""
    if len(run.arms) == 1:
        return ""
    parts = [
        '<h2 id="arms">What the arms change</h2>',
        f'<p class="quiet">{MEANINGS}</p>',
        table(changes_table(run)),
    ]
    places = differing(run, MOST_CURVES)
    if len(run.arms) > 2 and places:
        keys = "".join(
            f"<li>{line_key(number)} {escape(arm.label)}</li>"
            for number, arm in enumerate(run.arms)
        )
        parts += [
            table(places_table(run, 15)),
            "<h3>Chance of having fallen by day, where the arms differ most</h3>",
            f'<ul class="keys">{keys}</ul>',
            f'<p class="quiet">{RECORDED if run.verdict else ""}</p>',
            graphs(arms_svg(run, places), "large"),
        ]
    return "".join(parts)


def _verdict(run: Run) -> str:
    head = "<h2>Against what was recorded, and the baselines</h2>"
    if run.verdict is None:
        return f"{head}<p>{escape(run.no_verdict)}</p>"
    best = run.verdict.baselines[run.verdict.best]
    apart = run.verdict.differences[run.verdict.best]
    better = (apart.mean or 0.0) < 0
    sure = (apart.high or 0.0) < 0 or (apart.low or 0.0) > 0
    told = (
        f"The model's mean CRPS is {abs(apart.mean or 0.0):.2f} days "
        f"{'better' if better else 'worse'} than that of the best baseline, "
        f"“{best.name}” (90% interval of the difference "
        f"{apart.low or 0.0:+.2f} to {apart.high or 0.0:+.2f} days"
        f"{'' if sure else ', which holds 0: they cannot be told apart'})."
    )
    found = f"{head}<p>{escape(told)}</p>" + table(
        verdict_table(run.verdict), bold=(0,)
    )
    if run.people_verdict is not None:
        found += table(people_table(run.people_verdict))
    return found


def _arm(run: Run, arm: Arm, pictures: Mapping[str, bytes]) -> str:
    parts = [f'<h2 id="{_anchor(run, arm)}">Arm: {escape(arm.label)}</h2>']
    if arm is not run.arms[0]:
        compared = run.compared(arm.label)
        parts.append(table(compared, most=15))
    parts.append("<h3>Chance of having fallen by day, largest places</h3>")
    words = "Blue: this arm."
    if arm is not run.arms[0]:
        words += " Pale: the baseline."
    if run.verdict is not None:
        words += f" {RECORDED}"
    parts.append(f'<p class="quiet">{words}</p>')
    parts.append(graphs(curves_svg(run, arm)))
    mine = titles(run, arm)
    parts += [picture(title, pictures[title]) for title in mine if title in pictures]
    parts.append("<details><summary>All places at risk</summary>")
    parts.append(table(run.arrivals(arm.label)))
    parts.append("</details><details><summary>People displaced by day</summary>")
    parts.append(table(run.displaced(arm.label)))
    parts.append("</details>")
    return "".join(parts)


def _left(run: Run, pictures: Mapping[str, bytes]) -> str:
    told = {title for arm in run.arms for title in titles(run, arm)}
    return "".join(
        picture(title, png) for title, png in pictures.items() if title not in told
    )


def _assumed(run: Run) -> str:
    rows = []
    for number, force in enumerate(run.scenario.forces, 1):
        supply = ", ".join(force.supply) or "always"
        rows.append(
            (
                f"force {number}",
                f"{', '.join(force.actors)} advance on places of "
                f"{', '.join(force.against)} and of nobody; supply: {supply}; "
                f"may rise: {', '.join(force.risings) or 'none'}",
            )
        )
    rows += [
        (one.label, _order(run, one))
        for ensemble in run.ensembles
        for one in ensemble.interventions
    ]
    orders = Table(("assumption", "says"), list(dict.fromkeys(rows)))
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
    guessed = int(run.terrain.guessed.sum())
    return (
        "<h2>Assumptions</h2>"
        + table(orders)
        + f"<p>The population of {guessed} of {run.terrain.count} settlements is not "
        "known; each counts as 1,000 people.</p>"
        + "<details><summary>All parameters</summary>"
        + table(values)
        + "</details>"
    )


def _order(run: Run, one: Any) -> str:
    told = [one.kind.replace("_", " "), ", ".join(one.places)]
    if one.day > 0:
        told.append(f"from {run.question.day(int(one.day) + 1)}")
    if one.until < float("inf"):
        told.append(f"until {run.question.day(int(one.until) + 1)}")
    told.append(f"{one.extra_days:g} more days" if one.extra_days else "")
    told.append(f"garrisons times {one.factor:g}" if one.factor != 1 else "")
    told.append(f"to {one.actor}" if one.actor else "")
    told.append(f"between {', '.join(one.parties)}" if one.parties else "")
    told.append(f"room for {one.capacity:,.0f}" if one.capacity is not None else "")
    return "; ".join(part for part in told if part)


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


def _limits(run: Run) -> str:
    return (
        "<h2>What this is not</h2><ul>"
        + "".join(f"<li>{escape(limit)}</li>" for limit in LIMITS)
        + "</ul>"
    )


def _provenance(run: Run) -> str:
    from chronicle.runs.files import versions

    facts = {
        "Scenario": f"{run.scenario.file}, identity {run.scenario.identity}",
        "Record": f"{run.record}, position {run.start.position}",
        "Parameters": _drawn_from(run.scenario),
        "Digest": run.digest,
        "Digests of arms": "; ".join(f"{a.label}: {a.digest}" for a in run.arms),
        "Engine": f"{run.engine}; all engines give the same digest",
        "Versions": ", ".join(f"{k} {v}" for k, v in versions().items()),
        "Data": run.licence,
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
