"""The properties of fold, store and replay on many examples, chosen by chance.

    python tests/soak_folds.py 2000

Prints the number of examples of each property; a failure shows how to repeat it.
"""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from hypothesis import HealthCheck, is_hypothesis_test, settings

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
    for name in MODULES:
        module = import_module(name)
        for attribute, test in vars(module).items():
            if not (attribute.startswith("test_") and is_hypothesis_test(test)):
                continue
            if not inspect.signature(test).parameters:
                yield f"{name}.{attribute}", test


def main() -> None:
    """Run each property on as many examples as were asked for."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    many = settings(
        max_examples=count,
        deadline=None,
        derandomize=False,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    for name, test in properties():
        test._hypothesis_internal_use_settings = many  # type: ignore[attr-defined]
        start = time.perf_counter()
        test()
        print(
            f"{name}: {count} examples, {time.perf_counter() - start:.0f} s", flush=True
        )


if __name__ == "__main__":
    main()
