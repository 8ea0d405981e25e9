"""Rows of CSV files, good, bad and hostile."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chronicle.errors import InputError
from chronicle.formats import rows as tables
from chronicle.formats.problem import Problem
from chronicle.formats.rows import Record, check_header, open_local, records


def read(data: bytes) -> list[Record | Problem]:
    return list(records(io.BytesIO(data), "x.csv"))


def told(data: bytes) -> list[str]:
    return [str(one) for one in read(data) if isinstance(one, Problem)]


# --- what is opened ----------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["https://example.org/x.csv", "file:///etc/hostname", "s3://bucket/x", "ftp:/x"],
)
def test_an_address_is_refused_and_not_looked_up(address: str) -> None:
    with pytest.raises(InputError, match="is an address"):
        open_local(Path(address))


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        open_local(tmp_path)


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.csv")
    with pytest.raises(InputError, match="a pipe"):
        open_local(tmp_path / "x.csv")


def test_a_device_is_refused() -> None:
    with pytest.raises(InputError, match="a device"):
        open_local(Path(os.devnull))


@pytest.mark.parametrize("name", ["none.csv", "nul\0.csv", "x" * 5000])
def test_what_is_not_there_is_an_input_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        open_local(tmp_path / name)


def test_a_file_over_the_limit_is_refused_while_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"a\n" * 50)
    assert tables.digest_of(tmp_path / "x.csv", limit=100)[0] == 100
    with pytest.raises(InputError, match="larger than 99 bytes"):
        tables.digest_of(tmp_path / "x.csv", limit=99)


def test_the_digest_is_of_the_bytes(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbfa,b\r\n1,2\r\n" * 100_000
    (tmp_path / "x.csv").write_bytes(data)
    expected = hashlib.sha256(data).hexdigest()
    assert tables.digest_of(tmp_path / "x.csv") == (len(data), expected)


# --- rows --------------------------------------------------------------------------


def test_line_numbers_are_of_the_physical_line_on_which_a_row_starts() -> None:
    data = b'a,b\r\n1,"two\r\nlines"\r\n\r\n3,4\n5,"6\n\n7"\n8,9'
    assert read(data) == [
        Record(1, ["a", "b"]),
        Record(2, ["1", "two\r\nlines"]),
        Record(5, ["3", "4"]),
        Record(6, ["5", "6\n\n7"]),
        Record(9, ["8", "9"]),
    ]


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    assert read(b'\xef\xbb\xbf"id",b\n')[0] == Record(1, ["id", "b"])


def test_cells_are_text_until_someone_reads_them() -> None:
    row = ["NA", "None", "null", "007", "12345678901234567890", "=1+1", " x "]
    assert read(b"a,b,c,d,e,f,g\n" + ",".join(row).encode())[1] == Record(2, row)


@pytest.mark.parametrize("row", ["1", "1,2,3", "1;2", '"1,2"'])
def test_a_row_of_another_width_is_a_problem_and_the_next_is_read(row: str) -> None:
    found = read(f"a,b\n{row}\n3,4\n".encode())
    assert isinstance(found[1], Problem)
    assert found[1].line == 2
    assert "where the header has 2" in found[1].rule
    assert found[2] == Record(3, ["3", "4"])


def test_a_row_that_swallowed_others_says_how_far_it_runs() -> None:
    assert told(b'a,b\n1,"2\n3,4\n5,6",7\n8,9\n') == [
        "x.csv:2: has 3 cells where the header has 2, and runs to line 4"
    ]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        (b"1,\xff\xfe", "is not UTF-8 (at ff)"),
        (b"1,\xed\xa0\x80", "is not UTF-8"),  # a surrogate
        (b"1,caf\xe9", "is not UTF-8"),  # Latin-1
        (b"1,a\0b", "NUL"),
        (b'1,"a"b', "behind a closing quote"),
        (b"1,a\rb", "carriage return"),
        (b"1," + b"x" * 131_073, "131,072 characters"),
    ],
)
def test_a_broken_row_is_one_problem_and_the_next_is_read(
    row: bytes, rule: str
) -> None:
    found = read(b"a,b\n" + row + b"\n3,4\n")
    assert [type(one) for one in found] == [Record, Problem, Record]
    assert rule in found[1].rule  # type: ignore[union-attr]
    assert found[2] == Record(3, ["3", "4"])


def test_the_line_of_a_bad_byte_is_told_inside_a_long_row() -> None:
    assert told(b'a,b\n1,"2\n\xff\n3"\n4,5\n') == ["x.csv:3: is not UTF-8 (at ff)"]


def test_a_quote_that_never_closes_ends_the_reading_and_says_so() -> None:
    found = read(b'a,b\n1,2\n3,"4\n5,6\n7,8\n')
    assert found[:2] == [Record(1, ["a", "b"]), Record(2, ["1", "2"])]
    assert told(b'a,b\n1,2\n3,"4\n5,6\n7,8\n') == [
        "x.csv:3: opens a quote that never closes; nothing from here on was read"
    ]


def test_a_quote_that_swallows_too_much_ends_the_reading() -> None:
    data = b'a,b\n1,"2\n' + b"3,4\n" * 50_000 + b'5,"6\n'
    found = read(data)
    assert len(found) == 2
    assert told(data)[0].startswith("x.csv:2: has a cell of more than 131,072")
    assert told(data)[0].endswith("nothing from here on was read")


@pytest.fixture
def no_csv_limit() -> Iterator[None]:
    before = csv.field_size_limit(2**40)
    yield
    csv.field_size_limit(before)


@pytest.mark.usefixtures("no_csv_limit")
def test_the_limits_do_not_rest_on_a_setting_that_anyone_may_change() -> None:
    assert told(b"a,b\n1," + b"x" * 131_073 + b"\n")[0].endswith("131,072 characters")
    assert read(b"a,b\n1," + b"x" * 131_072 + b"\n")[1].line == 2
    rows = b'a,b\n1,"2\n' + b"3,4\n" * (tables.MAX_ROW // 4 + 1)
    assert "row of more than 4,194,304 bytes" in told(rows)[0]
    line = b"a,b\n" + b"x" * (tables.MAX_ROW + 1) + b"\n3,4\n"
    assert told(line) == [
        "x.csv:2: is a row of more than 4,194,304 bytes (a quote that never closes?); "
        "nothing from here on was read"
    ]


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "is empty"),
        (b"\n\r\n\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), "is compressed (gzip)"),
        (b"BZh91AY", "bzip2"),
        (b"\xfd7zXZ\x00", "xz"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"PK\x03\x04", "ZIP"),
        ("a,b\n".encode("utf-16"), "UTF-16"),
        (b"\xff\xff\n1,2\n", "is not UTF-8"),
        (b"a\rb\rc\r", "carriage return"),
        (b'a,"b\n', "never closes"),
        (b"a\0,b\n1,2\n", "NUL"),
    ],
)
def test_without_a_header_there_is_one_problem_and_nothing_else(
    data: bytes, rule: str
) -> None:
    found = read(data)
    assert [type(one) for one in found] == [Problem]
    assert rule in str(found[0])


def test_reading_holds_one_row_and_not_the_file() -> None:
    data = b"a,b\n" + b"some words,and some more of them\n" * 40_000
    file = io.BytesIO(data)
    tracemalloc.start()
    try:
        count = sum(1 for _ in records(file, "x.csv"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 40_001
    assert peak < len(data) / 10


@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_characters="\0\r")), min_size=2, max_size=2
        ),
        max_size=8,
    ).filter(lambda rows: all(len("".join(row)) for row in rows))
)
def test_whatever_the_csv_module_writes_is_read_back(rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([["a", "b"], *rows])
    try:
        data = text.getvalue().encode()
    except UnicodeEncodeError:
        return
    found = read(data)
    assert [one.cells for one in found if isinstance(one, Record)][1:] == rows
    lines = [one.line for one in found]
    assert lines == sorted(set(lines))


@given(st.binary(max_size=300))
def test_whatever_the_bytes_there_are_only_records_and_problems(data: bytes) -> None:
    found = read(data)
    assert found
    widths = {len(one.cells) for one in found if isinstance(one, Record)}
    assert len(widths) <= 1
    lines = [one.line for one in found]
    assert lines == sorted(lines)


# --- the header --------------------------------------------------------------------


def header(*names: str) -> tables.Header:
    return check_header(
        Record(1, list(names)),
        "x.csv",
        known=["id", "valid_from", "note"],
        needed=["id", "valid_from"],
        ignored=lambda column: column == "old",
    )


def rules(*names: str) -> list[str]:
    return [str(problem) for problem in header(*names).problems]


def test_columns_may_stand_in_any_order() -> None:
    found = header("note", "old", "valid_from", "id")
    assert found.problems == []
    assert found.usable
    assert found.index["id"] == 3


def test_an_unknown_column_is_told_and_the_rest_is_used() -> None:
    found = header("id", "valid_from", "notes", "x")
    assert found.usable
    assert [str(one) for one in found.problems] == [
        "x.csv:1: 'notes': unknown column, ignored; did you mean 'note'?",
        "x.csv:1: 'x': unknown column, ignored",
    ]


@pytest.mark.parametrize(
    ("names", "rule"),
    [
        (
            ["id", "valid_form"],
            "'valid_from': needed column is missing; is 'valid_form'",
        ),
        (["note"], "'id': needed column is missing"),
        (["id", "valid_from", "id"], "'id': column stands 2 times"),
        (["id", "valid_from", ""], "has no name for column 3"),
        (["id", "valid_from", " "], "has no name for column 3"),
        (["id;valid_from;note"], "is separated by semicolons"),
        (["id\tvalid_from"], "is separated by tabs"),
        (["id|note|a,b"], "is separated by bars"),
        ([str(number) for number in range(501)], "501 columns"),
    ],
)
def test_a_header_that_cannot_be_relied_on_is_not_used(
    names: list[str], rule: str
) -> None:
    found = header(*names)
    assert not found.usable
    assert any(rule in str(problem) for problem in found.problems)


@given(st.lists(st.text(max_size=8), min_size=1, max_size=8))
def test_a_usable_header_has_every_needed_column_once(names: list[str]) -> None:
    found = header(*names)
    if found.usable:
        assert {"id", "valid_from"} <= found.index.keys()
        assert len(found.index) == len(names)
    else:
        assert found.problems
