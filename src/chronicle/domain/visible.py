"""Text as it may be shown: what a terminal would obey, or nobody would see, spelt out.

Names in a record hold no control characters, but names of files, of scenarios and in
folders of others' may. An escape sequence among them could set the title of a terminal,
move its cursor or hide what was said; an override of direction makes text read as what
it is not (Unicode TR 36, 2.5).
"""

from __future__ import annotations

import re

__all__ = ["visible"]

# Controls but line feeds and tabs, marks and overrides of direction, separators of
# lines, invisible characters but the joiners that scripts need, lone surrogates,
# noncharacters, tags.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """*text* with what must not reach a terminal as escapes of JSON, `\\u001b`.

    Line feeds and tabs stay, and JSON stays JSON. Raises nothing, whatever the text.
    """
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub(_spelt, text)


def _spelt(found: re.Match[str]) -> str:
    units = found.group().encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))
