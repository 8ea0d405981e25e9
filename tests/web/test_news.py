"""What is new is added to what a page has: the same as if all had been read anew."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import chronicle.web
from chronicle.api import Chronicle, memory
from chronicle.domain.events import (
    ControlReported,
    Event,
    IncidentReported,
    ReportAmended,
    ReportRedacted,
    ReportRetracted,
    SettlementRegistered,
)
from chronicle.experiments.bundled import bundled_case
from chronicle.web.documents import news_document
from chronicle.web.payload import MOST_ADDED, encoded, payload, top_up

NODE = shutil.which("node") or shutil.which("nodejs")
STATIC = Path(chronicle.web.__file__).parent / "static"


def control(number: int, **more: Any) -> ControlReported:
    told = {"settlement": "hama", "controller": "gov", "valid_from": "2024-12-06"}
    return ControlReported(report_id=f"n{number}", source="sana", **{**told, **more})


ADDED: list[Event] = [
    control(1),
    control(2, controller="hts", published="2024-12-07", note="late"),
    IncidentReported(
        report_id="n3",
        source="sana",
        settlement="homs",
        kind="Armed clash",
        valid_from="2024-12-06",
    ),
    ReportAmended(report="n1", changes={"valid_from": "2024-12-03"}),
    ReportRetracted(report="n2", reason="a misreading"),
]


@pytest.fixture
def record() -> Chronicle:
    made = memory()
    made.import_folder(bundled_case())
    return made


@pytest.mark.skipif(NODE is None, reason="no node on this machine")
def test_what_is_new_makes_the_whole(record: Chronicle) -> None:
    first = record.head
    amended = next(
        one.event.report_id
        for one in record.log()
        if isinstance(one.event, ControlReported)
    )
    old = ReportAmended(report=amended, changes={"valid_from": "2024-11-28"})
    record.append([*ADDED, old])
    cases = []
    for after in range(first, record.head):
        before = payload(record.log(upto=after), name="case")
        news = news_document(record, after)
        whole = payload(record.log(), name="case")
        cases.append({"before": before, "news": news, "whole": whole})
    assert NODE is not None
    done = subprocess.run(
        [NODE, str(Path(__file__).with_name("merging.mjs")), str(STATIC)],
        input=encoded({"cases": cases})[len('{"cases":') : -1],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    answers = json.loads(done.stdout)
    assert len(answers) == len(ADDED) + 1
    for made, wanted in answers:
        assert made == wanted


def test_what_cannot_be_added_is_read_anew(record: Chronicle) -> None:
    whole = {"whole": True}
    assert news_document(record, record.head + 1) == whole
    at = record.head
    record.append(SettlementRegistered(settlement="new", name="New"))
    assert news_document(record, at) == whole
    assert news_document(record, record.head) != whole
    at = record.head
    record.append(control(1))
    assert news_document(record, at) != whole
    record.append(ReportRedacted(report="n1", reason="it names a person"))
    assert news_document(record, at) == whole


def test_too_much_is_read_anew(record: Chronicle) -> None:
    one = next(e for e in record.log() if isinstance(e.event, ControlReported))
    assert top_up([one] * MOST_ADDED, lambda _: None) is not None
    assert top_up([one] * (MOST_ADDED + 1), lambda _: None) is None
