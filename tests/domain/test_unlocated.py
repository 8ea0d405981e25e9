"""A settlement that nobody has located is answered about, and left off maps."""

from __future__ import annotations

from pathlib import Path

import pytest

import chronicle as ch
from chronicle.errors import BadField
from chronicle.report.maps import map_places
from own_toy import TOY, write


def test_lat_and_lon_are_given_together_or_neither() -> None:
    assert ch.SettlementRegistered(settlement="oak", name="Oak").spot is None
    for one in ({"lat": 1}, {"lon": 1}):
        with pytest.raises(BadField, match="together"):
            ch.SettlementRegistered(settlement="oak", name="Oak", **one)


def test_a_place_without_coordinates_is_answered_about(tmp_path: Path) -> None:
    places = "id,name,lat,lon\nalder,Alder,,\nbirch,Birch,10,20\n"
    control = (
        "id,valid_from,settlement,to_actor,source\nc1,2025-03-01,alder,red,radio\n"
    )
    folder = write(tmp_path, {**TOY, "settlements.csv": places, "control.csv": control})
    with ch.memory() as log:
        result = log.import_folder(folder)
        assert result.total("problem_count") == 0
        state = log.state("2025-03-02")
        assert state.control["alder"] == "red"
        rows = {row["settlement"]: row for row in state.table()}
        assert (rows["alder"]["lat"], rows["alder"]["lon"]) == (None, None)
        assert list(
            map_places(state._plain if hasattr(state, "_plain") else state)
        ) == ["birch"]
