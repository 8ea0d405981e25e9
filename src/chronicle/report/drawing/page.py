"""The sheet under every picture: title, caption, what-if mark, the same bytes always.

Lengths are inches from the lower left corner. The font is the one that matplotlib
brings along, settings of the user's own matplotlib do not matter and are not changed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chronicle.errors import MissingExtra, UsageError
from chronicle.report.drawing.palette import INK, PAPER, QUIET
from chronicle.report.drawing.words import plain
from chronicle.store.whole_file import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.figure import Figure
    from matplotlib.text import Text

__all__ = [
    "DOTS_PER_INCH",
    "PICTURES",
    "Box",
    "Caption",
    "Named",
    "Sheet",
    "Size",
    "Target",
    "WhatIf",
    "sheet",
]

DOTS_PER_INCH = 150
PICTURES = (".png", ".svg", ".pdf")
MARGIN = 0.3
LINES_SAID = 8  # of a licence or of assumptions, which nobody should cut short
LEAST_BODY = 0.8
LEADING = 1.32  # line height over font size
POINTS = 72  # per inch
WHAT_IF_MARK = "WHAT-IF — not what happened"
WHAT_IF_COLOUR = "#6B1839"

# Text stays text in SVG and PDF, so that it can be searched, read aloud, translated;
# Verdana, which most readers have, is as wide as DejaVu Sans.
SETTINGS: dict[str, object] = {
    "axes.unicode_minus": True,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana"],
    "hatch.linewidth": 0.55,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "chronicle",
    "text.hinting": "none",
    "text.parse_math": False,  # "$x$" in a name is a name
}
_LOCK = threading.Lock()  # matplotlib's settings are one per process

Size = tuple[float, float]
Box = tuple[float, float, float, float]  # left, bottom, right, top


class Named(BytesIO):
    """A picture in memory; the suffix of its *name* says the format."""

    def __init__(self, name: str, dots: int = DOTS_PER_INCH) -> None:
        super().__init__()
        self.name = name
        self.dots = dots


Target = str | Path | Named  # where a picture goes


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """What a picture answers and on whose word; every part is printed on it.

    *asked* is the day or span asked about, *clock* what was known ("as known at
    position 812", "as published by 30 November 2024"), *lens* the rule by its name,
    *licence* the sources with their licence. An empty part is left out.
    """

    asked: str
    clock: str
    lens: str
    licence: str

    def line(self) -> str:
        """The question in one line."""
        lens = self.lens and f"lens: {self.lens}"
        return " · ".join(part for part in (self.asked, self.clock, lens) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What a simulated picture must say of itself; no words raise `UsageError`."""

    seed: int
    assumptions: str

    def __post_init__(self) -> None:
        if not self.assumptions.strip():
            raise UsageError("a what-if picture must state its assumptions")


@dataclass(slots=True)
class Sheet:
    """A figure in the making; *body* is the box that title and footer leave free.

    *words* is the picture in words, kept in the file's metadata for screen readers.
    """

    figure: Figure
    renderer: RendererAgg
    size: Size
    body: Box
    words: list[str] = field(default_factory=list)

    def axes(self, box: Box) -> Axes:
        """New axes that fill *box*."""
        (left, bottom, right, top), (width, height) = box, self.size
        return self.figure.add_axes(
            (
                left / width,
                bottom / height,
                (right - left) / width,
                (top - bottom) / height,
            )
        )

    def width_of(self, text: str, size: float, *, bold: bool = False) -> float:
        """The width of one line of *text* in a font *size* in points."""
        from matplotlib.font_manager import FontProperties

        weight = "bold" if bold else "normal"
        font = FontProperties(size=size, weight=weight)
        renderer: Any = self.renderer  # untyped in its stubs
        width, _, _ = renderer.get_text_width_height_descent(text, font, False)
        return float(width) / DOTS_PER_INCH

    def wrap(
        self, text: str, width: float, size: float, *, most: int, bold: bool = False
    ) -> list[str]:
        """*text* in at most *most* lines of *width*; what is left out ends in "…"."""
        lines = [""]
        for word in plain(text, 2_000).split(" "):
            longer = f"{lines[-1]} {word}".strip()
            if self.width_of(longer, size, bold=bold) <= width:
                lines[-1] = longer
                continue
            if lines[-1]:
                lines.append("")
            for letter in word:  # a word wider than a line is broken anywhere
                if self.width_of(lines[-1] + letter, size, bold=bold) > width:
                    lines.append("")
                lines[-1] += letter
        if len(lines) > most:
            last = lines[most - 1]
            while last and self.width_of(f"{last}…", size, bold=bold) > width:
                last = last[:-1]
            lines = [*lines[: most - 1], f"{last.rstrip()}…"]
        return lines

    def write(
        self,
        at: tuple[float, float],
        text: str,
        size: float,
        *,
        colour: str = INK,
        bold: bool = False,
        italic: bool = False,
        align: str = "left",
        vertical: str = "top",
    ) -> Text:
        """One line of text."""
        return self.figure.text(
            at[0] / self.size[0],
            at[1] / self.size[1],
            text,
            fontsize=size,
            color=colour,
            fontweight="bold" if bold else "normal",
            fontstyle="italic" if italic else "normal",
            ha=align,
            va=vertical,
        )

    def paragraph(
        self,
        at: tuple[float, float],
        text: str,
        size: float,
        *,
        width: float,
        most: int,
        colour: str = INK,
        bold: bool = False,
        italic: bool = False,
    ) -> float:
        """Wrapped text from *at* downwards; returns where the next line would begin."""
        left, top = at
        for line in self.wrap(text, width, size, most=most, bold=bold):
            self.write((left, top), line, size, colour=colour, bold=bold, italic=italic)
            top -= size * LEADING / POINTS
        return top

    def band(self, box: Box, colour: str) -> None:
        """A filled rectangle behind everything else."""
        from matplotlib.patches import Rectangle

        (left, bottom, right, top), (width, height) = box, self.size
        self.figure.add_artist(
            Rectangle(
                (left / width, bottom / height),
                (right - left) / width,
                (top - bottom) / height,
                transform=self.figure.transFigure,
                facecolor=colour,
                edgecolor="none",
                zorder=-1,
            )
        )


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in PICTURES:
        raise UsageError(
            f"{path.name}: a picture is {', '.join(PICTURES)}, not {suffix or 'bare'!r}"
        )
    return suffix


@contextmanager
def sheet(
    path: Target,
    *,
    size: Size,
    title: str,
    caption: Caption,
    notes: str = "",
    what_if: WhatIf | None = None,
) -> Iterator[Sheet]:
    """A sheet of *size* inches to draw on; it is stored at *path* when that went well.

    The suffix of *path* says the format; in memory it is that of its name. *notes*
    stand before the licence at the foot.
    Raises `UsageError` for another suffix, without matplotlib, or for a size outside
    3 to 60 inches a side or too small for its words, and `StorageError` when the file
    cannot be written; then there is no file, or the old one.
    """
    suffix = _suffix(Path(path.name if isinstance(path, Named) else path))
    if not all(3 <= side <= 60 for side in size):
        raise UsageError(f"a picture is 3 to 60 inches a side, not {size}")
    try:
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra("pictures need matplotlib", "plot") from error
    with _LOCK, matplotlib.rc_context():
        matplotlib.rcdefaults()
        settings: Any = matplotlib.rcParams  # its stubs want literal keys
        settings.update(SETTINGS)
        figure = Figure(figsize=size, dpi=DOTS_PER_INCH, facecolor=PAPER)
        canvas: Any = FigureCanvasAgg(figure)
        page = Sheet(figure, canvas.get_renderer(), size, (0.0, 0.0, *size))
        top = _header(page, title, caption, what_if)
        bottom = _footer(page, caption, notes)
        if top - bottom < LEAST_BODY:
            raise UsageError(f"{size} inches leave no room beside the words")
        page.body = MARGIN, bottom, size[0] - MARGIN, top
        yield page
        dots = path.dots if isinstance(path, Named) else DOTS_PER_INCH
        data = _bytes(page, suffix, plain(title, 500), dots)
    if isinstance(path, Named):
        path.write(data)
    else:
        write_whole(Path(path), data)


def _header(page: Sheet, title: str, caption: Caption, what_if: WhatIf | None) -> float:
    """Mark, title and question; returns the height below them."""
    width, top = page.size
    room = width - 2 * MARGIN
    if what_if:
        top = _what_if_band(page, what_if)
    top = page.paragraph((MARGIN, top - 0.22), title, 15, width=room, most=2, bold=True)
    top = page.paragraph(
        (MARGIN, top - 0.04), caption.line(), 9.5, width=room, most=3, colour=QUIET
    )
    page.words += [plain(caption.line(), 500)]
    return top - 0.1


def _what_if_band(page: Sheet, what_if: WhatIf) -> float:
    width, top = page.size
    room = width - 2 * MARGIN
    said = f"Seed {what_if.seed}. Assumptions: {what_if.assumptions}"
    lines = page.wrap(said, room, 8.5, most=LINES_SAID)
    bottom = top - 0.42 - len(lines) * 8.5 * LEADING / POINTS
    page.band((0, bottom, width, top), WHAT_IF_COLOUR)
    page.write((MARGIN, top - 0.1), WHAT_IF_MARK, 13, colour=PAPER, bold=True)
    page.paragraph(
        (MARGIN, top - 0.36), said, 8.5, width=room, most=LINES_SAID, colour=PAPER
    )
    page.words += [WHAT_IF_MARK, *lines]
    return bottom


def _footer(page: Sheet, caption: Caption, notes: str) -> float:
    """Notes and licence; returns the height above them."""
    words = " ".join(part for part in (notes, caption.licence) if part)
    if not words:
        return MARGIN
    room = page.size[0] - 2 * MARGIN
    lines = page.wrap(words, room, 7.5, most=LINES_SAID)
    top = 0.16 + len(lines) * 7.5 * LEADING / POINTS
    page.paragraph((MARGIN, top), words, 7.5, width=room, most=LINES_SAID, colour=QUIET)
    page.words += [plain(caption.licence, 500)]
    return top + 0.12


def _bytes(page: Sheet, suffix: str, title: str, dots: int) -> bytes:
    """The picture as a file; nothing in it tells when or by what version."""
    words = plain(". ".join(page.words), 4_000)
    metadata: dict[str, dict[str, str | None]] = {
        ".png": {"Software": "Chronicle", "Title": title, "Description": words},
        ".svg": {
            "Creator": "Chronicle",
            "Date": None,
            "Title": title,
            "Description": words,
        },
        ".pdf": {
            "Creator": "Chronicle",
            "Producer": "Chronicle",
            "CreationDate": None,
            "Title": title,
            "Subject": words,
        },
    }
    out = BytesIO()
    page.figure.savefig(out, format=suffix[1:], dpi=dots, metadata=metadata[suffix])
    return out.getvalue()
