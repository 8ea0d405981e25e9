"""The formats of the field, in one table; a file is told by what it begins with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from chronicle.errors import UsageError
from chronicle.formats import (
    acled,
    acled_totals,
    cod,
    geonames,
    hapi,
    hxl,
    idmc_idu,
    iom_dtm,
    polygons,
    ucdp_ged,
    unhcr,
    viina,
    wikipedia_lua,
    wikipedia_table,
)
from chronicle.formats.field import Format
from chronicle.formats.head import Head

__all__ = ["FORMATS", "format_named", "recognised"]

_MODULES = (
    *(ucdp_ged, acled, acled_totals, viina, wikipedia_table, wikipedia_lua, polygons),
    *(iom_dtm, hapi, unhcr, idmc_idu, geonames, cod, hxl),
)
FORMATS: Mapping[str, Format] = {one.FORMAT.name: one.FORMAT for one in _MODULES}


def format_named(name: str, besides: Iterable[str] = ()) -> Format:
    """The format of that name; raises `UsageError` with the names that there are.

    *besides* are words that the caller knows.
    """
    if (found := FORMATS.get(name)) is None:
        there = ", ".join((*FORMATS, *besides))
        raise UsageError(f"no format {name!r}; there are {there}")
    return found


def recognised(path: Path) -> Format | None:
    """The format that a file is surest to be of; None where none knows it.

    Of two that are equally sure the first in the table wins. Raises `InputError` for a
    file that cannot be opened.
    """
    head = Head.of(path)
    best, found = 0, None
    for one in FORMATS.values():
        score = one.recognises(path, head)
        if score > best:
            best, found = score, one
    return found
