"""The events of an evidence folder as a page to read: no script, nothing loaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from chronicle.domain.visible import visible

__all__ = ["page"]

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ font: 15px/1.45 sans-serif; margin: 2rem auto; max-width: 70rem }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ border: 1px solid #bbb; padding: .3rem .5rem; text-align: left;
 vertical-align: top; overflow-wrap: anywhere }}
th {{ background: #f2f2f2 }}
pre {{ background: #f7f7f7; padding: .7rem; overflow-x: auto }}
</style></head><body>
<h1>{title}</h1>
<p>Each row is what was recorded, when. A claim of a source is proven to have been
recorded, not to be true. The head below stands for all events of the log.</p>
<pre>{head}</pre>
<table><tr><th>position</th><th>recorded at</th><th>what</th><th>it says</th></tr>
"""


def _safe(value: object) -> str:
    return escape(visible(str(value)))


def page(title: str, head: str, events: Iterable[Mapping[str, Any]]) -> str:
    """The page; *events* are lines of `events.jsonl`."""
    parts = [_HEAD.format(title=_safe(title), head=_safe(head))]
    for told in events:
        event = told["event"]
        if event is None:
            said = "<em>redacted: the payload is gone, its place in the log is not</em>"
        else:
            said = "<br>".join(
                f"<b>{_safe(name)}</b> {_safe(value)}"
                for name, value in event.items()
                if value not in (None, "", [])
            )
        cells = (told["position"], told["recorded_at"], told["type"])
        plain = "".join(f"<td>{_safe(cell)}</td>" for cell in cells)
        parts.append(f"<tr>{plain}<td>{said}</td></tr>\n")
    return "".join((*parts, "</table></body></html>\n"))
