"""Writes docs/reference from `--help` and docstrings; run by `make reference`."""

from __future__ import annotations

import dataclasses
import inspect
import re
from pathlib import Path
from types import FunctionType, ModuleType
from typing import get_args

import click

import chronicle as ch
from chronicle import errors
from chronicle.cli import COMMANDS, INTERNAL, INTERRUPTED, cli

OUT = Path(__file__).resolve().parent / "reference"
MADE = "<!-- Made by `make reference`; do not edit. -->\n"
WIDTH = 80


def commands_page() -> str:
    """Every command with its help, in the order of `chronicle --help`."""
    parts = [f"{MADE}# Commands\n", _fenced(_help(cli, "chronicle"))]
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        parts.append(f"## {name}\n\n{_fenced(_help(command, f'chronicle {name}'))}")
    return "\n".join(parts)


def _help(command: click.Command, name: str) -> str:
    context = click.Context(
        command, info_name=name, terminal_width=WIDTH, max_content_width=WIDTH
    )
    context.help_option_names = ["-h", "--help"]
    return command.get_help(context)


def _fenced(text: str) -> str:
    lines = (line.rstrip() for line in text.rstrip().splitlines())
    return "```text\n" + "\n".join(lines) + "\n```\n"


def python_page() -> str:
    """Every public name of the package: signature and docstring."""
    parts = [f"{MADE}# Python\n\nAll names are in the package `chronicle`.\n"]
    for name in sorted(ch._HOMES, key=str.casefold):
        value = getattr(ch, name)
        if isinstance(value, ModuleType):
            parts.append(f"## {name}\n\n{_doc(value)}\n")
        elif inspect.isclass(value):
            parts.append(_class(name, value))
        elif callable(value):
            parts.append(f"## {name}\n\n{_code(name, value)}\n{_doc(value)}\n")
        else:
            parts.append(f"## {name}\n")
    return "\n".join(parts)


def _class(name: str, value: type) -> str:
    parts = [f"## {name}\n\n{_doc(value)}\n"]
    if dataclasses.is_dataclass(value):
        rows = [
            f"| `{f.name}` | `{_type(f.type)}` |" for f in dataclasses.fields(value)
        ]
        parts.append("| field | type |\n| --- | --- |\n" + "\n".join(rows) + "\n")
    members: dict[str, object] = {}
    for base in reversed(value.__mro__):  # of a class in parts, all of them
        if base.__module__.startswith("chronicle."):
            members |= vars(base)
    for key, member in members.items():
        if key.startswith("_"):
            continue
        inner = member.__func__ if isinstance(member, classmethod) else member
        if isinstance(inner, property):
            parts.append(f"### {name}.{key}\n\n{_doc(inner)}\n")
        elif isinstance(inner, FunctionType):
            parts.append(f"### {name}.{key}\n\n{_code(key, inner)}\n{_doc(inner)}\n")
    return "\n".join(parts)


def _type(hint: object) -> str:
    """A type in a word; what it may hold stands below the docstring."""
    told = hint if isinstance(hint, str) else inspect.formatannotation(hint)
    if get_args(hint):
        inner = [_type(one) for one in get_args(hint)]
        if hasattr(hint, "__metadata__"):
            return _type(hint.__origin__)
        if type(None) in get_args(hint):
            return " | ".join(inner).replace("NoneType", "None")
    return told.removeprefix("datetime.")


def _code(name: str, value: object) -> str:
    assert callable(value)
    told = str(inspect.signature(value)).replace("'", "")
    told = re.sub(r" at 0x[0-9a-f]+", "", told)  # the address of a default
    return f"```python\n{name}{told}\n```\n"


def _doc(value: object) -> str:
    """The docstring; words between asterisks are names of arguments."""
    return inspect.getdoc(value) or ""


def exit_codes_page() -> str:
    """The exit code of each branch of the tree of errors, and those beside it."""
    rows = [(0, "success", "", "")]
    for kind in errors.ChronicleError.__subclasses__():
        if kind.__name__ not in errors.__all__:
            continue
        # what a module or a test adds to the tree is told where it is
        told_here = {one for one in _below(kind) if one.__name__ in errors.__all__}
        narrower = sorted(one.__name__ for one in told_here)
        told = _doc(kind).partition("\n\n")[0].replace("\n", " ")
        names = ", ".join(f"`{name}`" for name in narrower)
        rows.append((kind.exit_code, f"`{kind.__name__}`", names, told))
    rows += [
        (INTERNAL, "a fault in Chronicle", "", "Not in your data; please report it."),
        (INTERRUPTED, "interrupted", "", "By Ctrl-C; never stands for a refusal."),
    ]
    parts = [
        f"{MADE}# Exit codes\n",
        "Each command ends with one of these; 1 is never used. Errors go to the error",
        "stream, as one JSON object with `--json-errors`; in Python they are raised.\n",
        "| code | error | among them | says |\n| --- | --- | --- | --- |",
        *("| " + " | ".join(map(str, row)) + " |" for row in sorted(rows)),
    ]
    return "\n".join(parts) + "\n"


def _below(kind: type) -> set[type]:
    return {one for child in kind.__subclasses__() for one in (child, *_below(child))}


def main() -> None:
    OUT.mkdir(exist_ok=True)
    (OUT / "exit-codes.md").write_text(exit_codes_page(), encoding="utf-8")
    (OUT / "commands.md").write_text(commands_page(), encoding="utf-8")
    (OUT / "python.md").write_text(python_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
