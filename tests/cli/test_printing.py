"""What is printed is safe for a terminal, and printed at one place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import chronicle as ch
from chronicle import cli
from chronicle.cli.render import as_text
from chronicle.domain.table import Table
from chronicle.domain.visible import visible
from shell import run

HOSTILE = "\x1b]0;owned\x07\u202e\u200b\U000e0041x"
SAFE = r"\u001b]0;owned\u0007\u202e\u200b\udb40\udc41x"
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\U000e0041]")


def test_what_a_terminal_would_obey_is_spelt_out() -> None:
    assert visible(HOSTILE) == SAFE
    assert visible("Ḥamāh حماة\tx\nnext\u200cz") == "Ḥamāh حماة\tx\nnext\u200cz"
    assert visible("\ud800") == r"\ud800"


def test_tables_for_people_are_safe_and_data_is_what_it_is() -> None:
    table = Table(("name",), [(HOSTILE,)], f"header {HOSTILE}", [HOSTILE])
    assert not UNSAFE.search(as_text(table))
    assert cli.render.as_csv(table).endswith(HOSTILE + "\n")


@pytest.mark.parametrize(
    "words",
    [
        ["log", f"no{HOSTILE}"],
        ["import", "FILE", f"no{HOSTILE}"],
        ["run", f"no{HOSTILE}.toml"],
        ["compare", f"no{HOSTILE}"],
        ["flee", f"no{HOSTILE}"],
        [f"no{HOSTILE}"],
        ["state", "FILE", f"--no{HOSTILE}"],
        ["state", "FILE", "--on", "2024-11-10", "--out", f"no{HOSTILE}/x.csv"],
        ["--json-errors", "log", f"no{HOSTILE}"],
    ],
    ids=lambda words: words[0][:12],
)
def test_names_of_files_reach_no_terminal_raw(words: list[str], tmp_path: Path) -> None:
    ch.create(path := tmp_path / "x.chronicle").close()
    told = run(*(str(path) if word == "FILE" else word for word in words))
    assert told.code in (2, 3, 6)
    assert not UNSAFE.search(told.out + told.err), told.err
    assert "owned" in told.err


def test_only_one_module_prints() -> None:
    speaking = re.compile(r"click\.(secho|echo)\(|(?<![\w.])print\(|Console\(")
    for file in Path(cli.__file__).parent.glob("*.py"):
        if file.name != "printing.py":
            assert not speaking.search(file.read_text()), file
