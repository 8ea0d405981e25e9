"""The report of a run: one HTML file, whole without a network, honest on its face.

Everything that came from a file or a record is escaped; pictures are data URIs; there
is no script at all, and the page's own policy forbids one.
"""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chronicle.errors import StorageError
from chronicle.runs.arms import Arm
from chronicle.runs.draws import ranges_told
from chronicle.runs.pictures import curves_svg, draw_run, fallen_table
from chronicle.runs.verdict import verdict_table
from chronicle.tables import Table
from chronicle.whatif.parameters import TABLE
from chronicle.whatif.scenario import Scenario

if TYPE_CHECKING:
    from chronicle.runs.run import Run

__all__ = ["report_html", "write_report"]

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
STYLE = """
:root{--ink:#222;--quiet:#5c5c5c;--line:#d8d8d4;--mark:#6B1839;--blue:#1F4E79}
*{box-sizing:border-box}
body{margin:0;color:var(--ink);background:#fff;font:15px/1.5 system-ui,sans-serif}
main{max-width:66rem;margin:0 auto;padding:1rem 1.25rem 4rem}
.mark{position:sticky;top:0;z-index:1;background:var(--mark);color:#fff;
 padding:.5rem 1.25rem;font-weight:600}
.mark span{font-weight:400}
h1{font-size:1.7rem;line-height:1.2;margin:1.4rem 0 .3rem}
h2{font-size:1.2rem;margin:2.4rem 0 .5rem;padding-top:.7rem;
 border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.4rem 0 .4rem}
p{max-width:46rem;margin:.5rem 0}
.quiet,caption,figcaption,dt{color:var(--quiet)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.2rem;margin:.6rem 0}
dd{margin:0;overflow-wrap:anywhere}
.wide{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-size:13px;margin:.6rem 0}
caption{text-align:left;padding:.2rem 0 .4rem}
th,td{padding:.2rem .6rem .2rem 0;text-align:left;vertical-align:top;white-space:nowrap;
 border-bottom:1px solid #eee}
th{border-bottom:1px solid var(--ink);font-weight:600}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
td.prose{white-space:normal;min-width:16rem}
tr.model td{font-weight:600}
figure{margin:1rem 0}
figure img{max-width:100%;height:auto;border:1px solid var(--line)}
.curves{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));
 gap:.8rem}
.curves figure{margin:0}
.curves svg{width:100%;height:auto}
.curves path{fill:none}
.axes{stroke:#999}.ours{stroke:var(--blue);stroke-width:2.2}
.base{stroke:#9db7cd;stroke-width:2.2}.seen{stroke:#CC3311;stroke-dasharray:3 2}
.curves text{font-size:9px;fill:var(--quiet)}
details{margin:.6rem 0}summary{cursor:pointer;color:var(--blue)}
ul{max-width:46rem;padding-left:1.2rem}
"""


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
        f"<main><h1>{escape(title)}</h1>",
        _paragraphs(run.scenario.about),
        _facts(run),
        _answer(run),
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


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n") if part)


def _facts(run: Run) -> str:
    scenario = run.scenario
    clock = f"the end of {scenario.branch_at} (UTC), position {run.start.position}"
    if scenario.published_by is not None:
        clock += f", as published by {scenario.published_by}: no hindsight"
    else:
        clock += ", as known now: with hindsight"
    if scenario.known_at is not None:
        clock += f", known at {scenario.known_at}"
    facts = {
        "Branched from": clock,
        "Run forward": f"{scenario.horizon_days} days, to {run.question.days[-1]}",
        "At risk": (
            f"{len(run.question.rows)} of {len(run.question.settlements)} settlements"
        ),
        "Arms": ", ".join(arm.label for arm in run.arms),
        "Replicas": f"{scenario.replicas:,} of each arm, with the same draws",
        "Seed": str(scenario.seed),
        "Coverage": _coverage(run),
    }
    return _definitions(facts)


def _coverage(run: Run) -> str:
    if run.verdict is None:
        return run.no_verdict
    told = run.verdict.summary()
    return (
        f"the 90% intervals of the {run.arms[0].label} held {told['cover_90']:.0%} of "
        f"what was recorded, the 50% intervals {told['cover_50']:.0%}, over all "
        f"{told['settlements']} places at risk"
    )


