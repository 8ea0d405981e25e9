"""A brief: every sentence of it can be traced to a report of the record."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ElementTree
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

import chronicle as ch
from chronicle.domain.state import diff
from chronicle.errors import UsageError
from chronicle.report.brief import Brief, brief_of
from chronicle.report.brief_formats import brief_docx, brief_html, brief_markdown
from shell import run

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "scenarios" / "syria-2024" / "data"


@pytest.fixture(scope="module")
def case() -> ch.Chronicle:
    log = ch.memory()
    log.import_folder(DATA)
    return log


@pytest.fixture(scope="module")
def told(case: ch.Chronicle) -> Brief:
    return brief_of(case, "2024-12-02", "2024-12-05")


def items(brief: Brief, heading: str) -> list[str]:
    """The items of a chapter and of the areas in it."""
    found: list[str] = []
    inside = False
    for section in brief.sections:
        inside = section.heading == heading or (inside and section.level == 3)
        found += section.items if inside else []
    return found


def test_each_change_is_told_once_with_its_sources(
    case: ch.Chronicle, told: Brief
) -> None:
    before, after = case.state("2024-12-02"), case.state("2024-12-05")
    changes = diff(before, after)
    said = items(told, "What changed in the world")
    assert len(said) == len(changes) > 20
    for change in changes:
        name = after.references.settlements[change.settlement].name
        (line,) = [one for one in said if one.startswith(f"{name}: ")]
        source = after.places[change.settlement].verdict.deciding[-1].claim.source
        assert source in line
    hama = next(one for one in said if one.startswith("Hama: "))
    assert hama == (
        "Hama: Government → HTS-led CMO since 5 December 2024 "
        "(anadolu B1, claimed by cmo)."
    )
    assert told.summary[0].startswith(f"{len(changes)} places changed hands: ")


def test_what_only_a_party_claims_is_alleged(told: Brief) -> None:
    said = items(told, "What changed in the world")
    assert any("alleged (compiler F4, claimed by cmo)" in one for one in said)
    assert not any("alleged" in one for one in said if " B1" in one)


def test_knowledge_is_what_was_published_since(case: ch.Chronicle, told: Brief) -> None:
    (line,) = items(told, "What changed in our knowledge")
    assert line == "Khanasir: then SNA, now Government (c397)."
    then = case.state("2024-12-02", published_by="2024-12-02")
    assert then.control["khanasir"] == "sna"


def test_knowledge_on_the_clock_of_the_record() -> None:
    from log_toys import Clock, control, opening

    clock = Clock()
    log = ch.memory(clock=clock)
    log.append(opening())
    log.append(control("r1", published="2024-11-28"))
    day = date.fromisoformat("2024-12-01")
    clock.tick(30 * 86_400)
    log.append(
        control(
            "r2", controller="blue", valid_from="2024-11-30", published="2024-11-30"
        )
    )
    log.append(control("r3", valid_from="2024-12-03", published="2024-12-03"))
    brief = brief_of(log, day, "2024-12-04", clock="recorded")
    said = items(brief, "What changed in our knowledge")
    assert len(said) == 1
    assert "(r2)" in said[0]
    assert "been recorded by then" in brief_markdown(brief)


def test_figures_are_added_only_where_they_may_be(told: Brief) -> None:
    section = next(s for s in told.sections if s.heading == "Displaced people")
    assert section.paragraphs[0].startswith("They may not all be added: ")
    assert len(section.items) == 12
    assert all("says " in one for one in section.items)


def test_flows_that_may_be_added_are(case: ch.Chronicle) -> None:
    log = ch.memory()
    log.import_folder(DATA)
    given = {
        "measure": "flow", "category": "newly displaced", "counter": "desk",
        "source": "ocha", "published": "2025-01-02",
    }  # fmt: skip
    for n, area in enumerate(("SY02", "SY05")):
        log.append(
            ch.DisplacementReported(
                report_id=f"x{n}",
                persons=100 + n,
                area=area,
                since="2025-01-01",
                until="2025-01-02",
                valid_on="2025-01-02",
                **given,
            )
        )
    brief = brief_of(log, "2025-01-01", "2025-01-03")
    section = next(s for s in brief.sections if s.heading == "Displaced people")
    assert section.paragraphs == ["They may be added: 201 persons."]


@pytest.mark.parametrize("hostile", ["# *Big* <b>", "[x](http://e)|`y`", "1. one"])
def test_names_are_names_in_every_format(hostile: str) -> None:
    from log_toys import control, opening

    log = ch.memory()
    log.append(opening())
    place = log.references().settlements["alder"]
    log.append(replace(place, name=hostile))
    log.append(control("r1", published="2024-11-28"))
    brief = brief_of(log, "2024-11-01", "2024-12-04")
    assert "<b>" not in brief_html(brief)
    markdown = brief_markdown(brief)
    for raw in ("*Big*", "<b>", "[x]("):
        assert raw not in markdown
    assert hostile in docx_words(brief_docx(brief))


def docx_words(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        tree = ElementTree.fromstring(file.read("word/document.xml"))
    name = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}t"
    return "\n".join(e.text or "" for e in tree.iter(name))


def test_all_formats_say_the_same_and_equal_records_give_equal_briefs(
    case: ch.Chronicle, told: Brief
) -> None:
    again = brief_of(case, "2024-12-02", "2024-12-05")
    assert brief_markdown(again) == brief_markdown(told)
    assert brief_html(again) == brief_html(told)
    pytest.importorskip("docx")
    words = docx_words(brief_docx(told))
    html = brief_html(told)
    for section in told.sections:
        for line in (section.heading, *section.paragraphs, *section.items):
            assert line in words
            assert line.replace("'", "&#x27;").replace('"', "&quot;") in html


def test_the_page_is_whole_and_has_a_map_with_what_changed(told: Brief) -> None:
    html = brief_html(told)
    assert html.count('class="news"') == len(told.changed)
    for word in ("<script", "http://", "https://", "<img", "src="):
        assert word not in html


def test_the_command_writes_each_format(tmp_path: Path) -> None:
    file = tmp_path / "case.chronicle"
    with ch.create(file) as log:
        log.import_folder(DATA)
    asked = ("brief", str(file), "--since", "2024-12-02", "--on", "2024-12-05")
    plain = run(*asked)
    assert plain.code == 0, plain.err
    assert plain.out.startswith("# syria-2024: 2 December 2024 to 5 December 2024\n")
    for name in ("b.md", "b.html", "b.docx"):
        ended = run(*asked, "--out", str(tmp_path / name))
        assert ended.code == 0, ended.err
        assert (tmp_path / name).stat().st_size > 1_000
    assert (tmp_path / "b.svg").is_file()
    assert "(b.svg)" in (tmp_path / "b.md").read_text()
    assert run(*asked, "--as", "docx").code == 2
    assert run(*asked, "--out", str(tmp_path / "b.odt")).code == 2
    late = run("brief", str(file), "--since", "2030-01-01", "--on", "2029-01-01")
    assert late.code == 2
    assert "later day" in late.err


def test_an_unknown_clock_is_refused(case: ch.Chronicle) -> None:
    with pytest.raises(UsageError, match="neither"):
        brief_of(case, "2024-12-02", "2024-12-05", clock="world")
