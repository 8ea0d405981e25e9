"""Hostile spreadsheets by the hundred thousand: tracebacks and misreadings, counted.

    python tests/soak_import.py --count 200000 --seed 0

Prints one JSON object; the exit code is 1 where anything was found.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from table_fuzz import OPTIONS, hostile, misread, taken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    asked = parser.parse_args()
    tracebacks: list[str] = []
    misreadings: list[str] = []
    done = 0
    until = time.monotonic() + asked.seconds
    with TemporaryDirectory() as folder:
        path = Path(folder) / "hostile.csv"
        for seed in range(asked.seed, asked.seed + asked.count):
            if time.monotonic() > until:
                break
            done += 1
            try:
                taken(path, hostile(seed), seed, OPTIONS[seed % len(OPTIONS)])
                if told := misread(seed, Path(folder)):
                    misreadings.append(f"{seed}: {told[:300]}")
            except Exception as error:
                tracebacks.append(f"{seed}: {type(error).__name__}: {error}"[:300])
    print(
        json.dumps(
            {
                "files": 2 * done,
                "tracebacks": len(tracebacks),
                "misreadings": len(misreadings),
                "shown": (tracebacks + misreadings)[:10],
            },
            ensure_ascii=False,
        )
    )
    return int(bool(tracebacks or misreadings))


if __name__ == "__main__":
    sys.exit(main())
