"""A brief as Markdown, as one HTML file, or as a Word document."""

from __future__ import annotations

import re
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING

from chronicle.domain.state import State
from chronicle.domain.views import coarse
from chronicle.errors import MissingExtra
from chronicle.report.brief import Brief
from chronicle.report.drawing.palette import CONTESTED, UNKNOWN, looks_of
from chronicle.report.markup import POLICY, STYLE, keys
from chronicle.report.svg_map import SvgPlace, SvgRoad, svg_map

if TYPE_CHECKING:
    from docx.document import Document

__all__ = ["brief_docx", "brief_html", "brief_markdown"]

MAP_INCHES = 6.3
UNHELD = "#E4E4E0"


def brief_markdown(brief: Brief, picture: str = "") -> str:
    """The brief as Markdown; *picture* is the name of a map beside it."""
    parts = [f"# {_plain(brief.title)}", _plain(brief.asked)]
    parts.append("\n".join(f"- {_plain(said)}" for said in brief.summary))
    if picture:
        parts.append(f"![{_plain(_map_words(brief))}]({picture})")
    for section in brief.sections:
        parts.append(f"{'#' * section.level} {_plain(section.heading)}")
        parts += [_plain(one) for one in section.paragraphs]
        if section.items:
            parts.append("\n".join(f"- {_plain(item)}" for item in section.items))
    return "\n\n".join(parts) + "\n"


def _plain(text: str) -> str:
    """One line, in which no letter is taken for Markdown or HTML."""
    line = " ".join(text.split())
    line = re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", line)
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", line)


def brief_html(brief: Brief) -> str:
    """The brief as one HTML file with a map, whole without a network."""
    mark = (
        f'<div class="mark">WHAT-IF — not what happened: {escape(brief.branch)}</div>'
        if brief.branch
        else ""
    )
    summary = "".join(f"<p>{escape(said)}</p>" for said in brief.summary)
    parts = [
        f"<main><h1>{escape(brief.title)}</h1>",
        f'<p class="quiet">{escape(brief.asked)}</p>',
        f'<div class="answer">{summary}</div>',
        _map(brief),
    ]
    for section in brief.sections:
        parts.append(f"<h{section.level}>{escape(section.heading)}</h{section.level}>")
        parts += [f"<p>{escape(one)}</p>" for one in section.paragraphs]
        if section.items:
            items = "".join(f"<li>{escape(item)}</li>" for item in section.items)
            parts.append(f"<ul>{items}</ul>")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(brief.title)}</title><style>{STYLE}</style></head>"
        f"<body>{mark}{''.join(parts)}</main></body></html>\n"
    )


def _map_words(brief: Brief) -> str:
    state = brief.state
    outlined = "; outlined: changed hands in these days" if brief.changed else ""
    return f"Who held what at the end of {state.on}, lens {state.lens}{outlined}"


def _map(brief: Brief) -> str:
    """The state at the end, with what changed outlined."""
    state = brief.state
    actors = {
        id_: (actor.short or actor.name, None)
        for id_, actor in state.references.actors.items()
    }
    held = {place.control for place in state.places.values() if place.control}
    looks = looks_of(actors, held)
    places, at, seen = [], {}, set()
    for id_, place in state.places.items():
        known = state.references.settlements[id_]
        lat, lon = coarse(known.lat, known.lon, known.sensitivity)
        if lat is None or lon is None:
            continue
        at[id_] = lat, lon
        if place.control is not None:
            look = looks[place.control]
            seen.add(place.control)
            colour, said = look.face, f"{look.label}, {place.status}"
        else:
            is_contested = place.status == "contested"
            colour = CONTESTED.face if is_contested else UNHELD
            said = place.status
        places.append(
            SvgPlace(
                name=known.name,
                lat=lat,
                lon=lon,
                colour=colour,
                said=said,
                population=known.population,
                is_outlined=id_ in brief.changed,
            )
        )
    if not places:
        return ""
    shown = [(looks[id_].label, looks[id_].face) for id_ in looks if id_ in seen]
    nobody = {place.status for place in state.places.values() if not place.control}
    shown += [(CONTESTED.label, CONTESTED.face)] if "contested" in nobody else []
    shown += [(UNKNOWN.label, UNHELD)] if nobody - {"contested"} else []
    svg = svg_map(places, _roads(state, at), _map_words(brief))
    return (
        f'{keys(shown)}<figure><div class="wide">{svg}</div>'
        f"<figcaption>{escape(_map_words(brief))}. Only settlements are coloured; no "
        "border is drawn. Land and water: Natural Earth.</figcaption></figure>"
    )


def _roads(state: State, at: dict[str, tuple[float, float]]) -> list[SvgRoad]:
    return [
        (at[route.settlement_a], at[route.settlement_b])
        for route in state.references.routes.values()
        if route.settlement_a in at and route.settlement_b in at
    ]


def brief_docx(brief: Brief, picture: bytes = b"") -> bytes:
    """The brief as a Word document, with a PNG of the map where there is one.

    Raises `UsageError` without python-docx (extra `docx`). Equal briefs give documents
    that say the same; the file itself has the date of its making nowhere.
    """
    try:
        import docx
        from docx.shared import Inches
    except ImportError as error:
        raise MissingExtra("a Word document needs python-docx", "docx") from error
    document = docx.Document()
    _undated(document, brief.title)
    document.add_heading(brief.title, 0)
    if brief.branch:
        document.add_paragraph(f"WHAT-IF — not what happened: {brief.branch}")
    document.add_paragraph(brief.asked)
    for said in brief.summary:
        document.add_paragraph(said, style="List Bullet")
    if picture:
        document.add_picture(BytesIO(picture), width=Inches(MAP_INCHES))
        document.add_paragraph(_map_words(brief))
    for section in brief.sections:
        document.add_heading(section.heading, section.level - 1)
        for one in section.paragraphs:
            document.add_paragraph(one)
        for item in section.items:
            document.add_paragraph(item, style="List Bullet")
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _undated(document: Document, title: str) -> None:
    """No author, and the one date that says nothing."""
    from datetime import UTC, datetime

    core = document.core_properties
    core.title, core.author, core.comments = title, "Chronicle", ""
    core.created = core.modified = datetime(2000, 1, 1, tzinfo=UTC)
    core.last_modified_by = "Chronicle"
