"""Many histories of the simulator: `python tests/soak_simulator.py COUNT [FIRST]`.

A history that violates a promise is kept in a file, and is played again with
`python tests/simulator.py FILE`.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from simulator import keep, simulate


def main(count: int, first: int) -> int:
    """Play so many seeds; prints the counts. 1 where anything was violated."""
    os.environ.setdefault("CHRONICLE_CONFIG", tempfile.mkdtemp())
    started = time.perf_counter()
    deeds: Counter[str] = Counter()
    failed = []
    for seed in range(first, first + count):
        ended = simulate(seed)
        deeds.update(ended.counts)
        if ended.violation:
            failed.append(seed)
            kept = keep(ended, Path.cwd())
            sys.stdout.write(f"seed {seed}: {ended.violation}; kept as {kept}\n")
    told = ", ".join(f"{number:,} {deed}" for deed, number in sorted(deeds.items()))
    sys.stdout.write(
        f"seeds {first:,} to {first + count - 1:,}: {len(failed):,} violations; "
        f"{told}; {time.perf_counter() - started:.0f} s\n"
    )
    return bool(failed)


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]] + [1]
    sys.exit(main(numbers[0], numbers[1]))
