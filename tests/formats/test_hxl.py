"""HXL: what tags say, wherever they stand."""

from datetime import date

import pytest

import chronicle
import field_files
from chronicle.domain.events import DisplacementReported, SettlementRegistered
from chronicle.errors import InputError
from chronicle.formats.field_file import Wanted
from chronicle.formats.hxl import Tag

SAMPLE = field_files.FOLDER / "hxl" / "displaced.csv"


def test_tags_are_read_with_blanks_and_without_the_sign():
    assert Tag.of(" #Affected + IDPS+f ") == Tag("affected", frozenset({"idps", "f"}))
    assert Tag.of("sector+es") == Tag("sector", frozenset({"es"}))
    assert Tag.of("12 towns") is None


def test_a_figure_for_each_column_of_people_and_none_for_parts():
    found = field_files.events(field_files.read(SAMPLE), DisplacementReported)
    first = [(one.persons, one.measure, one.category) for one in found[:2]]
    assert first == [(1200, "stock", "displaced"), (40, "flow", "newly displaced")]
    assert found[0].area == "VL0101"
    assert [one.valid_on for one in found] == [
        date(2015, 3, 1),
        date(2015, 3, 1),
        date(2015, 3, 31),
        date(2014, 3, 18),
        date(2015, 3, 19),
    ]
    assert found[0].counter == "Radio Kesh"
    assert [p.line for p in field_files.problems(field_files.read(SAMPLE))] == [9]


def test_a_day_that_the_table_lacks_may_be_told():
    read = field_files.read(SAMPLE, day=date(2020, 1, 1))
    assert not field_files.problems(read)


def test_a_table_of_places_is_a_gazetteer():
    path = field_files.FOLDER / "hxl" / "places.csv"
    (one,) = field_files.events(field_files.read(path), SettlementRegistered)
    assert (one.settlement, one.pcode, one.lat) == ("p1", "P1", 10.5)


def test_tags_of_neither_are_named(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("Org,Where\n#org,#adm1\nX,Coast\n")
    with chronicle.memory() as log, pytest.raises(InputError, match="#org #adm1"):
        log.import_folder(path)


def test_our_own_export_is_read_again(tmp_path):
    figure = DisplacementReported(
        report_id="d1",
        source="ap",
        measure="flow",
        category="displaced again",
        persons=1200,
        low=1000,
        qualifier="about",
        area="SY02",
        counter="ocha",
        since="2024-11-27",
        until="2024-11-30",
    )
    path = tmp_path / "out.csv"
    with chronicle.memory() as log, chronicle.memory() as again:
        log.append(figure)
        path.write_bytes(log.export("hxl"))
        again.import_folder(path, wanted=Wanted(options={"source": "ap"}))
        (one,) = [f.claim for f in again.state("2025-01-01").figures]
        for name in ("persons", "low", "qualifier", "category", "since", "until"):
            assert getattr(one, name) == getattr(figure, name)
