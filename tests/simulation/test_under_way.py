"""An offensive under way at the branch: forces are on the move, and may be there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

import chronicle as ch
from chronicle.errors import InputError
from chronicle.simulation.compiled.engine import Results, run_chunk
from chronicle.simulation.engine.replication import adjacency_of, replication_of
from chronicle.simulation.engine.simulation import Simulation
from chronicle.simulation.ensemble.plain_chunk import run_chunk_plainly
from chronicle.simulation.interventions import Intervention, orders_of
from chronicle.simulation.network import Network, NetworkPlace, build
from chronicle.simulation.parameters import Parameters
from chronicle.simulation.recording import Replica, branch_of
from chronicle.simulation.reporting import reporting_of
from chronicle.simulation.rules import CAPTURED, OUT, REINFORCED, SIEGE, UPRISING
from chronicle.simulation.scenario_file import scenario_of
from chronicle.simulation.start import network_of
from chronicle.verification.outcomes import from_fall_days
from percolation import capture_times
from whatif_worlds import PLAIN, three_towns

AT_ONCE = Parameters.of(PLAIN | {"hold_days": 0.0})
"""No sieges: 10 km a day and nothing else."""


def moving(
    taken: float, birch: float = -9.0, cedar: float = -9.0, **more: object
) -> Network:
    """`three_towns` where red took alder *taken* days from the branch."""
    network = three_towns(**more)
    return replace(
        network,
        taken=np.array([taken, np.nan, np.nan]),
        confirmed=np.array([-9.0, birch, cedar]),
    )


def times(network: Network, parameters: Parameters, **more: object) -> dict[str, float]:
    """When places fall, by every engine there is; they must agree."""
    given: dict[str, object] = {"seed": 1, "horizon": 9, **more}
    run = Simulation(network, parameters, **given).until()  # type: ignore[arg-type]
    on_heap = Simulation(network, parameters, engine="heap", **given).until()  # type: ignore[arg-type]
    assert run.changes == on_heap.changes
    return {
        network.settlements[c.settlement]: c.time
        for c in run.changes
        if c.kind in (CAPTURED, UPRISING)
    }


def both(network: Network, parameters: Parameters = AT_ONCE) -> Results:
    """One replica by numba and plainly, which must agree."""
    adjacency = adjacency_of(network)
    told = adjacency, orders_of(network, (), 9), parameters.vector().reshape(1, -1)
    given = {"seed": 1, "first": 0, "count": 1, "horizon": 9.0}
    fast, plain = run_chunk(*told, **given), run_chunk_plainly(*told, **given)  # type: ignore[arg-type]
    np.testing.assert_array_equal(fast.fall_day, plain.fall_day)
    np.testing.assert_array_equal(fast.displaced, plain.displaced)
    return fast


def test_a_force_sets_out_from_where_it_was_when_it_took_the_place() -> None:
    # alder was taken 2 days before the branch; 30 km to birch take 3 days, so that a
    # day is left, and cedar is 2 days further.
    assert times(moving(-2.0), AT_ONCE) == {"birch": 1.0, "cedar": 3.0}
    assert both(moving(-2.0)).fall_day.tolist() == [[0, 1, 3]]


def test_without_an_offensive_it_sets_out_after_the_branch() -> None:
    waits = Parameters.of(PLAIN | {"hold_days": 0.0, "delay_days": 2.0})
    assert times(three_towns(), waits) == {"birch": 5.0, "cedar": 7.0}
    # The wait is for those who have to begin: this one is on its way.
    assert times(moving(-2.0), waits) == {"birch": 1.0, "cedar": 3.0}


def test_a_place_may_have_fallen_by_the_branch_unreported() -> None:
    # It set out 4 days before, so that it came to birch one day before the branch.
    assert times(moving(-4.0), AT_ONCE) == {"birch": -1.0, "cedar": 1.0}
    assert both(moving(-4.0)).fall_day.tolist() == [[0, OUT, 1]]
    assert from_fall_days(np.array([[0, OUT, 1]])).tolist() == [[np.inf, 0.0, 1.0]]


def test_nothing_befalls_a_place_before_the_last_report_that_it_was_held() -> None:
    # The force was before birch on day -1, but birch was held until -0.5.
    assert times(moving(-4.0, birch=-0.5), AT_ONCE) == {"birch": -0.5, "cedar": 1.5}
    # Reported held at the end of the branch day: it falls after it, on day 1.
    late = moving(-4.0, birch=0.0)
    assert times(late, AT_ONCE) == {"birch": 0.0, "cedar": 2.0}
    assert both(late).fall_day.tolist() == [[0, 1, 2]]


def test_no_place_rises_before_the_last_report_that_it_was_held() -> None:
    # birch falls on day -1, and cedar, whose people have then lost a tenth of theirs,
    # would rise the same moment but for the report of day -0.5.
    rises = Parameters.of(
        PLAIN | {"hold_days": 0.0, "rising_threshold": 0.05, "rising_days": 0.0}
    )
    network = moving(-4.0, cedar=-0.5, risings=[("cedar", "red")])
    assert times(network, rises) == {"birch": -1.0, "cedar": -0.5}
    assert both(network, rises).fall_day.tolist() == [[0, OUT, OUT]]


def test_a_hold_from_the_branch_on_is_for_sieges_under_way_too() -> None:
    # The siege of birch began a day before the branch, and lasts for two days.
    hold = Intervention(kind="hold", places=("birch",), extra_days=2.0)
    network = moving(-4.0)
    assert times(network, AT_ONCE, interventions=[hold])["birch"] == 1.0
    begun = Simulation(network, AT_ONCE, [hold], seed=1, horizon=9).until()
    assert next(c.time for c in begun.changes if c.kind == SIEGE) == -1.0


def test_a_run_under_way_can_be_saved_before_the_branch_and_goes_on() -> None:
    network = moving(-4.0)
    whole = Simulation(network, AT_ONCE, seed=1, horizon=9).until()
    half = Simulation(network, AT_ONCE, seed=1, horizon=9).until(-0.5)
    assert [c.time for c in half.changes if c.kind == CAPTURED] == [-1.0]
    assert (
        Simulation.resume(network, half.checkpoint()).until().changes == whole.changes
    )


def test_a_hook_may_order_before_the_branch_what_it_sees_there() -> None:
    def reinforce(view, event, random):  # type: ignore[no-untyped-def]
        if event.settlement != "birch" or event.kind != "captured":
            return []
        return [
            Intervention(
                kind="reinforce", places=("cedar",), factor=2.0, day=event.time
            )
        ]

    slow = Parameters.of(PLAIN | {"hold_days": 1.0})
    network = moving(-6.0)
    plain = Simulation(network, slow, seed=1, horizon=30).until()
    ruled = Simulation(network, slow, seed=1, horizon=30, hooks=[reinforce]).until()
    (ordered,) = (c.time for c in ruled.changes if c.kind == REINFORCED)
    (birch, cedar), (_, later) = (
        [c.time for c in run.changes if c.kind == CAPTURED] for run in (plain, ruled)
    )
    assert ordered == birch < 0.0
    # birch to cedar takes two days, and the siege there now takes twice as long.
    assert later - birch - 2.0 == pytest.approx(2.0 * (cedar - birch - 2.0))


def test_dijkstra_agrees_on_forces_under_way() -> None:
    spread = Parameters.of(PLAIN | {"speed_sigma": 0.5, "hold_days": 1.0})
    network = moving(-4.0)
    for seed in range(50):
        replication = replication_of(
            adjacency_of(network), spread, seed=seed, horizon=3650
        )
        found = times(network, spread, seed=seed, horizon=3650)
        expected = dict(
            zip(network.settlements, capture_times(replication), strict=True)
        )
        assert expected.pop("alder") == 0.0
        assert found == pytest.approx(expected)


def test_what_is_taken_or_confirmed_after_the_branch_is_refused() -> None:
    for wrong in ({"taken": 0.5}, {"confirmed": 1.0}):
        with pytest.raises(InputError, match=r"alder: .* is after the branch"):
            build(
                [NetworkPlace(settlement="alder", **wrong)],
                [],
                actors=["red"],
                attacks=[],
            )  # type: ignore[arg-type]


# --- from a record ---------------------------------------------------------------


def record() -> ch.Chronicle:
    """red took birch from blue on 3 May; blue was seen in cedar on 4 May."""
    log = ch.memory()
    for id_ in ("alder", "birch", "cedar", "dogwood"):
        log.append(
            ch.SettlementRegistered(settlement=id_, name=id_.title(), lat=1, lon=1)
        )
    for id_ in ("red", "blue"):
        log.append(ch.ActorRegistered(actor=id_, name=id_))
    told = (
        ("alder", "red", 1),
        ("birch", "blue", 1),
        ("cedar", "blue", 1),
        ("birch", "red", 3),
        ("cedar", "blue", 4),
    )
    for number, (place, actor, day) in enumerate(told):
        log.append(
            ch.ControlReported(
                report_id=f"r{number}",
                settlement=place,
                controller=actor,
                status="held",
                valid_from=date(2024, 5, day),
                published=date(2024, 5, day),
                source="desk",
            )
        )
    return log


def scenario(**more: object) -> object:
    head = {"id": "x", "branch_at": date(2024, 5, 5), **more}
    force = {"actors": ["red"], "against": ["blue"], "risings": "everywhere"}
    return scenario_of({"scenario": head, "force": [force]})


def terrain_on(**more: object) -> Network:
    log = record()
    return network_of(log.state(date(2024, 5, 5)), scenario(**more), log.find)  # type: ignore[arg-type]


def test_what_was_taken_since_the_offensive_began_is_on_the_move() -> None:
    network = terrain_on(offensive_since=date(2024, 5, 2))
    # Noon of 3 May, two and a half days before the end of 5 May; alder is of before.
    np.testing.assert_array_equal(network.taken, [np.nan, -2.5, np.nan, np.nan])
    np.testing.assert_array_equal(network.confirmed, [-4.0, -2.0, -1.0, -np.inf])
    assert network.begin == -2.5


def test_an_offensive_that_has_taken_nothing_moves_nobody() -> None:
    for since in (None, date(2024, 5, 4)):
        more = {} if since is None else {"offensive_since": since}
        network = terrain_on(**more)
        assert np.isnan(network.taken).all()
        assert network.begin == 0.0


def test_everywhere_is_wherever_the_other_side_is() -> None:
    network = terrain_on()
    assert [network.settlements[row] for row, _ in network.risings] == ["cedar"]
    assert {network.actors[actor] for _, actor in network.risings} == {"red"}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (
            {"offensive_since": date(2024, 5, 6)},
            "since: '2024-05-06' is after",
        ),
        (
            {"offensive_since": "2024-05-01"},
            "since: '2024-05-01' must be a day",
        ),
        ({"offensive_sinc": date(2024, 5, 1)}, "did you mean 'offensive_since'"),
    ],
)
def test_a_wrong_beginning_is_told(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        scenario(**wrong)


def test_a_wrong_word_for_risings_is_told() -> None:
    head = {"id": "x", "branch_at": date(2024, 5, 5)}
    force = {"actors": ["red"], "against": ["blue"], "risings": "anywhere"}
    with pytest.raises(InputError, match="list of names, or 'everywhere'"):
        scenario_of({"scenario": head, "force": [force]})


def test_a_scenario_without_the_keys_is_the_same_scenario_as_before_them() -> None:
    head = {"id": "x", "branch_at": date(2024, 5, 5)}
    force = {"actors": ["red"], "against": ["blue"], "risings": ["cedar"]}
    found = {
        scenario_of(
            {
                "scenario": head | more,
                "force": [force],
                "ensemble": {"parameters": "fixed"},
            }
        ).identity
        for more in ({}, {"offensive_since": date(2024, 5, 2)})
    }
    # As it was before there was such a key.
    before = "bdc7e5a7ca70129ee00e5793d4a5d7df5788852f6fd8cd51e63265531748b3d9"
    assert before in found
    assert len(found) == 2


def test_a_branch_dates_what_came_before_it_on_its_own_day() -> None:
    log = record()
    told = scenario(offensive_since=date(2024, 5, 2))
    start = log.state(date(2024, 5, 5))
    network = replace(
        moving(-4.0), settlements=("alder", "birch", "cedar"), actors=("red", "blue")
    )
    run = Simulation(network, AT_ONCE, seed=1, horizon=9).until()
    branch = ch.Chronicle(
        branch_of(
            Replica(
                scenario=told,  # type: ignore[arg-type]
                arm="baseline",
                seed=1,
                number=0,
                network=network,
                changes=run.changes,
            ),
            start,
        )
    )
    table = branch.history("birch")
    last = dict(zip(table.columns, table.rows[-1], strict=True))
    assert last["valid_from"] == date(2024, 5, 5)
    assert "1.0 days before the branch" in last["note"]
    assert branch.state(date(2024, 5, 5)).control["birch"] == "red"
    assert branch.state(date(2024, 5, 5)).control["cedar"] == "blue"
    assert branch.state(date(2024, 5, 6)).control["cedar"] == "red"


# --- no ghosts -------------------------------------------------------------------


def told_of(days: dict[str, list[tuple[int, str]]], last: int) -> ch.Chronicle:
    """Who held what from which day of May on, each told on its own day."""
    log = ch.memory()
    for id_ in days:
        log.append(
            ch.SettlementRegistered(settlement=id_, name=id_.title(), lat=1, lon=1)
        )
    for id_ in ("red", "blue"):
        log.append(ch.ActorRegistered(actor=id_, name=id_))
    for place, changes in days.items():
        for day, actor in changes:
            log.append(
                ch.ControlReported(
                    report_id=f"{place}-{day}",
                    settlement=place,
                    controller=actor,
                    status="held",
                    valid_from=date(2024, 5, day),
                    published=date(2024, 5, day),
                    source="desk",
                )
            )
    return log


def fronts() -> dict[str, list[tuple[int, str]]]:
    """red took eight towns by 8 May and two on the 30th; blue held two throughout."""
    found = {f"town-{n}": [(1, "blue"), (2 + n % 7, "red")] for n in range(8, 16)}
    found |= {f"late-{n}": [(1, "blue"), (30, "red")] for n in range(2)}
    return found | {"alder": [(1, "red")], "birch": [(1, "blue")]}


def daily(days: dict[str, list[tuple[int, str]]]) -> dict[str, list[tuple[int, str]]]:
    """The same truth as a map that restates every place each day."""
    return {
        place: [
            (day, [who for since, who in changes if since <= day][-1])
            for day in range(1, 31)
        ]
        for place, changes in days.items()
    }


def on_30_may(days: dict[str, list[tuple[int, str]]]) -> Network:
    log, day = told_of(days, 30), date(2024, 5, 30)
    told = scenario(branch_at=day, published_by=day, offensive_since=date(2024, 5, 1))
    return network_of(log.state(day, None, day), told, log.find)  # type: ignore[arg-type]


def test_changes_and_a_map_restated_daily_begin_a_run_alike() -> None:
    changes, restated = on_30_may(fronts()), on_30_may(daily(fronts()))
    held = [changes.row("birch"), changes.row("alder")]
    np.testing.assert_array_equal(changes.confirmed[held], [0.0, 0.0])
    np.testing.assert_array_equal(changes.confirmed, restated.confirmed)
    np.testing.assert_array_equal(changes.taken, restated.taken)


def test_only_the_takers_of_the_last_days_are_under_way() -> None:
    network = on_30_may(fronts())
    moving = {network.settlements[v] for v in np.flatnonzero(~np.isnan(network.taken))}
    assert moving == {"late-0", "late-1"}
    assert network.begin == -0.5


def test_how_late_news_is_is_fitted_on_the_record() -> None:
    log = told_of(fronts(), 30)
    for number in range(20):
        log.append(
            ch.ControlReported(
                report_id=f"slow-{number}",
                settlement=f"town-{8 + number % 8}",
                controller="blue" if number // 8 % 2 == 0 else "red",
                status="held",
                valid_from=date(2024, 5, 16 + number // 8),
                published=date(2024, 5, 19 + number // 8),
                source="desk",
            )
        )
    day = date(2024, 5, 30)
    found = reporting_of(log.state(day, None, day))
    assert found.changes == 30
    # Ten of thirty were told on their day, and twenty three days later.
    assert found.share(0) == pytest.approx(0.33, abs=0.05)
    assert found.share(3) > 0.95
    assert found.silence_days == 3
    assert found.stood_until == date(2024, 5, 27)


def test_lags_that_cannot_have_been_seen_yet_are_allowed_for() -> None:
    # Each day a town falls, which is told one or six days later. Seen on 16 May, most
    # of the late ones are missing; half are late.
    log = told_of({f"t-{n:02d}": [(1, "blue")] for n in range(26)}, 1)
    for number in range(26):
        valid = 3 + number // 2
        published = valid + (1 if number % 2 else 6)
        if published <= 16:
            log.append(
                ch.ControlReported(
                    report_id=f"fall-{number}",
                    settlement=f"t-{number:02d}",
                    controller="red",
                    status="held",
                    valid_from=date(2024, 5, valid),
                    published=date(2024, 5, published),
                    source="desk",
                )
            )
    day = date(2024, 5, 16)
    found = reporting_of(log.state(day, None, day))
    assert found.share(5) == pytest.approx(0.5, abs=0.08)
