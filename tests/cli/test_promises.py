"""The page of promises: each has a proof, and each proof is a test that is there."""

from __future__ import annotations

import re

import pytest
from test_docs import ROOT

PAGE = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
PROOFS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))


def test_the_twelve_promises_are_there_each_with_a_proof() -> None:
    rows = re.findall(r"^\| P(\d+) \|(.*)\|$", PAGE, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 13))
    assert all("::test_" in row for _, row in rows)
    assert "TODO" not in PAGE


@pytest.mark.parametrize(("file", "name"), PROOFS)
def test_each_proof_is_a_test(file: str, name: str) -> None:
    assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")


def test_each_campaign_that_is_named_is_there() -> None:
    named = set(re.findall(r"tests/soak_\w+\.py", PAGE))
    assert named
    for file in named:
        assert (ROOT / file).is_file(), file
