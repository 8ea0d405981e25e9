"""`chronicle export --as …` at the shell."""

import pytest

import chronicle
from chronicle.domain.events import ActorRegistered, ControlReported
from chronicle.domain.events import SettlementRegistered as Place
from shell import run


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "x.chronicle"
    with chronicle.create(path) as log:
        log.append(
            [
                Place(settlement="alder", name="Alder", lat=1.0, lon=2.0),
                ActorRegistered(actor="red", name="Red"),
                ControlReported(
                    report_id="c1",
                    source="ap",
                    settlement="alder",
                    controller="red",
                    valid_from="2024-11-26",
                ),
            ]
        )
    return path


def test_text_goes_to_the_pipe_and_files_want_a_name(file, tmp_path):
    assert run("export", file, "--as", "control").out.startswith("settlement,name,")
    refused = run("export", file, "--as", "xlsx")
    assert refused.code == 2
    assert "needs --out" in refused.err
    made = run("export", file, "--as", "xlsx", "--out", tmp_path / "x.xlsx")
    assert made.code == 0
    assert (tmp_path / "x.xlsx").read_bytes().startswith(b"PK")


def test_a_folder_is_new_or_nothing_is_written(file, tmp_path):
    out = tmp_path / "own"
    assert run("export", file, "--as", "own", "--out", out).code == 0
    assert (out / "control.csv").exists()
    again = run("export", file, "--as", "own", "--out", out)
    assert again.code == 2
    assert "there already" in again.err


def test_an_option_of_another_form_is_refused(file):
    refused = run("export", file, "--as", "kml", "--from", "2024-11-26")
    assert refused.code == 2
    assert "--as flee or --as viina" in refused.err
