"""While numba compiles, people are told why nothing else happens."""

from __future__ import annotations

import io
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.progress import Progress

from chronicle.cli.compiling import COMPILING, compiling, compiling_in

HALVES = """
import numba

@numba.njit
def half(x):
    return x / 2

@numba.njit(cache=True)
def quarter(x):
    return half(half(x))
"""


def quarters(folder: Path) -> Any:
    """A compiled function that calls another, read from a file of *folder* anew."""
    path = folder / "quarters.py"
    if not path.exists():
        path.write_text(HALVES)
    spec = spec_from_file_location("quarters", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.quarter


def test_it_is_told_once_for_a_function_and_all_that_it_calls(tmp_path: Path) -> None:
    told: list[str] = []

    def listening() -> Any:
        return compiling(lambda: told.append("begins"), lambda: told.append("ends"))

    quarter = quarters(tmp_path)
    with listening():
        assert quarter(2.0) == 0.5
        assert told == ["begins", "ends"]
        assert quarter(2.0) == 0.5  # it is compiled by now
        assert quarters(tmp_path)(4.0) == 1.0  # and kept on disk
        assert told == ["begins", "ends"]
        quarter(2)  # another type
        assert told == ["begins", "ends"] * 2
    quarters(tmp_path)(2j)
    assert told == ["begins", "ends"] * 2  # nobody listens any more


def test_a_bar_stands_while_it_compiles(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), force_terminal=True)
    with Progress(console=console) as bars, compiling_in(bars):
        assert not bars.tasks
        seen: list[str] = []
        add = bars.add_task

        def noted(description: str, **more: Any) -> Any:
            seen.append(description)
            return add(description, **more)

        bars.add_task = noted  # type: ignore[method-assign, assignment]
        quarters(tmp_path)(2.0)
        assert seen == [COMPILING]
        assert not bars.tasks  # and goes when it is done


def test_the_bar_goes_when_compiling_fails(tmp_path: Path) -> None:
    from numba.core.errors import TypingError

    with Progress(console=Console(file=io.StringIO())) as bars, compiling_in(bars):
        with pytest.raises(TypingError):
            quarters(tmp_path)("no number")
        assert not bars.tasks
