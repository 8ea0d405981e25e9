"""Events to bytes and back: every kind, every shape ever stored, strangers' bytes."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import golden
from chronicle.domain.events import EVENTS, ActorRegistered, Event, ReportAmended
from chronicle.errors import InputError, Untrusted
from chronicle.store.codec import MAX_BYTES, SHAPES, UPCASTERS, decode, encode
from codec_fuzz import HOSTILE_TYPES, read
from log_toys import control
from strategies import any_event, steady

FILES = sorted(golden.FOLDER.glob("*.hex"))
TESTS = Path(__file__).parents[1]


@steady
@given(st.sampled_from(list(EVENTS.values())).flatmap(any_event))
def test_what_is_stored_comes_back_equal(event: Event) -> None:
    body = encode(event)
    again = decode(event.TYPE, body)
    assert again == event
    assert type(again) is type(event)
    assert encode(again) == body


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_shape_ever_stored_can_be_read(file: Path) -> None:
    said = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    body = bytes.fromhex(file.read_text(encoding="utf-8"))
    type_, shape, _ = file.stem.split(".")
    event = decode(type_, body)
    now = golden.as_json(event)
    newer = now.keys() - said.keys()  # fields that the shape did not have
    assert not newer or int(shape) < SHAPES[type_][0]
    assert {name: now[name] for name in said} == said
    assert EVENTS[said.pop("type")](**said) == event


def test_every_shape_has_its_golden_files() -> None:
    names = {file.stem for file in FILES}
    for type_, (newest, _) in SHAPES.items():
        for shape in range(1, newest + 1):
            assert {f"{type_}.{shape}.full", f"{type_}.{shape}.short"} <= names


def test_the_newest_shape_is_stored_as_its_golden_file() -> None:
    for name, event in golden.examples().items():
        body = bytes.fromhex((golden.FOLDER / f"{name}.hex").read_text())
        assert encode(event) == body, name


def test_a_full_example_leaves_no_field_at_its_default() -> None:
    for name, event in golden.examples().items():
        if name.endswith("full"):
            left = [
                f.name for f in fields(event) if getattr(event, f.name) == f.default
            ]
            assert left == [], name


def test_every_field_is_stored_and_every_old_shape_has_an_upcaster() -> None:
    assert SHAPES.keys() == EVENTS.keys()
    for type_, (newest, names) in SHAPES.items():
        assert sorted(names) == sorted(f.name for f in fields(EVENTS[type_]))
        for shape in range(1, newest):
            assert (type_, shape) in UPCASTERS


def test_an_old_shape_goes_through_its_upcasters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As it will be: shape 2 had the name first, shape 3 has it second."""
    _, names = SHAPES["actor-registered"]
    monkeypatch.setitem(SHAPES, "actor-registered", (3, names))
    older = {
        ("actor-registered", 1): lambda values: [f"The {values[0]}", *values],
        ("actor-registered", 2): lambda values: [values[1], values[0], *values[2:]],
    }
    for key, upcaster in older.items():
        monkeypatch.setitem(UPCASTERS, key, upcaster)
    for stored in ([1, "red"], [2, "The red", "red"], [3, "red", "The red"]):
        event = decode("actor-registered", msgspec.msgpack.encode(stored))
        assert event == ActorRegistered(actor="red", name="The red")
    with pytest.raises(Untrusted):
        decode("actor-registered", msgspec.msgpack.encode([4, "red", "The red"]))


def test_fields_at_the_end_that_hold_their_default_take_no_room() -> None:
    short = msgspec.msgpack.decode(encode(control("r")))
    expected = [1, "r", "radio", "alder", "red", "held", "2024-11-27"]
    assert short == expected


def test_a_golden_file_is_never_rewritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(golden, "FOLDER", tmp_path)
    assert golden.main() == 0
    assert golden.main() == 0
    path = tmp_path / "support-reported.1.full.hex"
    path.write_text("00\n")
    assert golden.main() == 1
    assert path.read_text() == "00\n"
    assert "upcaster" in capsys.readouterr().err


# --- strangers' bytes ---------------------------------------------------------------


@pytest.mark.parametrize("type_", HOSTILE_TYPES, ids=lambda type_: type_[:20])
def test_a_type_that_is_not_on_the_list_is_refused(type_: str) -> None:
    with pytest.raises(Untrusted, match="nothing of it was run") as refused:
        decode(type_, encode(control("r")))
    assert refused.value.exit_code == 9
    assert len(str(refused.value)) < 200


def test_an_event_over_the_limit_is_neither_stored_nor_read() -> None:
    amendment = ReportAmended(report="r", changes={"note": "n" * MAX_BYTES})
    with pytest.raises(InputError, match="limit"):
        encode(amendment)
    body = msgspec.msgpack.encode([1, "x", "s", "r", [["note", "n" * MAX_BYTES]]])
    with pytest.raises(Untrusted, match="limit"):
        decode("report-amended", body)


@pytest.mark.parametrize(
    "value", ["\ud800", 2**70, -(2**70)], ids=["surrogate", "big", "small"]
)
def test_what_cannot_be_stored_is_bad_input(value: object) -> None:
    with pytest.raises(InputError):
        encode(ReportAmended(report="r", changes={"note": value}))


def test_a_time_is_no_day() -> None:
    time = msgspec.msgpack.Ext(-1, b"\0" * 4)
    body = msgspec.msgpack.encode([1, "r", "radio", "alder", "red", "held", time])
    with pytest.raises(Untrusted, match="valid_from"):
        decode("control-reported", body)


@pytest.mark.slow
def test_hostile_events_are_refused_with_one_error_and_nothing_else() -> None:
    outcomes = read(seed=1, count=20_000)
    assert outcomes["refused"] + outcomes["read"] == 20_000
    assert outcomes["read"] > 50


WATCHED = """
import sys
sys.path.insert(0, sys.argv[1])
import codec_fuzz, chronicle.store.log, chronicle.store.sqlite.store
codec_fuzz.read(seed=2, count=200)  # what is imported late, is now
seen = []
WRONG = ("import", "exec", "compile", "socket", "subprocess", "os.", "open", "ctypes",
         "pickle", "marshal", "shutil", "urllib", "webbrowser", "code.__new__")
sys.addaudithook(lambda event, args: seen.append((event, repr(args)[:200]))
                 if event.startswith(WRONG) else None)
before = set(sys.modules)
codec_fuzz.read(seed=3, count=3_000)
for type_ in codec_fuzz.HOSTILE_TYPES:
    try:
        codec_fuzz.decode(type_, b"\\x90")
    except codec_fuzz.Untrusted:
        pass
    else:
        seen.append(type_)
print(seen, set(sys.modules) - before)
"""


def test_reading_hostile_events_runs_imports_and_opens_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, str(TESTS)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[] set()\n"
    assert done.stderr == ""
