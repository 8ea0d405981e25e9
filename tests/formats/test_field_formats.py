"""Formats of the field: told apart, read as their golden files, hard to hurt."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chronicle
import field_files
from chronicle.errors import InputError
from chronicle.formats.known_formats import FORMATS, recognised
from chronicle.formats.problem import Problem

GOLDEN = sorted(FORMATS)
SAMPLES = [(name, path) for name in GOLDEN for path in field_files.samples(name)]


@pytest.mark.parametrize("name", GOLDEN)
def test_a_format_reads_its_samples_as_ever(name):
    golden = field_files.FOLDER / name / field_files.EXPECTED
    assert (
        field_files.expected(name).splitlines()
        == golden.read_text("utf-8").splitlines()
    )


@pytest.mark.parametrize(("name", "path"), SAMPLES, ids=lambda x: str(x)[-40:])
def test_a_sample_is_told_from_the_others(name, path):
    assert recognised(path).name == name


@pytest.mark.parametrize("name", GOLDEN)
def test_a_format_has_a_page(name):
    page = field_files.FOLDER.parents[1] / "docs" / "formats" / f"{name}.md"
    assert page.read_text("utf-8").startswith("# ")


@pytest.mark.parametrize(("name", "path"), SAMPLES, ids=lambda x: str(x)[-40:])
def test_an_import_twice_adds_nothing(name, path):
    from chronicle.formats.field_file import Wanted

    day = field_files.day_of(name)
    wanted = Wanted(name, day, field_files.options(name))
    with chronicle.memory() as log:
        log.append(field_files.record().settlements.values())
        log.import_folder(path, wanted=wanted)
        head = log.head
        again = log.import_folder(path, wanted=wanted)
        assert log.head == head
        assert again.total("unchanged") or "labels" in path.name


@given(data=st.data())
@settings(max_examples=60)
@pytest.mark.parametrize("name", GOLDEN)
def test_a_hurt_file_gives_rows_problems_or_one_error(name, data, tmp_path_factory):
    path = data.draw(st.sampled_from(field_files.samples(name)))
    whole = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        cut = data.draw(st.integers(0, 12))
        odd = st.sampled_from(
            [b"\0", b"\xff", b'"', b",", b";", b"\n", b"{", b"-", b"9999999999999999"]
        )
        whole[at : at + cut] = data.draw(st.one_of(odd, st.binary(max_size=4)))
    hurt = tmp_path_factory.mktemp("hurt") / path.name
    hurt.write_bytes(bytes(whole))
    try:
        recognised(hurt)
        rows = field_files.read(hurt, name, options=field_files.options(name))
    except InputError:
        return
    for row in rows:
        assert isinstance(row, Problem) or row[0] >= 0
