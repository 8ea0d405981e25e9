"""Ids made from what a row says, by one rule: a later vintage makes the same."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

from chronicle.domain.events import SettlementRegistered
from chronicle.domain.fields import ID_LENGTH
from chronicle.formats.places import slug

__all__ = ["all_names", "made_id", "short"]


def made_id(dataset: str, values: Mapping[str, Any], seen: Counter[str]) -> str:
    """An id of a report from its data set, place, day, source and kind.

    *seen* counts those that were made: of several rows about the same the second ends
    in `.2`.
    """
    where = values.get("settlement") or slug(str(values.get("area", "")))
    day = values.get("valid_from") or values.get("valid_on") or values.get("since")
    words = [slug(dataset), where, str(day), values["source"]]
    words += [
        slug(str(values[column]))
        for column in ("kind", "category", "origin", "destination")
        if values.get(column) and values[column] not in ("displaced", "Other")
    ]
    stem = short(":".join(words))
    seen[stem] += 1
    return stem if seen[stem] == 1 else f"{stem}.{seen[stem]}"


def all_names(
    before: SettlementRegistered, values: Mapping[str, Any]
) -> tuple[str, ...]:
    """The aliases of a place and those of a row, and a name that it no longer has."""
    others = (*before.aliases, *values.get("aliases", ()), before.name)
    return tuple(dict.fromkeys(one for one in others if one != values["name"]))


def short(id_: str) -> str:
    """*id_*, cut to what an id may hold, with a digest of the whole behind it."""
    if len(id_) <= ID_LENGTH - 6:
        return id_
    digest = hashlib.sha256(id_.encode()).hexdigest()[:16]
    return f"{id_[: ID_LENGTH - 24]}~{digest}"
