"""The properties of fold, store and replay on many examples, chosen by chance.

    python tests/soak_folds.py 2000
    python tests/soak_folds.py 5000 test_questions

The second word picks the properties whose names hold it. Prints the number of examples
of each property; a failure shows how to repeat it.
"""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, is_hypothesis_test, settings

MODULES = (
    "test_timeline",
    "test_state",
    "test_decide",
    "test_lens",
    "test_questions",
    "test_audit",
    "test_replay_entries",
    "test_replay_index",
    "test_replay",
)


def properties() -> Iterator[tuple[str, Callable[..., Any]]]:
    """The property tests that need nothing but examples."""
    rooms = Path(__file__).parent
    sys.path += [str(rooms / room) for room in ("domain", "replay", "store")]
    for name in MODULES:
        module = import_module(name)
        getattr(module, "make_a_few_many", _nothing)(setattr)
        for attribute, test in vars(module).items():
            if not (attribute.startswith("test_") and is_hypothesis_test(test)):
                continue
            if not inspect.signature(test).parameters:
                yield f"{name}.{attribute}", test


def _nothing(_: object) -> None:
    """What a module does of which all tests stand on sizes as they are."""


def main() -> None:
    """Run each property on as many examples as were asked for."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    picked = sys.argv[2] if len(sys.argv) > 2 else ""
    many = settings(
        max_examples=count,
        deadline=None,
        derandomize=False,
        print_blob=True,
        phases=[Phase.generate],  # the blob names an example well enough
        suppress_health_check=list(HealthCheck),
    )
    for name, test in properties():
        if picked not in name:
            continue
        test._hypothesis_internal_use_settings = many  # type: ignore[attr-defined]
        start = time.perf_counter()
        test()
        print(
            f"{name}: {count} examples, {time.perf_counter() - start:.0f} s", flush=True
        )


if __name__ == "__main__":
    main()
