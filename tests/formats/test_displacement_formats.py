"""Figures of displaced people as IOM, UNHCR, HAPI and IDMC give them."""

from datetime import date

import field_files
from chronicle.domain.events import DisplacementReported, IncidentReported


def sample(name, file):
    return field_files.FOLDER / name / file


def figures(path, **asked):
    return field_files.events(field_files.read(path, **asked), DisplacementReported)


def test_dtm_rows_of_one_day_keep_ids_of_their_own():
    found = figures(sample("iom-dtm", "dtm.csv"))
    assert [one.persons for one in found] == [1200, 300, 900, 900]
    assert len({one.report_id for one in found}) == 4
    assert [one.area for one in found] == ["VLD", "VLD", "VL01", "VL0101"]
    assert {one.valid_on for one in found} == {date(2024, 1, 31)}


def test_dtm_takes_one_level_where_asked():
    read = field_files.read(sample("iom-dtm", "dtm.csv"), options={"level": "0"})
    found = field_files.events(read, DisplacementReported)
    assert [one.persons for one in found] == [1200, 300]
    assert not any(problem.lost for problem in field_files.problems(read))


def test_an_idu_day_is_the_midnight_of_new_zealand():
    summer, winter = figures(sample("idmc-idu", "idu.csv"))
    assert (summer.since, summer.until) == (date(2023, 11, 7), date(2023, 11, 10))
    assert (winter.since, winter.until) == (date(2023, 7, 7), date(2023, 7, 8))
    assert (summer.qualifier, winter.qualifier) == ("exact", "over")
    assert summer.published == date(2023, 11, 12)
    assert summer.area == "Alder, Valdoria"


def test_hapi_passes_over_parts_and_refuses_faulty_rows():
    read = field_files.read(sample("hapi", "refugees.csv"))
    refugees, returned = field_files.events(read, DisplacementReported)
    assert (refugees.measure, refugees.area) == ("stock", "KES")
    assert refugees.valid_on == date(2023, 12, 31)
    assert (returned.measure, returned.until) == ("flow", date(2024, 1, 1))
    faulty = field_files.problems(field_files.read(sample("hapi", "idps.csv")))
    assert [problem.column for problem in faulty] == ["error"]


def test_hapi_counts_of_events_are_aggregates_and_none_is_no_incident():
    read = field_files.read(sample("hapi", "events.csv"))
    found = field_files.events(read, IncidentReported)
    assert [(one.aggregate, one.killed) for one in found] == [(True, 11), (True, 2)]
    assert found[0].until == date(2024, 2, 1)


def test_unhcr_gives_a_figure_for_each_group_that_is_not_empty():
    found = figures(sample("unhcr", "population.csv"))
    assert [(one.category, one.persons) for one in found] == [
        ("left the country", 5200),
        ("left the country", 31),
        ("displaced", 12400),
        ("returned from abroad", 80),
        ("returned within the country", 600),
    ]
    assert figures(sample("unhcr", "population.json"))[0].area == "KES"
