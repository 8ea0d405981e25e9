"""Files and folders of Chronicle's own format, whatever is in them."""

from __future__ import annotations

import gzip
import hashlib
import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronicle.domain.events import ControlReported, Event, SettlementRegistered
from chronicle.errors import InputError
from chronicle.formats.csv_folder.folder import CsvRow, is_own, read_file, read_folder
from chronicle.formats.problem import Problem
from own_toy import CASE, CONTROL, TOY, events, problems, rows_of, write
from shell import run


def test_references_come_before_reports_and_other_files_are_named(
    tmp_path: Path,
) -> None:
    folder = write(
        tmp_path,
        {
            "control.csv": CONTROL,
            "support.csv": "",
            "README.md": "",
            "control.csv.gz": "",
            **TOY,
        },
    )
    found = read_folder(folder)
    assert [file.name for file in found] == [
        "settlements.csv",
        "actors.csv",
        "control.csv",
        "support.csv",
    ]
    assert len(found) == 4
    assert found.ignored == ("README.md", "control.csv.gz")


def test_a_file_is_known_by_the_digest_of_its_bytes(tmp_path: Path) -> None:
    file = read_folder(write(tmp_path, TOY)).files[0]
    data = (tmp_path / "settlements.csv").read_bytes()
    assert file.size == len(data)
    assert file.digest == hashlib.sha256(data).hexdigest()


def test_a_file_that_changed_meanwhile_is_not_believed(tmp_path: Path) -> None:
    file = read_folder(write(tmp_path, TOY)).files[0]
    with (tmp_path / "settlements.csv").open("a") as more:
        more.write("elm,Elm,,11,21\n")
    with pytest.raises(InputError, match="changed while it was read"):
        list(file.rows())


def test_files_may_be_read_in_any_order_and_twice(tmp_path: Path) -> None:
    write(tmp_path, {**TOY, "control.csv": f"{CONTROL}\nc1,2024-11-27,alder,red,,w\n"})
    files = list(read_folder(tmp_path))
    backwards = [list(file.rows()) for file in reversed(files)][::-1]
    assert backwards == [list(file.rows()) for file in files]
    assert not any(problems(rows) for rows in backwards)


def test_a_report_may_name_what_the_log_knows(tmp_path: Path) -> None:
    line = "c1,2024-11-27,elm,green,,wire,12.00,22.00"
    write(tmp_path, {"control.csv": f"{CONTROL},lat,lon\n{line}\n"})
    here = {"elm": SettlementRegistered(settlement="elm", name="Elm", lat=12, lon=22)}
    afar = {"elm": SettlementRegistered(settlement="elm", name="Elm", lat=0, lon=0)}
    assert problems(rows_of(tmp_path, "control.csv")) == []  # nothing is known at all
    assert problems(rows_of(tmp_path, "control.csv", settlements={"elm"})) == []
    assert problems(rows_of(tmp_path, "control.csv", settlements=here)) == []
    (far,) = problems(rows_of(tmp_path, "control.csv", settlements=afar))
    assert "is not where 'elm' is" in far
    (unknown,) = problems(rows_of(tmp_path, "control.csv", settlements={"oak"}))
    assert "is no settlement that is registered" in unknown
    (actor,) = problems(rows_of(tmp_path, "control.csv", actors={"greene"}))
    assert "did you mean 'greene'?" in actor


def test_what_the_log_knows_is_added_to_what_the_folder_registers(
    tmp_path: Path,
) -> None:
    lines = ["c1,2024-11-27,elm,green,,wire", "c2,2024-11-27,alder,red,,wire"]
    write(tmp_path, {**TOY, "control.csv": "\n".join([CONTROL, *lines])})
    both = {"settlements": ["elm"], "actors": ["green"]}
    assert len(problems(rows_of(tmp_path, "control.csv"))) == 1
    assert len(problems(rows_of(tmp_path, "control.csv", settlements=["elm"]))) == 1
    assert problems(rows_of(tmp_path, "control.csv", **both)) == []


def test_where_the_folder_moves_a_settlement_the_folder_is_right(
    tmp_path: Path,
) -> None:
    line = "c1,2024-11-27,alder,red,,wire,10.00,20.00"
    write(tmp_path, {**TOY, "control.csv": f"{CONTROL},lat,lon\n{line}\n"})
    before = SettlementRegistered(settlement="alder", name="Alder", lat=0, lon=0)
    known = {"alder": before}
    assert problems(rows_of(tmp_path, "control.csv", settlements=known)) == []


