"""Who has which colour and pattern: safe for colour-blind readers, fixed by order.

The colours are Paul Tol's *muted* scheme ("Colour schemes", SRON/EPS/TN/09-002, issue
3.2). Of the first six the closest pair differs by ΔE76 29 for normal sight and by 20,
29 and 24 under simulated deuteranopia, protanopia and tritanopia (red, green, yellow
and blue as on news maps: 17 at worst, and 8 at half opacity). Of all nine it is 22, 17,
15 and 16, so each actor has a pattern as well, and always its name in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chronicle.errors import UsageError

__all__ = [
    "CONTESTED",
    "HATCHES",
    "INK",
    "MUTED",
    "PAPER",
    "QUIET",
    "UNKNOWN",
    "VACATED",
    "Actors",
    "Look",
    "coarser",
    "colours_of_sides",
    "contrast",
    "looks_of",
    "mix",
    "paler",
]

# Rose, green, cyan, sand, indigo, wine, purple, teal, olive: the first six are the set
# that was measured.
MUTED = (
    "#CC6677",
    "#117733",
    "#88CCEE",
    "#DDCC77",
    "#332288",
    "#882255",
    "#AA4499",
    "#44AA99",
    "#999933",
)
# Crossed diagonals stay free for *contested*; dots would make an SVG half a megabyte
# larger each. Eleven patterns against nine colours: no two of the first 99 actors share
# both.
HATCHES = (
    "",
    "//////",
    "------",
    "||||||",
    "\\\\\\\\\\\\",
    "++++++",
    "////----",
    "////||||",
    "\\\\\\\\----",
    "\\\\\\\\||||",
    "+++",
)

INK = "#222222"
QUIET = "#666666"
PAPER = "#FFFFFF"
PALE_EDGE = 0.7  # of its outline, so that it is still seen on land
PALE_SHARE = 0.55  # of its own colour in a place not heard of for a while

# An actor id to its label and, where the caller insists, its colour.
Actors = Mapping[str, tuple[str, str | None]]


@dataclass(frozen=True, slots=True)
class Look:
    """How a side is drawn: `face` "none" is hollow; lines and pattern have `edge`."""

    label: str
    face: str
    edge: str
    hatch: str = ""


CONTESTED = Look("Contested", "#D0D0D0", "#3A3A3A", "xxxxxx")
VACATED = Look("Vacated, nobody named", "none", "#555555")
UNKNOWN = Look("Unknown", "none", "#888888")


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mix(colour: str, other: str, share: float) -> str:
    """*share* of *colour* and the rest of *other*, both `#RRGGBB`; opaque."""
    pairs = zip(_rgb(colour), _rgb(other), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02X}" for a, b in pairs)


def contrast(colour: str) -> str:
    """The colour of outline and pattern: light faces get darker, dark ones lighter.

    So crowded signs keep apart, and a pattern is seen on indigo too. Rec. 709 weights.
    """
    red, green, blue = _rgb(colour)
    dark = 0.2126 * red + 0.7152 * green + 0.0722 * blue < 105
    return mix(colour, PAPER, 0.4) if dark else mix(colour, "#000000", 0.55)


def coarser(look: Look) -> str:
    """The pattern of a look for bands and bars, which need fewer lines than a disc."""
    hatch = look.hatch
    return hatch[::2]


def paler(look: Look) -> Look:
    """The same look for a place not heard of for a while: nearer to the paper."""
    face = look.face if look.face == "none" else mix(look.face, PAPER, PALE_SHARE)
    return Look(look.label, face, mix(look.edge, PAPER, PALE_EDGE), look.hatch)


def colours_of_sides() -> list[str]:
    """Every colour that says who holds a place: the faces, and their paler twins."""
    looks = [Look("", face, contrast(face)) for face in MUTED] + [CONTESTED]
    return [one.face for look in looks for one in (look, paler(look))]


def looks_of(actors: Actors, seen: Iterable[str] = ()) -> dict[str, Look]:
    """Colour and pattern by place in *actors*, so that all pictures agree.

    Ids *seen* on the picture but not in *actors* follow, sorted, under their own id.
    A colour that is no `#RRGGBB` raises `UsageError`.
    """
    strangers = sorted(set(seen) - set(actors))
    given: dict[str, tuple[str, str | None]] = {
        **actors,
        **{actor: (actor, None) for actor in strangers},
    }
    looks = {}
    for place, (actor, (label, colour)) in enumerate(given.items()):
        face = MUTED[place % len(MUTED)] if colour is None else colour
        if not re.fullmatch(r"#[0-9A-Fa-f]{6}", face):
            raise UsageError(f"actor {actor!r}: {face!r} is no colour; write #RRGGBB")
        hatch = HATCHES[place % len(HATCHES)]
        looks[actor] = Look(label or actor, face, contrast(face), hatch)
    return looks
