"""Tables of Lua source as data: a tolerant parser that runs nothing.

It knows table constructors, strings in all three forms, numbers and dotted names, and
passes over whatever else stands between them. Comments are no code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["LuaTable", "tables"]

DEEPEST = 50  # tables in tables; real modules have four

_TOKEN = re.compile(
    r"""
    (?P<blank>\s+)
  | (?P<comment>--\[(?P<c>=*)\[.*?\](?P=c)\]|--[^\n]*)
  | (?P<long>\[(?P<l>=*)\[(?P<inside>.*?)\](?P=l)\])
  | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
  | (?P<number>-?[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|-?\.[0-9]+)
  | (?P<name>[^\W\d]\w*(?:\s*\.\s*[^\W\d]\w*|\s*\[\s*["'][^"'\n]*["']\s*\])*)
  | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_INDEX = re.compile(r"\s*\[\s*[\"']([^\"'\n]*)[\"']\s*\]")


class LuaTable(NamedTuple):
    """One table: the line on which it begins, and the values of its named fields.

    A value is text: a string without its quotes, a number as it is written, or a
    dotted name as `m.gov` (also where it is written `m["gov"]`).
    """

    line: int
    fields: dict[str, str]


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


def _tokens(source: str) -> Iterator[_Token]:
    line = 1
    for found in _TOKEN.finditer(source):
        kind, text = found.lastgroup or "", found[0]
        # `lastgroup` is the last one that matched at the top level of the choice.
        if found["long"] is not None:
            yield _Token("string", found["inside"], line)
        elif found["string"] is not None:
            yield _Token("string", _ESCAPE.sub(r"\1", text[1:-1]), line)
        elif found["number"] is not None:
            yield _Token("number", text, line)
        elif found["name"] is not None:
            dotted = _INDEX.sub(r".\1", text)
            yield _Token("name", re.sub(r"\s*\.\s*", ".", dotted), line)
        elif kind == "sign":
            yield _Token("sign", text, line)
        line += text.count("\n")


def tables(source: str) -> Iterator[LuaTable]:
    """All tables with named fields, inner ones first, in the order of their ends.

    A table that never closes is left out; one deeper than `DEEPEST` is passed over.
    """
    open_: list[LuaTable] = []
    name = ""
    equals = False
    for token in _tokens(source):
        if token.kind == "sign" and token.text == "{":
            open_.append(LuaTable(token.line, {}))
            if len(open_) > DEEPEST:
                return
            name, equals = "", False
        elif token.kind == "sign" and token.text == "}":
            if open_:
                table = open_.pop()
                if table.fields:
                    yield table
            name, equals = "", False
        elif token.kind == "sign" and token.text == "=":
            equals = bool(name)
        elif token.kind == "sign" and token.text in ",;":
            name, equals = "", False
        elif token.kind == "sign":
            continue
        elif equals:
            if open_:
                open_[-1].fields.setdefault(name, token.text)
            name, equals = "", False
        elif token.kind == "name":
            name = token.text
