"""Figures of displaced people: what stands on a day, and what may be added.

Figures are comparable only with five labels: stock or flow, category, area, counter and
day. People are counted twice as soon as one of them is ignored, so a sum is refused
with the reason unless every pair of figures is shown to count different people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from chronicle.domain.events import DisplacementReported
from chronicle.domain.timeline import EffectiveClaim, order
from chronicle.errors import NotAddable

__all__ = [
    "figures_on",
    "place_of",
    "reasons_not_added",
    "relation",
    "total",
    "why_not_added",
]


def place_of(figure: DisplacementReported) -> str:
    """The area of a figure, or its settlement where it has no area."""
    return figure.area or figure.settlement or ""


def figures_on(reports: Iterable[EffectiveClaim], on: date) -> list[EffectiveClaim]:
    """The figures that hold on a day, in `order`.

    Of the stocks of one counter, category and place those of the latest day as of *on*,
    which may be parts of one figure; all flows that were counted by then.
    """
    newest: dict[tuple[str, str, str], date] = {}
    held: list[EffectiveClaim] = []
    for standing in sorted(reports, key=order):
        figure = standing.claim
        if not isinstance(figure, DisplacementReported) or figure.since_day > on:
            continue
        held.append(standing)
        if figure.measure == "stock":
            newest[_stock(figure)] = figure.since_day  # they come in order of days
    return [
        standing
        for standing in held
        if isinstance(figure := standing.claim, DisplacementReported)
        and (figure.measure != "stock" or newest[_stock(figure)] == figure.since_day)
    ]


def _stock(figure: DisplacementReported) -> tuple[str, str, str]:
    """What a stock counts: a later one of the same takes its place."""
    return figure.counter, figure.category, place_of(figure)


_PCODE = re.compile(r"([A-Z]{1,3})[0-9]{2,}")
_FILL = re.compile(r"0{3,}$", re.ASCII)


def _bare(code: str) -> str:
    """A P-code without the three noughts or more that may fill it up at the end.

    It makes neighbours such as BR1504000 and BR1504059 look nested: the safe side.
    """
    return _FILL.sub("", code)


def _areas_apart(one: DisplacementReported, other: DisplacementReported) -> bool:
    """Whether two areas are shown to share nobody: settlements, or P-codes apart.

    OCHA's P-codes nest by prefix (SY02 holds SY0201), among codes of the same letters:
    the community C1027 lies in SY020001. Some are filled up with noughts: KG02205000000
    lies in KG02000000000. Names in words may overlap.
    """
    if one.area or other.area:
        codes = _PCODE.fullmatch(one.area), _PCODE.fullmatch(other.area)
        if codes[0] is None or codes[1] is None or codes[0][1] != codes[1][1]:
            return False
        one_code, other_code = _bare(one.area), _bare(other.area)
        return not (one_code.startswith(other_code) or other_code.startswith(one_code))
    return bool(one.settlement and other.settlement) and (
        one.settlement != other.settlement
    )


def _spans_apart(one: DisplacementReported, other: DisplacementReported) -> bool:
    if not (one.since and one.until and other.since and other.until):
        return False
    if not (one.since < one.until and other.since < other.until):
        return False  # amendments, one of which was taken back, can leave no span
    return one.until <= other.since or other.until <= one.since


def relation(one: DisplacementReported, other: DisplacementReported) -> str:
    """How two figures overlap, in words; empty when they count different people."""
    if other.report_id in one.includes:
        return f"includes {other.report_id}"
    if one.report_id in other.includes:
        return f"is included in {other.report_id}"
    if one.measure != other.measure:
        return f"{one.measure} against {other.measure} of {other.report_id}"
    if one.measure == "stock":
        return f"stock like {other.report_id}: the same people may be in both"
    if one.counter != other.counter:
        return f"other counter than {other.report_id}: the same people may be in both"
    if not one.counter:
        return f"nobody says who counted, nor for {other.report_id}"
    if one.category != other.category:
        return f"other kind of move than {other.report_id}"
    if _areas_apart(one, other) or _spans_apart(one, other):
        return ""
    same_place = place_of(one) == place_of(other)
    where = "the same area" if same_place else "areas not known to be apart"
    return f"{where} and no disjoint spans with {other.report_id}"


def reasons_not_added(figures: Sequence[DisplacementReported]) -> list[str]:
    """Why a sum of *figures* would count people twice, or mix what cannot be mixed.

    Empty when the sum is sound: flows of one counter and one category, no two of which
    share both an area and a day, each with a number of persons. Else a reason for each
    figure that has one: the first that stands in its way.
    """
    if not figures:
        return ["there is no figure"]
    reasons = [
        f"{figure.report_id} gives no number of persons"
        for figure in figures
        if figure.persons is None
    ]
    for number, one in enumerate(figures):
        for other in figures[number + 1 :]:
            if found := relation(one, other):
                reasons.append(f"{one.report_id}: {found}")
                break
    return reasons


def why_not_added(figures: Sequence[DisplacementReported]) -> str:
    """The first of `reasons_not_added`; empty where the sum is sound."""
    return next(iter(reasons_not_added(figures)), "")


def total(figures: Sequence[DisplacementReported]) -> int:
    """The sum of *figures* in persons; raises `NotAddable` with the reason."""
    if reason := why_not_added(figures):
        raise NotAddable(reason)
    return sum(figure.persons or 0 for figure in figures)
