"""TOML of unknown origin as plain data, bounded before it is parsed.

The parser of the standard library takes time that grows with the square of the parts of
a dotted key, and gives up on a whole number of thousands of digits in its own way.
"""

from __future__ import annotations

import re
import tomllib

from chronicle.errors import InputError

__all__ = ["lines_of", "toml_of"]

MOST_DOTS = 300  # in one line: no sentence and no list of numbers has as many
MOST_DIGITS = 1_000
_DIGITS = re.compile(rf"[0-9A-Fa-f_]{{{MOST_DIGITS}}}")


def toml_of(data: bytes, file: str) -> dict[str, object]:
    """The tables in *data*; *file* is its name in messages.

    Raises `InputError` for what is no UTF-8, no TOML, or has a line that no person
    writes: more than 300 dots, a number of a thousand digits.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        raise InputError(
            f"{file}: not UTF-8 at byte {broken.start}; save it as UTF-8"
        ) from None
    for number, line in enumerate(text.splitlines(), 1):
        if line.count(".") > MOST_DOTS:
            raise InputError(
                f"{file}:{number}: more than {MOST_DOTS} dots in a line: break it up; "
                "a key is nested too deeply here"
            )
        if _DIGITS.search(line):
            raise InputError(
                f"{file}:{number}: a number of more than {MOST_DIGITS:,} digits"
            )
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as broken:  # among them TOMLDecodeError
        raise InputError(f"{file}: not TOML: {str(broken)[:200]}") from None


_TABLE = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_-]+)\s*\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")


def lines_of(data: bytes) -> dict[str, int]:
    """The line of each key, `scenario.lens`, and table of TOML that was parsed.

    Of tables that may stand more than once the names are numbered: `force 2.actors`.
    Only bare keys of tables of one level are known, each by its first line; what stands
    in a text of several lines may be taken for a key, so a line is help, not proof.
    """
    found: dict[str, int] = {}
    counts: dict[str, int] = {}
    where = ""
    for number, line in enumerate(data.decode("utf-8-sig").splitlines(), 1):
        if table := _TABLE.match(line):
            where = table[2]
            if table[1] == "[[":
                counts[where] = counts.get(where, 0) + 1
                where += f" {counts[where]}"
            found.setdefault(where, number)
        elif key := _KEY.match(line):
            found.setdefault(f"{where}.{key[1]}" if where else key[1], number)
    return found
