"""What the columns of Chronicle's own CSV files mean."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from chronicle.domain.events import (
    ActorRegistered,
    ControlReported,
    DisplacementReported,
    IncidentReported,
    LegendReported,
    ReportsLinked,
    RouteRegistered,
    RouteStatusReported,
    SettlementRegistered,
    SourceRegistered,
    SupportReported,
)
from chronicle.formats.csv_folder.folder import CsvRow
from own_toy import CONTROL, INCIDENT, events, problems, told


def test_a_settlement_keeps_its_names_and_how_its_place_is_known(
    tmp_path: Path,
) -> None:
    (event,) = events(
        told(
            tmp_path,
            "settlements.csv",
            "id,name,aliases,kind,lat,lon,population,population_basis,"
            "coordinates_basis,coordinates_error_km,control_2024_11_26,control_basis",
            "007,NA,None|null,town,-10.5,20,0,census,from memory,3,red,hearsay",
        )
    )
    assert event == SettlementRegistered(
        dataset=event.dataset,
        settlement="007",
        name="NA",
        aliases=("None", "null"),
        kind="town",
        lat=-10.5,
        lon=20.0,
        population=0,
        basis="coordinates: from memory, within 3 km; population: census",
    )


def test_an_actor_keeps_who_is_said_to_back_it_in_its_note(tmp_path: Path) -> None:
    rows = told(
        tmp_path,
        "actors.csv",
        "id,name,short,side,backers_in_seed,backers_recollection,acled_inter,colour,"
        "since,until,note",
        "red,Red Army,Red,north,Ash|Elm,Ash,Rebel group,#c0392b,2024-01-01,,A note",
        "contested,(nobody),,none,,,,#95a5a6,,,Not an actor",
    )
    assert problems(rows) == []
    assert len(rows) == 2
    (event,) = events(rows)  # nobody can be the actor of a status without a holder
    assert event == ActorRegistered(
        dataset=event.dataset,
        actor="red",
        name="Red Army",
        short="Red",
        side="north",
        kind="Rebel group",
        colour="#c0392b",
        since=date(2024, 1, 1),
        note="A note; backers (seed): Ash, Elm; backers (recollection): Ash",
    )


def test_a_source_and_a_route_are_registered(tmp_path: Path) -> None:
    (source,) = events(
        told(
            tmp_path,
            "sources.csv",
            "id,name,kind,affiliation,default_reliability,published_first,seen_as,note",
            'wire,"Wire, the",wire,independent,B,2024-11-28,stored copies,',
        )
    )
    assert source == SourceRegistered(
        dataset=source.dataset,
        source="wire",
        name="Wire, the",
        kind="wire",
        affiliation="independent",
        reliability="B",
        since=date(2024, 11, 28),
        note="seen as: stored copies",
    )
    (route,) = events(
        told(
            tmp_path,
            "routes.csv",
            "settlement_a,settlement_b,distance_km,road_class,road,distance_basis,basis",
            "birch,alder,7.6,secondary,M5,great circle x 1.3,known",
        )
    )
    assert route == RouteRegistered(
        dataset=route.dataset,
        settlement_a="birch",
        settlement_b="alder",
        distance_km=7.6,
        road_class="secondary",
        road="M5",
        basis="known; distance: great circle x 1.3",
    )


def test_a_control_row_is_a_report(tmp_path: Path) -> None:
    (event,) = events(
        told(
            tmp_path,
            "control.csv",
            f"{CONTROL},time_of_day,precision,since,until,from_actor,kind,confidence,"
            "reliability,credibility,published,claimed_by,basis,note,ref",
            "c1,2024-11-27,alder,red,control,wire,evening,span,2024-11-26,2024-11-28,"
            "blue,Armed clash,high,B,2,2024-11-28,Red spokesman,stored,Said,p. 3",
            dataset="toy",
        )
    )
    assert event == ControlReported(
        dataset="toy",
        report_id="c1",
        source="wire",
        published=date(2024, 11, 28),
        reliability="B",
        credibility=2,
        note="Said",
        ref="p. 3",
        basis="stored",
        settlement="alder",
        controller="red",
        status="held",
        valid_from=date(2024, 11, 27),
        time_of_day="evening",
        precision="span",
        since=date(2024, 11, 26),
        until=date(2024, 11, 28),
        from_actor="blue",
        kind="Armed clash",
        claimed_by="Red spokesman",
    )


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ("red,baseline", ("red", "held", True)),
        ("red,control", ("red", "held", False)),
        ("red,held", ("red", "held", False)),
        ("red,", ("red", "held", False)),
        (",", (None, "contested", False)),
        (",contested", (None, "contested", False)),
        (",vacated", (None, "vacated", False)),
        (",unknown", (None, "unknown", False)),
        ("red,besieged", ("red", "besieged", False)),
        ("red,presence", ("red", "presence", False)),
    ],
)
def test_status_and_controller_go_together(
    tmp_path: Path, cells: str, expected: tuple[Any, ...]
) -> None:
    (event,) = events(
        told(tmp_path, "control.csv", CONTROL, f"c1,2024-11-27,alder,{cells},wire")
    )
    assert (event.controller, event.status, event.baseline) == expected


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        ("red,contested", "to_actor: 'red': status 'contested' has no controller"),
        (",control", "to_actor: '': status 'held' has a controller"),
        ("red,taken", "status: 'taken': must be one of 'held', "),
        ("contested,control", "leave the cell empty and say so in `status`"),
        ("Red Army,control", "to_actor: 'Red Army': must be an id: no blanks"),
        ("redd,control", "is no actor that is registered; did you mean 'red'?"),
    ],
)
def test_status_and_controller_may_not_contradict_each_other(
    tmp_path: Path, cells: str, rule: str
) -> None:
    rows = told(tmp_path, "control.csv", CONTROL, f"c1,2024-11-27,alder,{cells},wire")
    (problem,) = problems(rows)
    assert problem.startswith("control.csv:2: ")
    assert rule in problem
    assert events(rows) == []


def test_a_bare_confidence_is_kept_in_the_note(tmp_path: Path) -> None:
    bare, graded = events(
        told(
            tmp_path,
            "control.csv",
            f"{CONTROL},confidence,credibility,note",
            "c1,2024-11-27,alder,red,held,wire,low,,Said",
            "c2,2024-11-27,alder,red,held,wire,low,4,Said",
        )
    )
    assert bare.note == "Said; confidence: low"
    assert graded.note == "Said"


def test_a_row_links_its_report_to_others_on_the_day_of_its_source(
    tmp_path: Path,
) -> None:
    rows = told(
        tmp_path,
        "control.csv",
        f"{CONTROL},published,same_change_as,disputes",
        "c1,2024-11-27,alder,red,held,wire,,,",
        "c2,2024-11-28,alder,red,held,digest,2024-11-29,c1,c3 c1",
        "c3,2024-11-28,alder,blue,held,wire,,,",
    )
    assert problems(rows) == []
    link = {
        "dataset": rows[0].events[0].dataset,
        "source": "digest",
        "published": date(2024, 11, 29),
        "report": "c2",
    }
    assert rows[1].events[1:] == (
        ReportsLinked(
            report_id="c2:same-change:c1", other="c1", relation="same-change", **link
        ),
        ReportsLinked(
            report_id="c2:disputes:c1", other="c1", relation="disputes", **link
        ),
    )
    assert rows[3] == CsvRow(  # both reports are told by then
        3,
        (
            ReportsLinked(
                report_id="c2:disputes:c3", other="c3", relation="disputes", **link
            ),
        ),
    )


def test_a_report_that_disputes_itself_is_a_problem(tmp_path: Path) -> None:
    rows = told(
        tmp_path, "control.csv", f"{CONTROL},disputes", "c1,2024-11-27,alder,,,wire,c1"
    )
    assert problems(rows) == ["control.csv:2: other: must be another report"]


def test_a_displacement_row_is_a_figure(tmp_path: Path) -> None:
    (event,) = events(
        told(
            tmp_path,
            "displacement.csv",
            "id,valid_on,since,until,measure,category,persons,low,high,qualifier,area,"
            "settlement,origin,destination,counter,published,source,includes",
            "d2,2024-12-05,2024-11-30,2024-12-06,flow,newly displaced,70000,60000,"
            "80000,range,North,alder,birch,cedar,ocha,2024-12-06,ocha,d0 d1",
        )
    )
    assert event == DisplacementReported(
        dataset=event.dataset,
        report_id="d2",
        source="ocha",
        published=date(2024, 12, 6),
        measure="flow",
        category="newly displaced",
        persons=70_000,
        low=60_000,
        high=80_000,
        qualifier="range",
        area="North",
        settlement="alder",
        origin="birch",
        destination="cedar",
        counter="ocha",
        valid_on=date(2024, 12, 5),
        since=date(2024, 11, 30),
        until=date(2024, 12, 6),
        includes=("d0", "d1"),
    )


def test_an_incident_row_is_what_somebody_alleges(tmp_path: Path) -> None:
    (event,) = events(
        told(
            tmp_path,
            "incidents.csv",
            f"{INCIDENT},injured,civilians,disputed,note,lat,lon",
            "i1,2024-11-26,alder,,Attack,red,3,2,wire,14,yes,yes,A school,10.00,20.00",
        )
    )
    assert event == IncidentReported(
        dataset=event.dataset,
        report_id="i1",
        source="wire",
        valid_from=date(2024, 11, 26),
        settlement="alder",
        kind="Attack",
        alleged_actor="red",
        killed=3,
        killed_low=2,
        injured=14,
        civilians="yes",
        disputed=True,
        note="A school",
    )


@pytest.mark.parametrize(
    ("cells", "aggregate"),
    [
        ("125 attacks: an aggregate,", True),
        ("Cumulative toll,", True),
        ("Disaggregated by place,", False),
        ("an aggregate,no", False),
        ("one attack,yes", True),
    ],
)
def test_an_aggregate_says_so_in_its_note_unless_a_column_says_it(
    tmp_path: Path, cells: str, aggregate: bool
) -> None:
    (event,) = events(
        told(
            tmp_path,
            "incidents.csv",
            f"{INCIDENT},note,aggregate",
            f"i1,2024-11-26,,North,Attack,,,,wire,{cells}",
        )
    )
    assert event.aggregate is aggregate
    assert event.area == "North"


def test_a_closure_shuts_a_route_until_another_opens_it(tmp_path: Path) -> None:
    shut, open_ = events(
        told(
            tmp_path,
            "closures.csv",
            "settlement_a,settlement_b,since,until,shut,source,credibility",
            "birch,alder,2024-11-28,2024-11-30,,wire,2",
            "birch,alder,2024-12-01,,no,wire,",
        )
    )
    assert shut == RouteStatusReported(
        dataset=shut.dataset,
        report_id="closure:alder--birch:2024-11-28:wire",
        source="wire",
        credibility=2,
        settlement_a="birch",
        settlement_b="alder",
        shut=True,
        valid_from=date(2024, 11, 28),
        until=date(2024, 11, 30),
    )
    assert (open_.shut, open_.until) == (False, None)


def test_legends_and_support_are_reports(tmp_path: Path) -> None:
    (legend,) = events(
        told(
            tmp_path,
            "legends.csv",
            "id,legend,colour,means,valid_from,published,source",
            "l1,Map of the day,green,north,2024-11-28,2024-11-28,seed",
        )
    )
    assert legend == LegendReported(
        dataset=legend.dataset,
        report_id="l1",
        source="seed",
        published=date(2024, 11, 28),
        legend="Map of the day",
        colour="green",
        means="north",
        valid_from=date(2024, 11, 28),
    )
    (support,) = events(
        told(
            tmp_path,
            "support.csv",
            "id,backer,backed,support,valid_from,source",
            "s1,Gulf states,red,money,2024-11-28,seed",
        )
    )
    assert support == SupportReported(
        dataset=support.dataset,
        report_id="s1",
        source="seed",
        backer="Gulf states",
        backed="red",
        support="money",
        valid_from=date(2024, 11, 28),
    )
