"""Errors say what happened, keep the values that they name, and end with one code."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from chronicle import errors

MADE = [
    errors.UsageError("no lens"),
    errors.MissingExtra("pictures need matplotlib", "plot"),
    errors.InputError("no"),
    errors.BadField("control-reported", "valid_from", "31/02", "must be a day"),
    errors.UnknownId("settlement", "brich", ["birch"]),
    errors.UnknownId("actor", "grey"),
    errors.AmbiguousName("settlement", "houla", ["houla-1", "houla-2"]),
    errors.UnknownReport("r9"),
    errors.NotAddable("two counters"),
    errors.RefusedImport("2 problems", [3, "row 4"]),
    errors.Conflict("told"),
    errors.Busy("held"),
    errors.StorageError("full"),
    errors.IntegrityFailure("moved"),
    errors.Damaged("torn"),
    errors.Tampered("edited"),
    errors.RolledBack("older"),
    errors.SplitHistory("two tales"),
    errors.OutcomeUnknown("who knows"),
    errors.Untrusted("foreign"),
    errors.BudgetExceeded("too many"),
]


def test_every_error_is_tried_here():
    named = {getattr(errors, name) for name in errors.__all__}
    classes = {one for one in named if isinstance(one, type)}
    assert {type(error) for error in MADE} | {errors.ChronicleError} == classes


def test_each_kind_of_error_has_its_own_exit_code_and_none_is_one():
    def code(name: str) -> int:
        return getattr(errors, name).exit_code

    assert [code(name) for name in ("UsageError", "InputError", "Conflict")] == [
        2,
        3,
        4,
    ]
    assert [code(name) for name in ("Busy", "StorageError", "Damaged")] == [5, 6, 7]
    for name in ("IntegrityFailure", "Tampered", "RolledBack", "SplitHistory"):
        assert code(name) == 7
    last = ("OutcomeUnknown", "Untrusted", "BudgetExceeded")
    assert [code(name) for name in last] == [8, 9, 10]
    for name in ("BadField", "UnknownId", "UnknownReport", "NotAddable"):
        assert code(name) == 3
    assert code("RefusedImport") == 3
    assert code("ChronicleError") == 6


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_an_error_is_printed_as_json_with_its_values(error):
    printed = json.loads(json.dumps(error.as_dict()))
    assert printed["error"] == type(error).__name__
    assert printed["exit_code"] == error.exit_code
    assert printed["message"] == str(error)
    assert all(printed[name] == value for name, value in vars(error).items())


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_an_error_survives_the_way_from_a_worker_process(error):
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert again.as_dict() == error.as_dict()


def test_a_bad_field_names_event_field_value_and_rule():
    error = errors.BadField("control-reported", "note", "x" * 500, "is too long")
    assert error.value == "'" + "x" * 199
    assert str(error) == f"control-reported.note: {error.value}: is too long"


def test_an_unknown_place_suggests_or_says_what_to_do():
    assert str(errors.UnknownId("settlement", "brich", ["birch", "brick"])) == (
        "no settlement 'brich'; did you mean birch, brick?"
    )
    assert str(errors.UnknownId("actor", "x")) == "no actor 'x'; register it first"
    assert str(errors.AmbiguousName("settlement", "houla", ["a", "b"])) == (
        "'houla' names 2 settlements: a, b; write the id"
    )


def test_a_missing_extra_names_the_command_that_installs_it_and_what_else_helps():
    assert str(errors.MissingExtra("it needs numba", "fast", "or leave it")) == (
        "it needs numba: pip install 'conflict-chronicle[fast]'; or leave it"
    )


def test_an_input_error_says_where_it_arose_the_outermost_place_first():
    error = errors.UnknownId("actor", "x")
    with (
        pytest.raises(errors.UnknownId, match=r"^a.toml: force 1: no actor 'x'"),
        errors.located("a.toml"),
        errors.located("force 1"),
    ):
        raise error
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    with pytest.raises(errors.Conflict, match=r"^told$"), errors.located("a.toml"):
        raise errors.Conflict("told")  # is not about what was given


def test_what_is_hidden_on_an_error_is_not_printed():
    error = errors.Conflict("told")
    error._inside = object()
    assert set(error.as_dict()) == {"error", "exit_code", "message"}
