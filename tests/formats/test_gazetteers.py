"""Gazetteers: what they add to a record that knows some of the places."""

from datetime import date

import pytest

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


def test_a_population_is_known_from_the_last_change_of_its_entry(tmp_path):
    path = tmp_path / "places.csv"
    path.write_text(
        "geonameid,name,latitude,longitude,population,modification date\n"
        "1,Alder,10,20,700,2023-05-06\n2,Birch,11,21,0,2023-05-06\n",
        "utf-8",
    )
    with chronicle.memory() as log:
        log.import_folder(path)
        alder, birch = log.references().settlements.values()
        assert (alder.published, alder.population_published) == (None, date(2023, 5, 6))
        assert birch.population_published is None
        before = log.state(on="2024-01-01", published_by="2023-05-05")
        assert before.references.settlements["geonames-1"].population is None
        after = log.state(on="2024-01-01", published_by="2023-05-06")
        assert after.references.settlements["geonames-1"].population == 700


def test_cod_takes_the_finest_code_and_other_scripts_as_aliases():
    found = field_files.events(
        field_files.read(field_files.FOLDER / "cod" / "places.csv")
    )
    assert [(one.settlement, one.pcode) for one in found] == [
        ("c0001", "C0001"),
        ("c0002", "C0002"),
        ("c0003", "C0003"),
    ]
    assert [one.spot for one in found][1:] == [(10.75, 76.5), None]
    assert found[0].aliases == ("بيرش",)
    assert found[0].admin1_pcode == "VL01"


@pytest.mark.parametrize(
    ("header", "row", "aliases"),
    [
        (
            "featureName_en,featureName_ar,featureAltName1_en,featurePCode,"
            "latitude,longitude",
            "Birch,بيرش,Birche; Birk,C1,10.5,76.25",
            ("بيرش", "Birche", "Birk"),
        ),
        (
            "PPL_NAME,PPL_NAME_AR,ALT_NAME,PPL_PCODE,LAT,LONG",
            "Birch,بيرش,Birche,C1,10.5,76.25",
            ("بيرش", "Birche"),
        ),
        (
            "PCODE,NameArabic,NameEnglish,Latitude,Longitude",
            "C1,بيرش,Birch,10.5,76.25",
            ("بيرش",),
        ),
        (
            "ADM4_EN,ADM4_AR,ADM4_REF,ADM4ALT1EN,ADM4_PCODE,Latitude,Longitude",
            "Birch,بيرش,Birche,Birk,C1,10.5,76.25",
            ("Birche", "Birk", "بيرش"),
        ),
    ],
)
def test_cod_keeps_all_names_of_a_place(header, row, aliases, tmp_path):
    path = tmp_path / "cod.csv"
    path.write_text(f"{header}\n{row}\n", "utf-8")
    (place,) = field_files.events(field_files.read(path))
    assert (place.name, place.aliases) == ("Birch", aliases)


def test_a_gazetteer_adds_names_to_a_place_that_the_record_has(tmp_path):
    path = tmp_path / "cod.csv"
    path.write_text(
        "PPL_NAME,PPL_NAME_AR,PPL_PCODE,LAT,LONG\nBirche,بيرش,C1,10.5,76.25\n", "utf-8"
    )
    with chronicle.memory() as log:
        log.append(
            chronicle.SettlementRegistered(
                settlement="birch", name="Birch", aliases=("Berk",), pcode="C1"
            )
        )
        log.import_folder(path)
        place = log.references().settlements["birch"]
        assert place.name == "Birch"
        assert place.aliases == ("Berk", "Birche", "بيرش")


def test_a_table_of_admin_areas_alone_is_told_to_hold_no_settlement(tmp_path):
    path = tmp_path / "areas.csv"
    path.write_text(
        "admin1Name_en,admin1Pcode,admin2Name_en,admin2Pcode,date\n"
        "North,VL01,Alder,VL0101,2024-01-01\n",
        "utf-8",
    )
    with chronicle.memory() as log:
        result = log.import_folder(path)
        assert not log.references().settlements
        assert "admin areas are no settlements" in result.problems[0].rule
