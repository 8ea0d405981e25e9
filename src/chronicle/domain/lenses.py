"""From reports to control: the named rules, each of which says what a tie does.

A lens sees the standing control reports of one settlement up to a day, in `order`
(day, time of day, position), and gives a `Ruling` that can be traced to them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from chronicle.domain.events import NAMELESS, ControlReported
from chronicle.domain.timeline import EffectiveClaim
from chronicle.errors import UsageError

__all__ = ["LENSES", "UNREPORTED", "Lens", "Ruling", "grade_key", "parse_lens"]

# Best first. F and 6 mean *cannot be judged*: unknown, and so neither good nor bad.
# They stand in the middle, below what is fairly reliable or possibly true (C, 3) and
# above what is known to be poor (D, 4): JDP 2-00 (3rd ed.), Admiralty code.
RELIABILITY_ORDER = "ABCFDE"
CREDIBILITY_ORDER = (1, 2, 3, 6, 4, 5)
CAUTIOUS_DAYS = 3

LENSES = {
    "latest": "the report with the latest day; of one day the latest time of day, "
    "then the one recorded last",
    "graded": "of the last day reported the best graded report (credibility, then "
    "reliability; unknown grades in the middle); of equal grades the latest",
    "majority": "one vote per source, its own latest report; baselines vote only "
    "when nobody else does; of equal votes the side that was reported last",
    "source:ID": "only the reports of one source; of these the latest",
    "cautious[:DAYS]": "the latest, but contested when another source said otherwise "
    f"within DAYS days before it (default {CAUTIOUS_DAYS}; baselines do not count)",
}


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a lens makes of the reports: `control` None means that nobody holds it.

    *deciding* are the reports that say so, *against* the considered ones that said
    otherwise; *since* is the day from which the side has been reported without
    interruption; *reason* is a sentence for people.
    """

    control: str | None
    status: str
    since: date | None
    deciding: tuple[EffectiveClaim, ...]
    against: tuple[EffectiveClaim, ...]
    reason: str


UNREPORTED = Ruling(None, "unknown", None, (), (), "no report that counts")

Side = tuple[str | None, str]


@dataclass(frozen=True, slots=True)
class Lens:
    """A rule with its name; call it with reports in order and default grades.

    *defaults* maps sources to their own reliability, for reports without a grade.
    """

    name: str
    rule: Callable[[Sequence[EffectiveClaim], Mapping[str, str]], Ruling]

    def __call__(
        self, reports: Sequence[EffectiveClaim], defaults: Mapping[str, str]
    ) -> Ruling:
        return self.rule(reports, defaults) if reports else UNREPORTED


def control_of(standing: EffectiveClaim) -> ControlReported:
    """The claim of a standing control report."""
    claim = standing.claim
    assert isinstance(claim, ControlReported)
    return claim


def side(standing: EffectiveClaim) -> Side:
    """Who holds it and how, as one report has it; amendments may contradict."""
    claim = control_of(standing)
    return (None if claim.status in NAMELESS else claim.controller), claim.status


def grade_key(claim: ControlReported, defaults: Mapping[str, str]) -> tuple[int, int]:
    """The place of a claim among grades, best first; ungraded is *unknown*."""
    reliability = claim.reliability or defaults.get(claim.source, "F")
    return (
        CREDIBILITY_ORDER.index(claim.credibility or 6),
        RELIABILITY_ORDER.index(reliability),
    )


def _verdict(
    reports: Sequence[EffectiveClaim], chosen: EffectiveClaim, reason: str
) -> Ruling:
    """*chosen* decides; the run of equal reports that ends with it says since when."""
    said = side(chosen)
    run = [chosen]
    for place in range(_index(reports, chosen) - 1, -1, -1):
        if side(reports[place]) != said:
            break
        run.append(reports[place])
    against = tuple(r for r in _of_that_day(reports, chosen) if side(r) != said)
    since = control_of(run[-1]).valid_from
    return Ruling(*said, since, tuple(reversed(run)), against, reason)


def _index(reports: Sequence[EffectiveClaim], one: EffectiveClaim) -> int:
    """Where *one* is among them; sought from the end, near which it mostly is."""
    return next(n for n in range(len(reports) - 1, -1, -1) if reports[n] is one)


def _of_that_day(
    reports: Sequence[EffectiveClaim], one: EffectiveClaim
) -> list[EffectiveClaim]:
    """Those of the same day, which lie side by side, as reports come in `order`."""
    first = last = _index(reports, one)
    while first > 0 and _same_day(reports[first - 1], one):
        first -= 1
    while last + 1 < len(reports) and _same_day(reports[last + 1], one):
        last += 1
    return list(reports[first : last + 1])


def _same_day(one: EffectiveClaim, other: EffectiveClaim) -> bool:
    return control_of(one).valid_from == control_of(other).valid_from