def _definitions(facts: Mapping[str, str]) -> str:
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>"
        for name, value in facts.items()
    )
    return f"<dl>{rows}</dl>"


def _answer(run: Run) -> str:
    return "<h2>In short</h2>" + _table(fallen_table(run))


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
    return f"{head}<p>{escape(told)}</p>" + _table(
        verdict_table(run.verdict), bold=(0,)
    )


def _arm(run: Run, arm: Arm, pictures: Mapping[str, bytes]) -> str:
    parts = [f"<h2>Arm: {escape(arm.label)}</h2>"]
    if arm is not run.arms[0]:
        compared = run.compared(arm.label)
        parts.append(_table(compared, most=15))
    parts.append("<h3>Chance of having fallen by day, largest places</h3>")
    words = "Blue: this arm."
    if arm is not run.arms[0]:
        words += " Pale: the baseline."
    if run.verdict is not None:
        words += " Dashed red: the day on which it was recorded to have fallen."
    parts.append(f'<p class="quiet">{words}</p><div class="curves">')
    for name, svg in curves_svg(run, arm):
        parts.append(f"<figure><figcaption>{escape(name)}</figcaption>{svg}</figure>")
    parts.append("</div>")
    parts += [
        _picture(title, png)
        for title, png in pictures.items()
        if title.endswith(f": {arm.label}")
    ]
    parts.append("<details><summary>All places at risk</summary>")
    parts.append(_table(run.arrivals(arm.label)))
    parts.append("</details><details><summary>People displaced by day</summary>")
    parts.append(_table(run.displaced(arm.label)))
    parts.append("</details>")
    return "".join(parts)


def _left(run: Run, pictures: Mapping[str, bytes]) -> str:
    ends = tuple(f": {arm.label}" for arm in run.arms)
    return "".join(
        _picture(title, png)
        for title, png in pictures.items()
        if not title.endswith(ends)
    )


def _picture(title: str, png: bytes) -> str:
    data = base64.b64encode(png).decode()
    said = escape(title, quote=True)
    return (
        f'<figure><img alt="{said}" src="data:image/png;base64,{data}">'
        f"<figcaption>{said}</figcaption></figure>"
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
        + _table(orders)
        + f"<p>The population of {guessed} of {run.terrain.count} settlements is not "
        "known; each counts as 1,000 people.</p>"
        + "<details><summary>All parameters</summary>"
        + _table(values)
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
    return "<h2>Provenance</h2>" + _definitions(facts)


def _drawn_from(scenario: Scenario) -> str:
    posterior = scenario.posterior
    if posterior is None:
        return scenario.draw
    made = posterior.made
    return (
        f"{scenario.draw}, digest {posterior.digest}: fitted to {made.since} to "
        f"{made.until} as published by {made.published_by}, seed {made.seed}"
    )


# --- tables ----------------------------------------------------------------------


def _table(table: Table, most: int | None = None, bold: Sequence[int] = ()) -> str:
    """A table with everything escaped; numbers to the right."""
    rows = table.rows if most is None else table.rows[:most]
    numeric = [_is_number(row[at] for row in rows) for at in range(len(table.columns))]
    head = "".join(
        f"<th{_class(number)}>{escape(name.replace('_', ' '))}</th>"
        for name, number in zip(table.columns, numeric, strict=True)
    )
    body = "".join(
        f"<tr{' class=model' if at in bold else ''}>"
        + "".join(
            f"<td{_class(number, value)}>{escape(_cell(value))}</td>"
            for value, number in zip(row, numeric, strict=True)
        )
        + "</tr>"
        for at, row in enumerate(rows)
    )
    notes = list(table.notes)
    if len(rows) < len(table.rows):
        notes.append(f"and {len(table.rows) - len(rows)} more, in the tables beside")
    told = "".join(f'<p class="quiet">{escape(note)}</p>' for note in notes)
    return (
        f'<div class="wide"><table><caption>{escape(table.header)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{told}"
    )


def _is_number(values: Iterable[Any]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(type(value) in (int, float) for value in known)


def _class(number: bool, value: Any = None) -> str:
    if number:
        return ' class="n"'
    return ' class="prose"' if isinstance(value, str) and len(value) > 60 else ""


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if type(value) is int:
        return f"{value:,}"
    return f"{value:.4g}" if type(value) is float else str(value)
