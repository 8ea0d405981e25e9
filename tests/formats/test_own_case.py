"""The bundled case, Syria 2024, as its reader sees it."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from chronicle.domain.decide import Pending, decide
from chronicle.domain.events import ControlReported, ReportsLinked
from chronicle.formats.csv_folder.folder import CsvRow, read_folder
from chronicle.formats.problem import Problem
from own_toy import CASE, CONTROL, TOY, events, problems, rows_of, write

Case = dict[str, list[CsvRow | Problem]]


@pytest.fixture(scope="module")
def case() -> Case:
    return {file.name: list(file.rows()) for file in read_folder(CASE)}


def table(name: str) -> list[dict[str, str]]:
    with (CASE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def test_the_case_has_its_rows_and_only_the_problems_that_it_names(case: Case) -> None:
    count = {
        name: sum(isinstance(row, CsvRow) for row in rows)
        for name, rows in case.items()
    }
    assert count == {
        "settlements.csv": 296,
        "actors.csv": 15,
        "sources.csv": 35,
        "routes.csv": 554,
        "legends.csv": 2,
        "control.csv": 585,
        "displacement.csv": 34,
        "incidents.csv": 30,
        "closures.csv": 3,
        "support.csv": 16,
        "unlocated.csv": 0,
    }
    told = [problem for rows in case.values() for problem in problems(rows)]
    assert len(told) == 37
    assert all(one.startswith("unlocated.csv:") for one in told)
    assert all(": not located: held by " in one for one in told)


class Nothing:
    """A register of an empty log."""

    def report(self, report: str) -> None:
        return None

    def remarks_on(self, report: str) -> tuple[()]:
        return ()

    def registered(self, kind: type, key: str) -> None:
        return None

    def like(self, kind: type, key: str) -> tuple[()]:
        return ()


def test_every_event_of_the_case_is_one_that_the_log_takes(case: Case) -> None:
    log = Pending(Nothing())
    told = [event for rows in case.values() for event in events(rows)]
    for event in told:
        assert decide(event, log) == event
        log.add(event)
    assert Counter(type(event).__name__ for event in told) == {
        "SettlementRegistered": 296,
        "ActorRegistered": 14,  # `contested` is none
        "SourceRegistered": 35,
        "RouteRegistered": 554,
        "LegendReported": 2,
        "ControlReported": 585,
        "ReportsLinked": 9,
        "DisplacementReported": 34,
        "IncidentReported": 30,
        "RouteStatusReported": 3,
        "SupportReported": 16,
    }


def test_every_control_row_of_the_case_says_what_its_cells_say(case: Case) -> None:
    claims = [e for e in events(case["control.csv"]) if isinstance(e, ControlReported)]
    for claim, row in zip(claims, table("control.csv"), strict=True):
        assert {
            "id": claim.report_id,
            "valid_from": claim.valid_from.isoformat(),
            "time_of_day": claim.time_of_day,
            "settlement": claim.settlement,
            "from_actor": claim.from_actor or "",
            "to_actor": claim.controller or "",
            "kind": claim.kind,
            "reliability": claim.reliability,
            "credibility": str(claim.credibility),
            "published": claim.published.isoformat() if claim.published else "",
            "source": claim.source,
            "claimed_by": claim.claimed_by,
            "basis": claim.basis,
            "note": claim.note,
        }.items() <= row.items()
        assert claim.baseline == (row["status"] == "baseline")
        assert claim.status == ("held" if row["to_actor"] else "contested")
    links = {
        (link.report, link.relation, link.other)
        for link in events(case["control.csv"])
        if isinstance(link, ReportsLinked)
    }
    columns = {"same_change_as": "same-change", "disputes": "disputes"}
    assert links == {
        (row["id"], relation, row[column])
        for row in table("control.csv")
        for column, relation in columns.items()
        if row[column]
    }


def test_every_figure_of_the_case_says_what_its_cells_say(case: Case) -> None:
    figures = events(case["displacement.csv"])
    for figure, row in zip(figures, table("displacement.csv"), strict=True):
        for name in ("persons", "low", "high", "valid_on", "since", "until"):
            value = getattr(figure, name)
            assert ("" if value is None else str(value)) == row[name]
        for name in ("measure", "category", "qualifier", "area", "counter", "note"):
            assert getattr(figure, name) == row[name]
        assert " ".join(figure.includes) == row["includes"]


def test_what_is_not_read_of_the_settlements_is_told_in_control(case: Case) -> None:
    baseline = {
        claim.settlement: claim.controller
        for claim in events(case["control.csv"])
        if isinstance(claim, ControlReported) and claim.baseline
    }
    assert baseline == {
        row["id"]: row["control_2024_11_26"] for row in table("settlements.csv")
    }


def test_the_aggregates_of_the_case_are_marked(case: Case) -> None:
    found = {e.report_id for e in events(case["incidents.csv"]) if e.aggregate}
    assert found == {"i02", "i23", "i24", "i25", "i26"}


def test_the_support_of_the_case_is_what_the_columns_of_its_actors_say(
    case: Case,
) -> None:
    columns = {"backers_in_seed": "seed", "backers_recollection": "compiler"}
    said = [(e.source, e.backer, e.backed) for e in events(case["support.csv"])]
    assert sorted(said) == sorted(
        (source, backer.removesuffix(" (relation disputed)"), row["id"])
        for row in table("actors.csv")
        for column, source in columns.items()
        for backer in row[column].split("|")
        if backer
    )
    for event in events(case["support.csv"]):
        assert (event.published is None) == (event.source == "compiler")


def test_the_sources_as_they_were_compiled_have_two_broken_rows(
    tmp_path: Path,
) -> None:
    """Their names hold commas without quotes round them, which shifts every cell."""
    compiled = (
        "id,name,kind,affiliation,default_reliability,published_first,seen_as,note\n"
        'seed,The seed article (Ukrainian news site," names L24, Anadolu, Liveuamap)",'
        "news,independent,C,2024-11-28,the seed document;Second-hand; some dates of "
        "foreign support are wrong\n"
        "cmo,Command of Military Operations statements (spokesman Hassan Abdulghani),"
        "belligerent claim,opposition,D,2024-11-27,quoted in news,Often right\n"
        "ocha,OCHA flash updates (North-west, Whole of Syria),UN,UN,B,2024-11-28,"
        "stored copies;Figures move with method and area; dated as-of\n"
    )
    control = f"{CONTROL}\nc1,2024-11-27,alder,red,,ocha\n"
    write(tmp_path, {**TOY, "sources.csv": compiled, "control.csv": control})
    rows = rows_of(tmp_path, "sources.csv")
    assert problems(rows) == [
        "sources.csv:2: published_first: 'C': must be a day, YYYY-MM-DD",
        "sources.csv:4: published_first: 'B': must be a day, YYYY-MM-DD",
    ]
    assert [event.source for event in events(rows)] == ["cmo"]
    assert events(rows_of(tmp_path, "control.csv"))[0].source == "ocha"


def test_the_two_broken_sources_are_mended_in_the_case(case: Case) -> None:
    sources = {event.source: event for event in events(case["sources.csv"])}
    assert sources["seed"].name == (
        "The seed article (Ukrainian news site, names L24, Anadolu, Liveuamap)"
    )
    assert sources["seed"].note == (
        "Second-hand; some dates of foreign support are wrong; "
        "seen as: the seed document"
    )
    assert (sources["seed"].reliability, sources["ocha"].reliability) == ("C", "B")
    assert sources["ocha"].since == date(2024, 11, 28)


def test_the_licence_and_the_changes_lie_beside_the_case() -> None:
    licence = (CASE / "LICENSE.md").read_text(encoding="utf-8")
    for line in ("CC BY-SA 4.0", "GeoNames", "Wikipedia", "licenses/by-sa/4.0/"):
        assert line in licence
    readme = (CASE / "README.md").read_text(encoding="utf-8")
    _, changes = readme.split("## What was changed here")
    for name in ("sources.csv", "legends.csv", "support.csv"):
        assert f"`{name}`" in changes
