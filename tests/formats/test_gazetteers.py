"""Gazetteers: what they add to a record that knows some of the places."""

import chronicle
import field_files
from chronicle.domain.events import SettlementRegistered

ALEPPO = SettlementRegistered(
    settlement="aleppo", name="Aleppo", lat=36.2, lon=37.16, population=7
)


def test_geonames_gives_each_populated_place_its_id():
    found = field_files.events(
        field_files.read(field_files.FOLDER / "geonames" / "SY.txt")
    )
    assert [place.geonames_id for place in found] == ["2960", "4273", "5174", "12795"]
    assert found[0].population is None


def test_a_place_that_is_there_keeps_its_id_and_gets_what_it_lacks():
    with chronicle.memory() as log:
        log.append(ALEPPO)
        log.import_folder(field_files.FOLDER / "geonames" / "table.csv")
        places = log.references().settlements
        assert set(places) == {"aleppo"}
        assert places["aleppo"].geonames_id == "170063"
        assert places["aleppo"].population == 7
        assert "حلب" in places["aleppo"].aliases


def test_entries_of_one_name_with_other_keys_are_other_places(tmp_path):
    path = tmp_path / "two.csv"
    path.write_text(
        "geonameid,name,latitude,longitude\n1,Alder,10,20\n2,Alder,10.01,20\n", "utf-8"
    )
    with chronicle.memory() as log:
        log.import_folder(path)
        assert set(log.references().settlements) == {"geonames-1", "geonames-2"}


def test_cod_takes_the_finest_code_and_other_scripts_as_aliases():
    found = field_files.events(
        field_files.read(field_files.FOLDER / "cod" / "places.csv")
    )
    assert [(one.settlement, one.pcode) for one in found] == [
        ("c0001", "C0001"),
        ("c0002", "C0002"),
    ]
    assert found[0].aliases == ("بيرش",)
    assert found[0].admin1_pcode == "VL01"