def test_a_settlement_that_could_not_be_taken_is_not_known(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            **TOY,
            "settlements.csv": "id,name,lat,lon\nalder,Alder,910,20\n",
            "control.csv": f"{CONTROL}\nc1,2024-11-27,alder,red,,wire\n",
        },
    )
    (problem,) = problems(rows_of(tmp_path, "control.csv"))
    assert problem.endswith("add it to settlements.csv first")


def test_the_data_set_is_named_after_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "toy-case"
    folder.mkdir()
    write(folder, TOY)
    rows = [row for file in read_folder(folder) for row in file.rows()]
    assert {event.dataset for event in events(rows)} == {"toy-case"}
    assert read_file(folder / "actors.csv").dataset == "toy-case"
    assert read_file(folder / "actors.csv", dataset="x").dataset == "x"


def test_a_folder_without_any_of_the_files_is_an_error_that_lists_them(
    tmp_path: Path,
) -> None:
    write(tmp_path, {"places.csv": ""})
    with pytest.raises(InputError, match=r"none of settlements\.csv, actors\.csv"):
        read_folder(tmp_path)


@pytest.mark.parametrize("name", ["none", "nul\0", "actors.csv"])
def test_what_is_no_folder_is_an_error(tmp_path: Path, name: str) -> None:
    write(tmp_path, {"actors.csv": ""})
    with pytest.raises(InputError):
        read_folder(tmp_path / name)


def test_no_address_is_read() -> None:
    with pytest.raises(InputError, match="is an address"):
        read_folder(Path("https://example.org/data"))
    with pytest.raises(InputError, match="is an address"):
        read_file(Path("file:///data/control.csv"))


def test_a_pipe_in_a_folder_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "control.csv")
    with pytest.raises(InputError, match="a pipe"):
        read_folder(tmp_path)
    assert not is_own(tmp_path)
    assert not is_own(tmp_path / "control.csv")


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    write(tmp_path, TOY)
    with pytest.raises(InputError, match="larger than 50 bytes"):
        read_folder(tmp_path, limit=50)


def test_nothing_compressed_is_opened(tmp_path: Path) -> None:
    packed = gzip.compress(CONTROL.encode())
    (tmp_path / "control.csv").write_bytes(packed)
    (tmp_path / "control.csv.gz").write_bytes(packed)
    assert problems(rows_of(tmp_path, "control.csv")) == [
        "control.csv: is compressed (gzip): only CSV as plain UTF-8 text is read"
    ]
    with pytest.raises(InputError, match=r"is compressed \(gzip\)"):
        read_file(tmp_path / "control.csv.gz")
    assert not is_own(tmp_path)


def test_a_file_of_any_name_is_recognised_by_its_header(tmp_path: Path) -> None:
    write(tmp_path, {"november.csv": f"{CONTROL}\nc1,2024-11-27,alder,red,,wire\n"})
    file = read_file(tmp_path / "november.csv")
    assert file.name == "november.csv"
    assert isinstance(events(list(file.rows()))[0], ControlReported)
    assert is_own(tmp_path / "november.csv")


@pytest.mark.parametrize("path", sorted(CASE.glob("*.csv")), ids=lambda path: path.name)
def test_every_file_of_the_case_is_recognised_under_another_name(
    tmp_path: Path, path: Path
) -> None:
    (tmp_path / "any.csv").write_bytes(path.read_bytes())
    assert read_file(tmp_path / "any.csv").kind is read_file(path).kind


def test_a_header_of_two_kinds_or_of_none_is_not_guessed_at(tmp_path: Path) -> None:
    write(tmp_path, {"a.csv": "id,name,note\n", "b.csv": "#name1,name2,distance\n"})
    with pytest.raises(InputError, match=r"may be settlements\.csv or actors\.csv or"):
        read_file(tmp_path / "a.csv")
    with pytest.raises(InputError, match=r"it begins '#name1,name2,distance'"):
        read_file(tmp_path / "b.csv")
    assert not is_own(tmp_path / "a.csv")
    assert not is_own(tmp_path / "b.csv")


