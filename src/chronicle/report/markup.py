"""The parts of a report: its style, tables, pictures and words, everything escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from chronicle.domain.table import Table

__all__ = [
    "POLICY",
    "STYLE",
    "definitions",
    "graphs",
    "keys",
    "paragraphs",
    "table",
    "warnings",
]

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
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
.warn{max-width:46rem;margin:.8rem 0;padding:.5rem .8rem;background:#FFF4E0;
 border-left:4px solid #B45309}
td.prose{white-space:normal;min-width:16rem}
tr.model td{font-weight:600}
figure{margin:1rem 0}
.answer{margin:1rem 0 1.4rem;padding:.2rem 0 .2rem 1rem;
 border-left:4px solid var(--blue)}
.answer p{font-size:1.25rem;line-height:1.4;margin:.35rem 0}
.chart{width:100%;max-width:46rem;height:auto}
.chart text{font-size:12.5px}.chart .tick{fill:var(--quiet)}
.chart .grid{stroke:#e6e6e2}.hover{fill:transparent}.hover:hover{fill:#0000000d}
.map{width:100%;min-width:34rem;max-width:52rem;height:auto;
 border:1px solid var(--line)}
.map text{font-size:12px;paint-order:stroke;stroke:#fff;stroke-width:3px}
.map circle,.dot circle{stroke:#555;stroke-width:.8}.map circle:hover{stroke-width:2.5}
.map .news{stroke:#111;stroke-width:2.2}
.sea{fill:#DCE7EE}.land{fill:#F8F6F0}.shore{fill:none;stroke:#A9BAC5}
.river{fill:none;stroke:#BCD2DF}.road{fill:none;stroke:#CFC7B6}
.lead{fill:none;stroke:#222}.dot{width:.8rem;height:.8rem;vertical-align:-.05rem}
@media(max-width:30rem){dl{grid-template-columns:1fr}dd{margin-bottom:.5rem}
 .chart text{font-size:16px}.mark span{display:none}}
@media print{.mark{position:static}details>*{display:block}}
.curves{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));
 gap:.8rem}
.curves figure{margin:0}
.curves svg{width:100%;height:auto}
.curves path{fill:none}
.axes{stroke:#999}.ours{stroke:var(--blue);stroke-width:2.2}
.base{stroke:#9db7cd;stroke-width:2.2}.seen{stroke:#333;stroke-width:1.2}
.curves .peak,.key .peak{fill:#333}
.large{grid-template-columns:repeat(auto-fill,minmax(19rem,1fr))}
.key path{fill:none}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;margin-top:1rem}
nav a{color:var(--blue)}h2{scroll-margin-top:3rem}
.keys{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;padding:0}
.key{width:2.6rem;height:.6rem}.key.tall{height:1rem;vertical-align:-.15rem}
.curves text{font-size:9px;fill:var(--quiet)}
details{margin:.6rem 0}summary{cursor:pointer;color:var(--blue)}
ul{max-width:46rem;padding-left:1.2rem}
"""


def keys(shown: Iterable[tuple[str, str]]) -> str:
    """What colours mean: words and a colour each."""
    told = "".join(
        '<li><svg class="dot" viewBox="0 0 12 12" aria-hidden="true">'
        f'<circle cx="6" cy="6" r="5" fill="{colour}"/></svg> {escape(words)}</li>'
        for words, colour in shown
    )
    return f'<ul class="keys">{told}</ul>'


def graphs(named: Iterable[tuple[str, str]], size: str = "") -> str:
    """Small graphs in a grid, each an SVG under its name."""
    told = "".join(
        f"<figure><figcaption>{escape(name)}</figcaption>{svg}</figure>"
        for name, svg in named
    )
    return f'<div class="curves{size and " " + size}">{told}</div>'


def definitions(facts: Mapping[str, str]) -> str:
    """Words and what they stand for."""
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>"
        for name, value in facts.items()
    )
    return f"<dl>{rows}</dl>"


def paragraphs(text: str) -> str:
    """What blank lines part."""
    return "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n") if part)


def warnings(told: Iterable[str]) -> str:
    """What nobody must overlook, a box each."""
    return "".join(f'<p class="warn">{escape(one)}</p>' for one in told)


def table(
    told: Table,
    most: int | None = None,
    bold: Sequence[int] = (),
    rest: str = "in the tables beside",
) -> str:
    """A table with everything escaped; numbers to the right.

    Of more than *most* rows it says that the others are *rest*.
    """
    rows = told.rows if most is None else told.rows[:most]
    numeric = [_is_number(row[at] for row in rows) for at in range(len(told.columns))]
    head = "".join(
        f"<th{_class(number)}>{escape(name.replace('_', ' '))}</th>"
        for name, number in zip(told.columns, numeric, strict=True)
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
    notes = list(told.notes)
    if len(rows) < len(told.rows):
        notes.append(f"and {len(told.rows) - len(rows)} more: {rest}")
    below = "".join(f'<p class="quiet">{escape(note)}</p>' for note in notes)
    return (
        f'<div class="wide"><table><caption>{escape(told.header)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{below}"
    )


def _is_number(values: Iterable[object]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(type(value) in (int, float) for value in known)


def _class(number: bool, value: object = None) -> str:
    if number:
        return ' class="n"'
    return ' class="prose"' if isinstance(value, str) and len(value) > 60 else ""


def _cell(value: object) -> str:
    if value is None:
        return ""
    if type(value) is int:
        return f"{value:,}"
    if type(value) is float:
        return f"{value + 0.0:.4g}"  # no -0
    return str(value)