def latest(reports: Sequence[EffectiveClaim], defaults: Mapping[str, str]) -> Ruling:
    """The last report in order."""
    chosen = reports[-1]
    rivals = _of_that_day(reports, chosen)[:-1]
    claim = control_of(chosen)
    reason = f"latest report: {claim.report_id}, from {claim.valid_from}"
    if rivals:
        tie = "time of day" if _decided_by_time(rivals[-1], chosen) else "log order"
        reason += f"; {len(rivals) + 1} reports of that day, {tie} decides"
    return _verdict(reports, chosen, reason)


def _decided_by_time(one: EffectiveClaim, other: EffectiveClaim) -> bool:
    return control_of(one).time_of_day != control_of(other).time_of_day


def graded(reports: Sequence[EffectiveClaim], defaults: Mapping[str, str]) -> Ruling:
    """The best graded report of the last day reported; of equals the latest."""
    day_ = _of_that_day(reports, reports[-1])
    best = min(grade_key(control_of(r), defaults) for r in day_)
    equals = [r for r in day_ if grade_key(control_of(r), defaults) == best]
    claim = control_of(equals[-1])
    letter = claim.reliability or defaults.get(claim.source, "F")
    reason = (
        f"best grade of {claim.valid_from}: {claim.report_id} "
        f"({letter}{claim.credibility or 6}) of {len(day_)}"
    )
    if len(equals) > 1:
        reason += f"; {len(equals)} of equal grade, the latest decides"
    return _verdict(reports, equals[-1], reason)


def majority(reports: Sequence[EffectiveClaim], defaults: Mapping[str, str]) -> Ruling:
    """The side with most sources behind it; of equals the one reported last."""
    voters = [r for r in reports if not control_of(r).baseline] or list(reports)
    ballots = {control_of(r).source: r for r in voters}  # each source's last word
    votes: dict[Side, list[EffectiveClaim]] = {}
    for ballot in sorted(ballots.values(), key=reports.index):
        votes.setdefault(side(ballot), []).append(ballot)
    most = max(len(ballots_) for ballots_ in votes.values())
    tied = [said for said in votes if len(votes[said]) == most]
    chosen = max((votes[said][-1] for said in tied), key=reports.index)
    said = side(chosen)
    reason = f"{most} of {len(ballots)} sources"
    if len(tied) > 1:
        reason += f"; {len(tied)} sides with as many, the one reported last decides"
    since = _verdict(reports, chosen, "").since
    against = tuple(b for other in votes if other != said for b in votes[other])
    return Ruling(*said, since, tuple(votes[said]), against, reason)


def one_source(source: str) -> Callable[..., Ruling]:
    """Only what *source* says."""

    def rule(reports: Sequence[EffectiveClaim], defaults: Mapping[str, str]) -> Ruling:
        own = [r for r in reports if control_of(r).source == source]
        if not own:
            return Ruling(
                None, "unknown", None, (), (), f"{source} says nothing of this place"
            )
        found = latest(own, defaults)
        return Ruling(
            found.control,
            found.status,
            found.since,
            found.deciding,
            found.against,
            f"only {source}: {found.reason}",
        )

    return rule


def cautious(days: int) -> Callable[..., Ruling]:
    """The latest, unless another source said otherwise shortly before."""

    def rule(reports: Sequence[EffectiveClaim], defaults: Mapping[str, str]) -> Ruling:
        chosen = reports[-1]
        claim = control_of(chosen)
        doubts = tuple(
            r
            for r in reports
            if side(r) != side(chosen)
            and control_of(r).source != claim.source
            and not control_of(r).baseline
            and (claim.valid_from - control_of(r).valid_from).days <= days
        )
        if not doubts:
            return latest(reports, defaults)
        names = ", ".join(control_of(r).report_id for r in doubts)
        return Ruling(
            None,
            "contested",
            claim.valid_from,
            (chosen,),
            doubts,
            f"{claim.report_id} against {names} within {days} days: contested",
        )

    return rule


_CAUTIOUS = re.compile(r"cautious(?::([0-9]{1,4}))?", re.ASCII)


def parse_lens(name: str) -> Lens:
    """The lens of that name; raises `UsageError` with the names there are."""
    if name == "latest":
        return Lens(name, latest)
    if name == "graded":
        return Lens(name, graded)
    if name == "majority":
        return Lens(name, majority)
    if name.startswith("source:") and name != "source:":
        return Lens(name, one_source(name.removeprefix("source:")))
    if found := _CAUTIOUS.fullmatch(name):
        days = CAUTIOUS_DAYS if found[1] is None else int(found[1])
        return Lens(f"cautious:{days}", cautious(days))
    raise UsageError(f"no lens {name!r}; there are {', '.join(LENSES)}")
