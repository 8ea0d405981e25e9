"""`verify`, `prove`, `head`, `witness` and evidence at the shell; a damaged record."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import chronicle as ch
from chronicle.store.headfile import head_beside
from log_toys import Clock, control, opening
from shell import run as chronicle


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.chronicle"
    with ch.create(path, clock=Clock()) as log:
        log.append([*opening(), control("r1"), control("r2", valid_from="2024-11-28")])
    return path


def test_a_record_is_verified_with_and_without_a_head(
    path: Path, tmp_path: Path
) -> None:
    ran = chronicle("verify", path)
    assert ran.code == 0
    assert ran.out.startswith("7\t")
    assert "a record made anew would pass" in ran.err
    kept = tmp_path / "kept"
    assert chronicle("head", path, "--out", kept).code == 0
    key = chronicle("head", path, "--key").out.strip()
    ran = chronicle("verify", path, "--head", kept, "--key", key)
    assert ran.code == 0
    assert "begins with every one of 1 heads" in ran.err
    assert "signed with the key" in ran.err
    ran = chronicle("verify", path, "--key", "no key")
    assert (ran.code, "no key" in ran.err) == (3, True)


def test_a_report_is_proven(path: Path, tmp_path: Path) -> None:
    ran = chronicle("prove", path, "r1")
    assert ran.out.startswith("c2sp.org/tlog-proof@v1\n")
    assert chronicle("prove", path, "@6").out == ran.out
    assert chronicle("prove", path, "@x").code == 2
    assert chronicle("prove", path, "r9").code == 3
    out = tmp_path / "r1.tlog-proof"
    assert chronicle("prove", path, "r1", "--out", out).code == 0
    assert out.read_text(encoding="utf-8") == ran.out


def test_a_witness_refuses_what_was_rolled_back(path: Path, tmp_path: Path) -> None:
    older = path.read_bytes()
    with ch.open(path) as log:
        log.append(control("late"))
    ran = chronicle("witness", path, tmp_path / "stick", "--name", "ana")
    assert ran.code == 0
    assert ran.out.endswith("\t8\n")
    path.write_bytes(older)
    head_beside(path).unlink()
    ran = chronicle("witness", path, tmp_path / "stick")
    assert ran.code == 7
    assert "position 8 and all after it are lost" in ran.err


def test_a_record_that_lost_its_end_answers_and_says_so(path: Path) -> None:
    older = path.read_bytes()
    with ch.open(path) as log:
        log.append(control("late"))
    path.write_bytes(older)
    ran = chronicle("state", path, "--on", "2024-11-30", "--format", "csv")
    assert ran.code == 7
    assert ran.out.startswith("settlement,")
    assert "alder,alder,36.0,37.0,red" in ran.out
    assert "position 8 and all after it are lost" in ran.err
    ran = chronicle("--json-errors", "history", path, "alder")
    told = json.loads(ran.err.strip().split("\n")[-1])
    assert (told["error"], told["position"]) == ("RolledBack", 8)
    ran = chronicle("retract", path, "r1", "--reason", "x")
    assert ran.code == 7
    assert chronicle("verify", path, "--head", head_beside(path)).code == 7


def test_a_copy_without_its_head_is_a_note(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.chronicle"
    shutil.copy(path, copy)
    ran = chronicle("history", copy, "alder")
    assert ran.code == 0
    assert "copy.chronicle.head is missing" in ran.err
    assert chronicle("-q", "history", copy, "alder").err == ""


def test_evidence_is_exported_and_recorded(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "court"
    ran = chronicle(
        *("export", path, "--as", "evidence", "--out", out),
        *("--report", "r1", "--purpose", "a letter"),
    )
    assert ran.code == 0, ran.err
    assert ran.out.split("\t")[:2] == [str(out), "1"]
    assert "recorded at position 8" in ran.err
    log = chronicle("log", path, "--format", "csv").out
    assert "court: 1 reports as evidence, at position 7" in log
    assert chronicle("export", path, "--as", "evidence").code == 2
    assert chronicle("export", path, "--as", "evidence", "--out", out).code == 2
    assert chronicle("export", path, "--as", "own", "--purpose", "x").code == 2
