"""Replay: what was so on any day, as known at any position, from columns.

    log ── columnar rows ─▶ columns ──▶ versions ─▶ index ──┐
             source.py     columns.py  versions.py build.py │
                │                                  index.py ├──▶ Replay ──▶ Control
                └── sealed segments ──▶            delta.py ┤  engine.py   answer.py
                    segments.py, cache_file.py standing.py ─┘
                                                   │
                                    lenses.py, series.py, figures.py

The meaning is the plain fold (`chronicle.domain.timeline` and
`chronicle.domain.state`); everything here equals it. Columns, segments and the index
are caches: the log alone decides, and what does not stand for it is made anew.
`kernels.py` has the compiled twins of `index.py`, `versions_plain.py` is the plain twin
of `versions.py`, and `synthetic.py` makes logs up.

Numbers stand for ids here, as in the hot records; days are counted from 1970-01-01.
"""

from chronicle.replay.answer import Control, changed
from chronicle.replay.engine import Replay
from chronicle.replay.figures import FiguresOn, Sums, sums
from chronicle.replay.series import Series
from chronicle.replay.source import ColumnarSource, MemorySource, hot_rows
from chronicle.replay.standing import EffectiveColumns

__all__ = [
    "ColumnarSource",
    "Control",
    "EffectiveColumns",
    "FiguresOn",
    "MemorySource",
    "Replay",
    "Series",
    "Sums",
    "changed",
    "hot_rows",
    "sums",
]