def test_a_folder_of_others_with_the_same_file_names_is_not_ours(
    tmp_path: Path,
) -> None:
    flee = "#name1,name2,distance,forced_redirection\nalder,birch,7\n"
    write(tmp_path, {"routes.csv": flee, "locations.csv": "#name,region\n"})
    assert not is_own(tmp_path)
    write(tmp_path, TOY)
    assert is_own(tmp_path)
    assert not is_own(tmp_path / "none")


# --- whatever the bytes ------------------------------------------------------------

FILES = st.sampled_from(sorted(path.name for path in CASE.glob("*.csv")))
CELLS = (
    st.sampled_from(
        [
            *("alder", "birch", "red", "blue", "c1", "c2", "d1,d2", "wire", "A", "5"),
            *("2024-11-27", "2024-02-31", "10.00", "20.00", "held", "contested"),
            *("newly displaced", "flow", "yes", "NA", "007", "１２３", "1e400"),
            *("\u202e", "\0", '"', ";", "|", "=", "\r", "\ud800", "", "", ""),
        ]
    )
    | st.text(max_size=6)
)  # fmt: skip


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("toy"), TOY)


def check(folder: Path, name: str, data: bytes) -> None:
    """Only rows, problems and input errors may come of *data*."""
    write(folder, TOY)
    (folder / name).write_bytes(data)
    with suppress(InputError):
        for file in read_folder(folder):
            for row in file.rows():
                assert isinstance(row, CsvRow | Problem)
                assert isinstance(row, CsvRow) or str(row)
                assert isinstance(row, Problem) or all(
                    isinstance(event, Event) for event in row.events
                )
    (folder / "any.csv").write_bytes(data)
    assert is_own(folder / "any.csv") in (True, False)
    with suppress(InputError):
        for row in read_file(folder / "any.csv").rows():
            assert isinstance(row, CsvRow | Problem)


@given(name=FILES, data=st.binary(max_size=200))
def test_random_bytes_give_rows_problems_or_an_input_error(
    scratch: Path, name: str, data: bytes
) -> None:
    check(scratch, name, data)


@settings(max_examples=200)
@given(data=st.data(), name=FILES)
def test_hostile_cells_under_a_true_header_give_rows_or_problems(
    scratch: Path, data: st.DataObject, name: str
) -> None:
    header = (CASE / name).read_text(encoding="utf-8").splitlines()[0]
    width = header.count(",") + 1
    row = st.lists(CELLS, min_size=max(1, width - 1), max_size=width + 1)
    lines = data.draw(st.lists(row.map(",".join), max_size=4))
    check(scratch, name, "\n".join([header, *lines]).encode(errors="surrogatepass"))


@settings(max_examples=150)
@given(data=st.data(), name=FILES)
def test_a_damaged_file_of_the_case_gives_rows_problems_or_an_input_error(
    scratch: Path, data: st.DataObject, name: str
) -> None:
    whole = (CASE / name).read_bytes()[:2_000]
    at = data.draw(st.integers(0, len(whole)))
    cut = data.draw(st.integers(0, 8))
    new = data.draw(st.binary(max_size=6) | st.sampled_from([b'"', b"\r", b",\n,"]))
    check(scratch, name, whole[:at] + new + whole[at + cut :])


def test_the_template_can_be_imported_as_it_is(tmp_path: Path) -> None:
    folder, record = tmp_path / "mine", tmp_path / "v.chronicle"
    assert run("template", folder).code == 0
    assert run("template", folder).code == 2
    run("init", record)
    ended = run("import", record, folder)
    assert (ended.code, "12 new" in ended.err, " 0 problems" in ended.err) == (
        0,
        True,
        True,
    )
    page = (folder / "COLUMNS.md").read_text("utf-8")
    assert "| valid_from | yes | day, YYYY-MM-DD |" in page
    assert "| status |  | text: held, contested, shared" in page


def test_the_columns_are_told(tmp_path: Path) -> None:
    told = run("import", "--columns")
    assert told.code == 0
    assert "control.csv,settlement,yes,id," in told.out
    assert "control.csv,to_actor,in the header,id," in told.out
    assert run("import", tmp_path / "x", tmp_path, "--columns", "nothing").code == 2
