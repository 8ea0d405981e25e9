"""The table of exit codes is made from the tree of errors, and commands keep to it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

import chronicle as ch
from chronicle import errors
from shell import run

DOCS = Path(__file__).resolve().parents[2] / "docs"


def told() -> dict[int, str]:
    """Code to error, as the page has them."""
    page = (DOCS / "reference" / "exit-codes.md").read_text()
    rows = re.findall(r"^\| (\d+) \| `?(.*?)`? \|", page, re.MULTILINE)
    return {int(code): error for code, error in rows}


def test_the_page_is_made_from_the_errors() -> None:
    spec = importlib.util.spec_from_file_location("made", DOCS / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    page = (DOCS / "reference" / "exit-codes.md").read_text()
    assert page == made.exit_codes_page()


def test_every_branch_has_a_code_of_its_own_and_no_twig_another() -> None:
    branches = [
        kind
        for kind in errors.ChronicleError.__subclasses__()
        if kind.__module__ == errors.__name__
    ]
    codes = [kind.exit_code for kind in branches]
    assert len(set(codes)) == len(codes)
    assert 1 not in told()
    for name in errors.__all__:
        kind = getattr(errors, name)
        if isinstance(kind, type) and kind is not errors.ChronicleError:
            (branch,) = [b for b in branches if issubclass(kind, b)]
            assert kind.exit_code == branch.exit_code
            assert told()[kind.exit_code] == branch.__name__


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["state", "FILE"], "success"),
        (["state", "FILE", "--lens", "blurred"], "UsageError"),
        (["why", "FILE", "nowhere"], "InputError"),
        (["init", "FILE"], "Conflict"),
        (["state", "MISSING"], "StorageError"),
        (["state", "FOREIGN"], "Untrusted"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_commands_end_with_the_codes_of_the_page(
    tmp_path: Path, words: list[str], error: str
) -> None:
    file = tmp_path / "toy.chronicle"
    ch.create(file).close()
    foreign = tmp_path / "foreign.txt"
    foreign.write_text("no chronicle")
    names = {"FILE": file, "MISSING": tmp_path / "no.chronicle", "FOREIGN": foreign}
    ended = run(*(names.get(word, word) for word in words))
    assert told()[ended.code] == error, ended.err
