"""Figures of displaced people: which hold on a day, and which may be added."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronicle.domain.displacement import (
    figures_on,
    place_of,
    relation,
    total,
    why_not_added,
)
from chronicle.domain.events import DisplacementReported, with_changes
from chronicle.domain.timeline import effective_claims
from chronicle.errors import NotAddable
from strategies import day, logs, recorded, steady
from toys import control, december, figure, ids, standing


def stock(report_id, persons, on_day, **more):
    return figure(
        report_id, persons, measure="stock", valid_on=december(on_day), **more
    )


def spanned(report_id, persons, since, until, **more):
    days = {"since": december(since), "until": december(until)}
    return figure(report_id, persons, valid_on=None, **days, **more)


# --- which hold ------------------------------------------------------------------


def test_of_the_stocks_of_one_counter_category_and_place_the_latest_holds():
    reports = standing(
        stock("s1", 100, 1),
        stock("s2", 80, 5),
        stock("s3", 90, 3),
        stock("s4", 200, 9),
    )
    assert ids(figures_on(reports, december(2))) == ["s1"]
    assert ids(figures_on(reports, december(4))) == ["s3"]
    assert ids(figures_on(reports, december(8))) == ["s2"]
    assert ids(figures_on(reports, december(9))) == ["s4"]
    assert figures_on(reports, december(0)) == []


def test_the_stocks_of_one_day_hold_side_by_side():
    reports = standing(stock("s1", 100, 1), stock("s2", 120, 1))
    assert ids(figures_on(reports, december(1))) == ["s1", "s2"]


def test_stocks_of_another_counter_category_or_place_hold_beside_it():
    reports = standing(
        stock("s1", 100, 1),
        stock("s2", 100, 2, counter="iom"),
        stock("s3", 100, 3, category="newly displaced"),
        stock("s4", 100, 4, settlement="birch"),
        stock("s5", 100, 5, area="SY02"),
    )
    assert ids(figures_on(reports, december(9))) == ["s1", "s2", "s3", "s4", "s5"]


def test_every_flow_that_was_counted_by_then_holds():
    reports = standing(
        figure("f1", 10),
        figure("f2", 20),
        spanned("f3", 30, 1, 4),
        control("r", "red", 1),
    )
    assert ids(figures_on(reports, december(3))) == ["f1", "f2"]
    assert ids(figures_on(reports, december(4))) == ["f1", "f2", "f3"]


def test_a_stock_that_takes_the_place_of_another_stands_in_its_own_order():
    reports = standing(stock("s1", 1, 1), figure("f1", 1), stock("s2", 1, 2))
    assert ids(figures_on(reports, december(2))) == ["f1", "s2"]


def test_the_place_of_a_figure_is_its_area_or_else_its_settlement():
    assert place_of(figure("f1", 1)) == "alder"
    assert place_of(figure("f1", 1, area="north")) == "north"
    assert place_of(figure("f1", 1, area="north", settlement="alder")) == "north"
    assert place_of(figure("f1", 1, settlement=None)) == ""


def test_a_figure_that_amendments_left_without_a_day_holds_on_no_day():
    whole = spanned("f1", 10, 1, 4)
    bare = with_changes(whole, [("since", None), ("until", None)])
    assert figures_on(standing(bare), december(30)) == []


# --- what may be added -----------------------------------------------------------


def sound(*figures: DisplacementReported) -> int:
    assert why_not_added(figures) == ""
    assert why_not_added(figures[::-1]) == ""
    return total(figures)


def unsound(*figures: DisplacementReported) -> str:
    """Why they may not be added, in this order; in the other order neither."""
    with pytest.raises(NotAddable) as refused:
        total(figures)
    assert refused.value.reason == why_not_added(figures)
    assert why_not_added(figures[::-1])
    assert refused.value.exit_code == 3
    return refused.value.reason


def test_flows_over_disjoint_spans_are_added():
    parts = spanned("f1", 100, 1, 4), spanned("f2", 20, 4, 6), spanned("f3", 3, 8, 9)
    assert sound(*parts) == 123


def test_flows_into_different_settlements_are_added():
    assert sound(figure("f1", 100), figure("f2", 20, settlement="birch")) == 120


def test_flows_into_areas_of_different_codes_are_added():
    areas = ("SY02", "SY0701", "SY0702")
    assert sound(*(figure(f"f{a}", 5, area=a) for a in areas)) == 15


def test_one_figure_is_its_own_sum_even_a_stock_of_a_nameless_counter():
    assert sound(stock("s1", 640_000, 1, counter="")) == 640_000
    assert sound(figure("f1", 0)) == 0


def test_no_figure_and_no_number_have_no_sum():
    assert unsound() == "there is no figure"
    assert unsound(figure("f1", 5), figure("f2", None, settlement="birch")) == (
        "f2 gives no number of persons"
    )


def test_what_one_figure_includes_is_not_added_to_it():
    whole = figure("f1", 100, includes=("f2",))
    part = figure("f2", 20, settlement="birch")
    assert unsound(whole, part) == "f1: includes f2"
    assert unsound(part, whole) == "f2: is included in f1"


def test_a_stock_is_not_added_to_a_flow_nor_to_a_stock():
    assert unsound(stock("s1", 1, 1), figure("f1", 1)) == "s1: stock against flow of f1"
    apart = stock("s1", 1, 1), stock("s2", 1, 9, settlement="birch")
    assert unsound(*apart) == "s1: stock like s2: the same people may be in both"


def test_two_counters_may_have_counted_the_same_people():
    flows = figure("f1", 1), figure("f2", 1, settlement="birch", counter="iom")
    assert unsound(*flows) == (
        "f1: other counter than f2: the same people may be in both"
    )


def test_figures_that_nobody_is_said_to_have_counted_are_not_of_one_counter():
    flows = figure("f1", 1, counter=""), figure("f2", 1, counter="", settlement="birch")
    assert unsound(*flows) == "f1: nobody says who counted, nor for f2"


def test_two_kinds_of_move_are_not_added():
    flows = figure("f1", 1), figure("f2", 1, category="newly displaced")
    assert unsound(*flows) == "f1: other kind of move than f2"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SY02", "SY02"),
        ("SY02", "SY0201"),  # the district lies in the governorate
        ("SY0201", "SY02"),
        ("SY02", "C1027"),  # the community may lie in the governorate
        ("SY02", "LB02"),  # other letters: no common tree is known
        ("Idleb", "Aleppo"),  # words may overlap
        ("Zone1", "Zone2"),
        ("SY02", "Aleppo"),
        ("SY02", ""),
        ("SY²2", "SY07"),
    ],
)
def test_areas_that_are_not_known_to_be_apart_are_not_added(one, other):
    reason = unsound(figure("f1", 1, area=one), figure("f2", 1, area=other))
    same = "the same area" if one == other else "areas not known to be apart"
    assert reason == f"f1: {same} and no disjoint spans with f2"


def test_an_area_may_hold_the_settlement_and_nowhere_is_not_apart():
    assert unsound(figure("f1", 1, area="SY02"), figure("f2", 1))
    nowhere = figure("f1", 1, settlement=None)
    assert unsound(nowhere, figure("f2", 1))
    assert unsound(nowhere, figure("f2", 1, settlement=None)).startswith(
        "f1: the same area"
    )


def test_spans_that_share_a_day_or_are_not_known_are_not_apart():
    assert unsound(spanned("f1", 1, 1, 5), spanned("f2", 1, 4, 9))
    assert unsound(spanned("f1", 1, 1, 5), figure("f2", 1, valid_on=december(9)))


def test_a_span_that_amendments_turned_round_is_not_apart_from_any():
    turned = with_changes(spanned("f1", 1, 1, 5), [("since", december(20))])
    assert unsound(turned, spanned("f2", 1, 12, 14))
    assert unsound(turned, spanned("f2", 1, 22, 24))


def test_a_figure_is_not_added_to_itself():
    assert unsound(figure("f1", 1), figure("f1", 1))


def test_the_first_reason_is_given_of_many_figures():
    flows = [figure(f"f{n}", n, settlement=f"place-{n}") for n in range(1, 6)]
    assert sound(*flows) == 1 + 2 + 3 + 4 + 5
    assert unsound(*flows, figure("f6", 6, settlement="place-3")).startswith("f3: ")


flows_ = st.builds(
    lambda n, place, since, days, persons: spanned(
        f"f{n}", persons, since, since + days, settlement=f"place-{place}"
    ),
    *(st.integers(0, 10**6), st.integers(1, 3), st.integers(1, 9)),
    *(st.integers(1, 4), st.integers(0, 99)),
)


@settings(steady, max_examples=300)
@given(st.lists(flows_, max_size=6))
def test_a_sum_is_allowed_just_where_no_place_and_day_is_counted_twice(flows):
    """Every flow spelt out as cells of a place and a day; cells must be unique."""
    cells = [
        (flow.settlement, number)
        for flow in flows
        for number in range(flow.since.toordinal(), flow.until.toordinal())
    ]
    assert (why_not_added(flows) == "") == (0 < len(cells) == len(set(cells)))


@steady
@given(logs())
def test_whether_two_figures_overlap_does_not_depend_on_which_comes_first(events):
    figures = [
        one.claim
        for one in effective_claims(recorded(events)).standing
        if isinstance(one.claim, DisplacementReported)
    ]
    for one in figures:
        for other in figures:
            assert bool(relation(one, other)) == bool(relation(other, one))
        assert relation(one, one)


@steady
@given(logs(), day)
def test_what_holds_on_a_day_is_in_order_and_told_by_then(events, on):
    found = effective_claims(recorded(events)).standing
    held = figures_on(found, on)
    keys = [(one.claim.since_day, one.position) for one in held]
    assert keys == sorted(keys)
    assert all(one in found and one.claim.since_day <= on for one in held)
    flows = [
        one.claim.report_id
        for one in found
        if isinstance(one.claim, DisplacementReported)
        and one.claim.measure == "flow"
        and one.claim.since_day <= on
    ]
    assert sorted(r for r in ids(held) if r in flows) == sorted(flows)
