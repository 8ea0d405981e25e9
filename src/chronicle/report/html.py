"""The report of a run: one HTML file, whole without a network, honest on its face.

Everything that came from a file or a record is escaped; charts and maps are SVG in the
page; there is no script at all, and the page's own policy forbids one.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from chronicle.errors import StorageError
from chronicle.experiments.arms import Arm
from chronicle.experiments.displacement_verification import displacement_table
from chronicle.experiments.tables import effect_told
from chronicle.experiments.verification import verification_table
from chronicle.report.appendix import assumed, limits, provenance, words
from chronicle.report.comparison import (
    changes_table,
    differing,
    named,
    places_table,
    with_areas,
)
from chronicle.report.counts import counts_figure
from chronicle.report.explain import lens_words
from chronicle.report.figures import (
    MOST_CURVES,
    arms_svg,
    curves_svg,
    fallen_table,
    line_key,
    seen_key,
)
from chronicle.report.front import front
from chronicle.report.markup import (
    POLICY,
    STYLE,
    definitions,
    graphs,
    paragraphs,
    table,
    warnings,
)
from chronicle.report.warnings import (
    coverage_alarm,
    people_alarm,
    people_left_out,
    posterior_alarm,
    skill_alarm,
)
from chronicle.report.wording import NO_INTERVENTION, arm_words, force_words

if TYPE_CHECKING:
    from chronicle.experiments.run import Run

__all__ = ["report_html", "write_report"]


def write_report(run: Run, path: str | Path) -> Path:
    """Write the report of *run*: one file, its charts and maps in it."""
    path = Path(path)
    try:
        path.write_text(report_html(run), encoding="utf-8")
    except OSError as broken:
        raise StorageError(f"cannot write {path}: {broken.strerror}") from None
    return path


def report_html(run: Run) -> str:
    """The report: its answer first, then how far to trust it, its tables below."""
    title = run.scenario.title or run.scenario.id
    parts = [
        _mark(run),
        f"<main>{_contents(run)}<h1>{escape(title)}</h1>",
        paragraphs(run.scenario.about),
        front(run, warnings(_capital(one) for one in _alarms(run))),
        _asked(run),
        _facts(run),
        _answer(run),
        _changes(run),
        _verdict(run),
        *(_arm(run, arm) for arm in run.arms),
        assumed(run),
        limits(),
        words(),
        provenance(run),
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
        f"{escape(told)} · assumptions, scores and coverage below</span></div>"
    )


def _contents(run: Run) -> str:
    """Links to the arms, where there are several to look for, and to the words."""
    if len(run.arms) == 1:
        return ""
    links = "".join(
        f'<a href="#{_anchor(run, arm)}">{escape(arm.label)}</a>' for arm in run.arms
    )
    return (
        f'<nav><a href="#arms">What the arms change</a>{links}'
        '<a href="#words">Words</a></nav>'
    )


def _anchor(run: Run, arm: Arm) -> str:
    return f"arm-{run.arms.index(arm)}"


def _alarms(run: Run) -> list[str]:
    found = (skill_alarm(run), coverage_alarm(run), posterior_alarm(run.scenario))
    return [one for one in found if one]


def _capital(told: str) -> str:
    """A sentence of its own."""
    return f"{told[:1].upper()}{told[1:]}."


def _asked(run: Run) -> str:
    """What each arm does, in words to brief from."""
    forces = "; ".join(force_words(force) for force in run.scenario.forces)
    told = {NO_INTERVENTION: f"all goes on as at the branch: {forces}"}
    told |= {arm.label: "; and ".join(arm_words(run, arm)) for arm in run.arms[1:]}
    return "<h2>Asked</h2>" + definitions(told)


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
        "Lens": lens_words(scenario),
        "Offensive under way": (
            f"since {scenario.offensive_since}: who took a place in the last days "
            "is on the move, and may have taken another unreported"
            if scenario.offensive_since
            else "not said: all forces set out after the branch"
        ),
        "Run forward": f"{scenario.horizon_days} days, to {run.question.days[-1]}",
        "At risk": (
            f"{len(run.question.rows)} of {len(run.question.settlements)} settlements"
        ),
        "Arms": ", ".join([NO_INTERVENTION, *(arm.label for arm in run.arms[1:])]),
        "Replicas": f"{scenario.replicas:,} of each arm, with the same draws",
        "Seed": str(scenario.seed),
        "Coverage": _coverage(run),
    }
    if run.left_out is not None:
        facts["Left out"] = f"published_by leaves out {run.left_out.describe()}"
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
    people = people_alarm(run)
    return (
        "<h2>In short</h2>"
        + table(fallen_table(run, people=not people_left_out(run)))
        + warnings([_capital(people)] if people else [])
    )


RECORDED = (
    "Line with a triangle: the day on which it was recorded to have fallen; at the "
    "left end, that it had fallen by the branch."
)
MEANINGS = (
    "Differences are of pairs: replica by replica, with the same draws. Sooner, same, "
    "later: shares of the replicas. All words are explained at the end."
)


def _changes(run: Run) -> str:
    """What the arms change, side by side; nothing for a baseline alone."""
    if len(run.arms) == 1:
        return ""
    parts = [
        '<h2 id="arms">What the arms change</h2>',
        *(
            f"<p><b>{escape(arm.label)}</b>: "
            f"{escape(effect_told(run.comparison(arm.label)))}</p>"
            for arm in run.arms[1:]
        ),
        f'<p class="quiet">{MEANINGS}</p>',
        table(changes_table(run)),
    ]
    places = differing(run, MOST_CURVES)
    if len(run.arms) > 2 and places:
        keys = "".join(
            f"<li>{line_key(number)} {escape(arm.label)}</li>"
            for number, arm in enumerate(run.arms)
        )
        keys += f"<li>{seen_key()} recorded</li>" if run.verdict else ""
        parts += [
            table(places_table(run, 15)),
            "<h3>Chance of having fallen by day, where the arms differ most</h3>",
            f'<ul class="keys">{keys}</ul>',
            f'<p class="quiet">{RECORDED if run.verdict else ""}</p>',
            graphs(arms_svg(run, places), "large"),
        ]
    return "".join(parts)


def _verdict(run: Run) -> str:
    head = "<h2>Against what was recorded, and simple forecasts (baselines)</h2>"
    if run.verdict is None:
        return f"{head}<p>{escape(run.no_verdict)}</p>"
    best = run.verdict.baselines[run.verdict.best]
    apart = run.verdict.differences[run.verdict.best]
    lead, low, high = (-(x or 0.0) for x in (apart.mean, apart.high, apart.low))
    sure = low > 0 or high < 0
    told = (
        f"In mean CRPS what is published is {abs(lead):.2f} days "
        f"{'ahead of' if lead >= 0 else 'behind'} the best simple forecast, "
        f"“{best.name}”; the 90% interval of its lead is {low:.2f} to {high:.2f} days"
        f"{'' if sure else ', which holds 0: they cannot be told apart'}."
    )
    found = f"{head}<p>{escape(told)}</p>" + table(
        verification_table(run.verdict), bold=(0,)
    )
    if run.people_verdict is not None:
        found += table(with_areas(displacement_table(run.people_verdict), run))
        if people_left_out(run):  # else they stand on the front
            found += counts_figure(run)
    return found


def _arm(run: Run, arm: Arm) -> str:
    label = NO_INTERVENTION if arm is run.arms[0] else arm.label
    parts = [f'<h2 id="{_anchor(run, arm)}">Arm: {escape(label)}</h2>']
    if arm is not run.arms[0]:
        asked = "; and ".join(arm_words(run, arm))
        compared = named(run.compared(arm.label), run.question)
        file = f"compared-{arm.slug}"
        rest = f"the file {file} of chronicle run --out has all"
        parts.append(f"<p>{escape(_capital(asked))}</p>")
        parts.append(table(compared, most=15, rest=rest))
    parts.append("<h3>Chance of having fallen by day, largest places</h3>")
    words = "Blue: this arm."
    if arm is not run.arms[0]:
        words += " Pale: the baseline."
    if run.verdict is not None:
        words += f" {RECORDED}"
    parts.append(f'<p class="quiet">{words}</p>')
    parts.append(graphs(curves_svg(run, arm)))
    parts.append("<details><summary>All places at risk</summary>")
    parts.append(table(named(run.arrivals(arm.label), run.question)))
    parts.append("</details><details><summary>People displaced by day</summary>")
    parts.append(table(run.displaced(arm.label)))
    parts.append("</details>")
    return "".join(parts)
