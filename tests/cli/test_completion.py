"""What the shell is told when somebody presses Tab."""

from __future__ import annotations

from pathlib import Path

import pytest

import chronicle as ch
from shell import spawned


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("completion") / "toy.chronicle"
    with ch.create(path) as log:
        log.append(
            [
                ch.SettlementRegistered(settlement="alder", name="Alder", lat=1, lon=2),
                ch.SettlementRegistered(settlement="ash", name="Esche", lat=1, lon=2),
                ch.SettlementRegistered(settlement="birch", name="Birch", lat=1, lon=2),
                ch.ActorRegistered(actor="red", name="Red Army"),
                ch.SourceRegistered(source="radio", name="Radio"),
            ]
        )
    return path


def completed(*words: str | Path, **env: str) -> list[str]:
    """The values offered for the last of the words."""
    told = {
        "_CHRONICLE_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(map(str, ("chronicle", *words))),
        "COMP_CWORD": str(len(words)),
    }
    ended = spawned(env=told | env)
    assert ended.err == ""
    return [line.partition(",")[2] for line in ended.out.splitlines() if line]


def test_commands_are_completed() -> None:
    assert completed("hi") == ["history"]


def test_settlements_of_the_record_are_completed_by_id_and_name(file: Path) -> None:
    assert completed("history", file, "a") == ["alder", "ash"]
    assert completed("why", file, "Es") == ["ash"]
    assert completed("state", file, "--place", "b") == ["birch"]


def test_the_environment_names_the_record(file: Path) -> None:
    assert completed("history", "bi", CHRONICLE_FILE=str(file)) == ["birch"]


def test_sources_lenses_and_actors_are_completed(file: Path) -> None:
    assert completed("log", file, "--source", "r") == ["radio"]
    assert completed("state", file, "--lens", "gr") == ["graded"]
    assert completed("state", file, "--lens", "so") == ["source:"]
    assert completed("state", file, "--lens", "source:r") == ["source:radio"]
    assert completed("state", file, "--control", "r") == ["red"]


def test_without_a_record_nothing_is_completed_and_nothing_said(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("no chronicle")
    for record in (tmp_path / "no.chronicle", text, "postgresql://nowhere/x"):
        assert completed("history", record, "a") == []
    assert not (tmp_path / "no.chronicle").exists()


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_script_of_a_shell_is_printed(shell: str) -> None:
    ended = spawned(env={"_CHRONICLE_COMPLETE": f"{shell}_source"})
    assert ended.code == 0
    assert "_CHRONICLE_COMPLETE" in ended.out
