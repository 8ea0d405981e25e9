"""What a person should look at again before it is recorded; nothing is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from chronicle.domain.events import Claim, Event
from chronicle.domain.state import References

__all__ = ["cares"]

# A way to reach a person, or a spot finer than a settlement, has no place in a record.
_CONTACT: Final = re.compile(
    r"[\w.+-]+@[\w-]+\.\w+|(?<![\w@/])@\w{3,}|\bt\.me/|\bwa\.me/"
    r"|(?<![\w/.-])(?:\+|00)\d[\d ().-]{6,}\d(?!\w)"
)
_SPOT: Final = re.compile(
    r"\d{1,3}\.\d{3,}\s*°?\s*[NSns]?\s*[,;/ ]\s*\d{1,3}\.\d{3,}"
    r"|\d{1,3}\s*°\s*\d{1,2}\s*['’′]"
    r"|\b\d{1,2}[C-X]\s?[A-Z]{2}\s?\d{3,5}\s?\d{3,5}\b"
)
_OLD: Final = timedelta(days=365)
_FREE: Final = ("note", "reason", "claimed_by", "counter", "area", "backer", "support")


def cares(
    event: Event, texts: Mapping[str, str], known: References, today: date
) -> list[str]:
    """Words for what looks wrong: `contact`, `spot`, `future`, `before`, `late`,
    `unpublished`, `stranger`; each once, in this order.

    *texts* are all that was typed, by field.
    """
    free = "\n".join(texts.get(name, "") for name in _FREE)
    found = []
    if _CONTACT.search(free):
        found.append("contact")
    if _SPOT.search(free):
        found.append("spot")
    if isinstance(event, Claim):
        found += _of_claim(event, known, today)
    return found


def _of_claim(claim: Any, known: References, today: date) -> list[str]:
    found = []
    day, published = claim.since_day, claim.published
    if day > today or (published is not None and published > today):
        found.append("future")
    if published is None:
        found.append("unpublished")
    elif published < day:
        found.append("before")
    elif published - day > _OLD:
        found.append("late")
    if claim.source not in known.sources:
        found.append("stranger")
    return found
