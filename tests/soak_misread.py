"""Tables of known truth in every form that people give one: misreadings, counted.

    python tests/soak_misread.py --count 20000 --seed 0

Each report that goes in must be one of the truth, and each of the truth that does not
go in must have been told. Prints one JSON object: how tables ended, and what was wrong;
the exit code is 1 where anything was.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from table_truth import misread


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    asked = parser.parse_args()
    told: Counter[str] = Counter()
    wrong: list[str] = []
    until = time.monotonic() + asked.seconds
    with TemporaryDirectory() as folder:
        for seed in range(asked.seed, asked.seed + asked.count):
            if time.monotonic() > until:
                break
            told["tables"] += 1
            try:
                found = misread(seed, Path(folder), told)
            except Exception:
                told["tracebacks"] += 1
                found = traceback.format_exc()
            if found:
                wrong.append(f"{seed}: {found}")
    counts = ("tables", "whole", "in part", "refused", "tracebacks")
    shown = {word: told[word] for word in counts}
    misread_ = len(wrong) - told["tracebacks"]
    print(
        json.dumps(
            shown | {"misread": misread_, "shown": wrong[:10]},
            ensure_ascii=False,
            indent=1,
        )
    )
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
