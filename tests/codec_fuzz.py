"""Hostile stored events by the thousand, each made from a seed and a number.

    fuzzed(seed, number)      a TYPE and bytes, as a stranger may have stored them
    read(seed, count)         decode as many; counts of what became of them

`python tests/soak_codec.py 100000` reads many more than the suite does.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import msgspec

from chronicle.domain.events import EVENTS, Event
from chronicle.errors import Untrusted
from chronicle.store.codec import decode, encode
from golden import examples

HOSTILE_TYPES = (
    "os.system",
    "antigravity",
    "chronicle.errors:UsageError",
    "chronicle.domain.events:ControlReported",
    "builtins.eval",
    "__import__('os').system('true')",
    "control-reported ",
    "Control-Reported",
    "control_reported",
    "control-reported\0",
    "",
    "\ud800",
    "x" * 100_000,
)
HOSTILE_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**63 - 1,
    -(2**63),
    2**64 - 1,
    float("nan"),
    float("inf"),
    -0.0,
    1e308,
    "",
    " ",
    "alder",
    "a b",
    "\x00",
    "\u202e",
    "é",
    "e\u0301",
    "x" * 21_000,
    "2024-02-30",
    "2024-11-27",
    "２０２４-11-27",
    b"bytes",
    [],
    {},
    [[]],
    ["alder"],
    [["controller", "red"]],
    [["__class__", "x"]],
    [["report_id", "x"]],
    [["note", {"a": [1]}]],
    [["note", "n"], ["note", "m"]],
    {"controller": "red"},
    {"__class__": "os"},
    {1: 2},
    msgspec.msgpack.Ext(1, b"x"),
    msgspec.msgpack.Ext(-1, b"\0\0\0\0"),
    msgspec.msgpack.Ext(-1, b"broken"),
)
_GOOD = [(event.TYPE, encode(event)) for event in examples().values()]
_pack = msgspec.msgpack.Encoder().encode


def _deep(depth: int) -> bytes:
    return b"\x91" * depth + b"\xc0"


def fuzzed(seed: int, number: int) -> tuple[Any, Any]:
    """One TYPE and body; the same for ever for a seed and a number."""
    chance = random.Random(f"{seed}:{number}")
    type_, body = chance.choice(_GOOD)
    match chance.randrange(10):
        case 0:
            return chance.choice(HOSTILE_TYPES), body
        case 1:
            return chance.choice(list(EVENTS)), body
        case 2:
            damaged = bytearray(body)
            for _ in range(chance.randint(1, 8)):
                damaged[chance.randrange(len(body))] = chance.randrange(256)
            return type_, bytes(damaged)
        case 3:
            return type_, body[: chance.randrange(len(body))]
        case 4:
            return type_, body + chance.randbytes(chance.randint(1, 9))
        case 5:
            return type_, chance.randbytes(chance.randrange(200))
        case 6:
            return type_, chance.choice(
                [_deep(10_000), b"\x91\x01" + _deep(5_000), b"\xdd\xff\xff\xff\xff"]
            )
        case 7:
            return type_, chance.choice([None, 7, 1.5, "text", "", b""])
    values = msgspec.msgpack.decode(body)
    for _ in range(chance.randint(1, 3)):
        values[chance.randrange(len(values))] = chance.choice(HOSTILE_VALUES)
    if chance.random() < 0.1:
        values += [chance.choice(HOSTILE_VALUES)] * 40
    return type_, _pack(values)


def read(seed: int, count: int) -> Counter[str]:
    """How many were read and how many refused; any other error is raised.

    What is read is an event of the allow-list, and is the same when it is stored again.
    """
    outcomes: Counter[str] = Counter()
    for number in range(count):
        type_, body = fuzzed(seed, number)
        try:
            event = decode(type_, body)
        except Untrusted as refused:
            outcomes["refused" if len(str(refused)) < 600 else "refused at length"] += 1
            continue
        assert isinstance(event, Event), number
        assert type(event) is EVENTS[type_], number
        assert decode(event.TYPE, encode(event)) == event, number
        outcomes["read"] += 1
    return outcomes
