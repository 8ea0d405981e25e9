"""A posterior on file: rows of fitted parameters, kept beside the scenario.

Plain JSON, made by `chronicle calibrate` and named in a scenario by `[ensemble]
parameters = "posterior.json"`. Replica k takes one row whole, so that parameters stay
together as they were fitted; what a posterior leaves out comes from the prior.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from chronicle.errors import BudgetExceeded, InputError, StorageError
from chronicle.simulation.parameters import INDEX, TABLE
from chronicle.simulation.prior import keys_of
from chronicle.simulation.random_streams import STREAMS, stable_id, uniform_array
from chronicle.store.sqlite.header import is_database
from chronicle.store.whole_file import write_whole

__all__ = [
    "Made",
    "Posterior",
    "posterior_of",
    "read_posterior",
    "rows_drawn",
    "write_posterior",
]

FORMAT = 1
MAX_BYTES = 4 << 20
MOST_ROWS = 10_000
_ROW = stable_id("posterior", "row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """How a posterior was made, so that it can be made again.

    `record` is the identity of the record and `position` how much of it was read;
    nothing published after `published_by` was.
    """

    scenario: str
    record: str
    position: int
    since: date
    until: date
    published_by: date
    bank: int
    accepted: int
    seed: int
    engine: str
    chronicle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior:
    """Equally likely `rows` of values of `parameters`, in their units.

    `digest` is the SHA-256 of the names and the rows as `digest_of` writes them.
    """

    parameters: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]
    made: Made
    digest: str


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """The layout of the file."""

    format: int
    what: str
    made: Made
    digest: str
    parameters: list[str]
    rows: list[list[float]]


WHAT = "posterior of a what-if, not a record of what happened"


def digest_of(parameters: Sequence[str], rows: Sequence[Sequence[float]]) -> str:
    """SHA-256 of names and rows as compact JSON; floats in their shortest form."""
    plain = {"parameters": list(parameters), "rows": [list(row) for row in rows]}
    return hashlib.sha256(msgspec.json.encode(plain)).hexdigest()


def posterior_of(
    parameters: Sequence[str], values: NDArray[np.float64], made: Made
) -> Posterior:
    """A posterior of *values* (N, K), kept to six significant digits."""
    rows = tuple(tuple(float(f"{v:.6g}") for v in row) for row in values.tolist())
    return Posterior(
        parameters=tuple(parameters),
        rows=rows,
        made=made,
        digest=digest_of(parameters, rows),
    )


def write_posterior(posterior: Posterior, path: Path) -> None:
    """Write the file, one row a line; it replaces an older one whole."""
    head: dict[str, object] = {
        "format": FORMAT,
        "what": WHAT,
        "made": posterior.made,
        "digest": posterior.digest,
        "parameters": posterior.parameters,
    }
    lines = [f" {_json(key)}: {_json(value)}" for key, value in head.items()]
    rows = ",\n".join(f"  {_json(row)}" for row in posterior.rows)
    text = "{\n" + ",\n".join(lines) + ',\n "rows": [\n' + rows + "\n ]\n}\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as broken:
        raise StorageError(f"cannot write {path}: {broken.strerror}") from None
    write_whole(path, text.encode())


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def read_posterior(path: Path) -> Posterior:
    """The posterior in a file.

    Raises `InputError` with the file, the row, the parameter, the value and the rule it
    breaks, and for rows that are not those that the digest names.
    """
    if is_database(path):  # to close one drops the locks of whoever has it open
        raise InputError(f"{path} is a database, not a posterior")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BudgetExceeded(f"{path}: a posterior has at most 4 MiB")
        told = msgspec.json.decode(path.read_bytes(), type=_File)
    except OSError as broken:
        raise InputError(f"cannot read {path}: {broken.strerror}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as broken:
        raise InputError(f"{path}: no posterior: {str(broken)[:200]}") from None
    if told.format != FORMAT:
        raise InputError(f"{path}: format {told.format}; this version reads {FORMAT}")
    names = told.parameters
    for name in names:
        if name not in INDEX or names.count(name) > 1:
            raise InputError(f"{path}: parameters: {name!r} is unknown or there twice")
    if not names or not 1 <= len(told.rows) <= MOST_ROWS:
        raise InputError(
            f"{path}: {len(told.rows)} rows of {len(names)} parameters: a posterior "
            f"has 1 to {MOST_ROWS:,} rows of one parameter at least"
        )
    for number, row in enumerate(told.rows, 1):
        if len(row) != len(names):
            raise InputError(
                f"{path}: row {number}: {len(row)} values for {len(names)} parameters"
            )
        for name, value in zip(names, row, strict=True):
            limits = TABLE[INDEX[name]]
            if not (math.isfinite(value) and limits.minimum <= value <= limits.maximum):
                raise InputError(
                    f"{path}: row {number}: {name}: {value} is outside "
                    f"{limits.minimum:g} to {limits.maximum:g} {limits.unit}"
                )
    if digest_of(names, told.rows) != told.digest:
        raise InputError(
            f"{path}: the rows are not those of the digest: they were changed after "
            "chronicle calibrate wrote them; calibrate again"
        )
    return Posterior(
        parameters=tuple(names),
        rows=tuple(tuple(row) for row in told.rows),
        made=told.made,
        digest=told.digest,
    )


def rows_drawn(
    posterior: Posterior, *, seed: int, first: int = 0, count: int
) -> NDArray[np.float64]:
    """The row (R, K) that each replica takes; arms share it."""
    keys = keys_of(seed, first, count, STREAMS["parameters"])
    chosen = uniform_array(_ROW, keys) * len(posterior.rows)
    found: NDArray[np.float64] = np.array(posterior.rows)[chosen.astype(np.int64)]
    return found
