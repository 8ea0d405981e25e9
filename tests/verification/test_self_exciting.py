"""The hazard that falls excite: what it depends on, and that places fall together."""

from __future__ import annotations

import numpy as np
import pytest

from chronicle.verification.distances import Roads, by_road
from chronicle.verification.outcomes import Forecast
from chronicle.verification.reference_forecasts import Past
from chronicle.verification.self_exciting import (
    TERMS,
    Exposure,
    draw_together,
    exposure_of,
    lasting,
    self_exciting,
)

# alder - birch - cedar - dogwood, 10 km each; alder is hostile.
PLACES = ("alder", "birch", "cedar", "dogwood")
LINE = Roads(
    places=4,
    a=np.array([0, 1, 2]),
    b=np.array([1, 2, 3]),
    distance_km=np.array([10.0, 10.0, 10.0]),
)


def past(birch_fell: int | None, days: int = 20, *, scattered: bool = False) -> Past:
    """Birch fell so many days ago, or never; with *scattered* nobody holds it then."""
    defended = np.ones((days + 1, 4), dtype=np.bool_)
    defended[:, 0] = False
    if birch_fell is not None:
        defended[days - birch_fell :, 1] = False
    hostile = ~defended
    if scattered:
        hostile[:, 1] = False
    return Past(settlements=PLACES, defended=defended, hostile=hostile)


def terms(seen: Past, roads: Roads = LINE) -> dict[str, list[float]]:
    found = exposure_of(seen, roads, by_road(roads)).terms
    return dict(zip(TERMS, found.T.tolist(), strict=True))


def test_a_place_is_more_exposed_the_nearer_the_front_and_where_it_is_pressed() -> None:
    found = terms(past(None))
    assert found["front"] == pytest.approx([0.005 * np.exp(-n) for n in (1, 2, 3)])
    assert found["depth"] == pytest.approx([0.005 * np.exp(-n / 3) for n in (1, 2, 3)])
    assert found["pressed"] == pytest.approx([0.005, 0.0, 0.0])  # one of two neighbours
    assert found["falls"] == found["pace"] == [0.0, 0.0, 0.0]


def test_a_fall_counts_by_how_near_it_was_in_days_and_in_routes() -> None:
    early, late = terms(past(9)), terms(past(2))
    assert late["falls"] == pytest.approx(
        [np.exp(-2 / 7) / 7 * np.exp(-n) for n in (1, 2)]
    )
    assert early["falls"][0] == pytest.approx(late["falls"][0] * np.exp(-1))
    assert early["pace"][0] == pytest.approx(late["pace"][0] * np.exp(-1))
    assert late["pace"][1] == 0.0  # nobody presses on it
    lost = terms(past(29, days=40))
    assert lost["falls"] == [0.0, 0.0]  # beyond the window
    neither = terms(past(2, scattered=True))
    assert neither["falls"] == pytest.approx(late["falls"])
    assert neither["front"][0] == pytest.approx(0.005 * np.exp(-2))


def test_distances_are_in_medians_of_the_routes() -> None:
    wide = Roads(places=4, a=LINE.a, b=LINE.b, distance_km=LINE.distance_km * 7)
    for name, values in terms(past(2)).items():
        assert terms(past(2), wide)[name] == pytest.approx(values)
    twice = Roads(
        places=4,
        a=np.append(LINE.a, 1),
        b=np.append(LINE.b, 2),
        distance_km=np.array([10.0, 10.0, 10.0, 90.0]),
    )
    assert terms(past(2), twice)["falls"] == pytest.approx(terms(past(2))["falls"])


def test_without_a_route_nothing_is_near_anything() -> None:
    none = np.zeros(0, dtype=np.int64)
    bare = Roads(places=4, a=none, b=none, distance_km=np.zeros(0))
    assert not exposure_of(past(2), bare, by_road(bare)).terms.any()


def test_terms_of_falls_fade_and_the_others_last() -> None:
    found = dict(zip(TERMS, lasting(14).tolist(), strict=True))
    assert found["front"] == list(range(15))
    assert found["falls"][1] == pytest.approx(10 * (1 - np.exp(-0.1)))
    assert found["falls"][14] < 8


def test_chances_are_those_of_a_hazard_at_an_unknown_pace() -> None:
    exposure = Exposure(settlements=("birch",), terms=np.array([[0, 0, 0.1, 0, 0.0]]))
    found = self_exciting(exposure, 3, {"pressed": 2.0, "front": 5.0})
    expected = [0.2 * day / (1 + 0.2 * day) for day in range(4)]
    assert found.by_day(3).tolist() == [pytest.approx(expected)]
    assert self_exciting(exposure, 3, {}).by_day(3).tolist() == [[0.0] * 4]


def test_samples_have_its_chances_and_all_places_share_a_pace() -> None:
    places = tuple(f"place-{n}" for n in range(20))
    chances = np.tile([0.0, 0.1, 0.18, 0.25], (20, 1))
    exact = Forecast(name="self-exciting", settlements=places, chances=chances)
    drawn = draw_together(exact, 3, 4000, seed=5)
    assert drawn.samples is not None
    assert np.abs(drawn.by_day(3) - chances).max() < 0.035
    counts = np.isfinite(drawn.samples).sum(axis=1)
    # Independent places would have a variance of 20 x 0.25 x 0.75.
    assert counts.var() > 3 * 3.75
    again = draw_together(exact, 3, 10, seed=5)
    assert np.array_equal(again.samples, drawn.samples[:10])  # type: ignore[arg-type]
