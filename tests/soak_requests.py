"""Hostile requests to the local page: `python tests/soak_requests.py COUNT [SEED]`."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from request_fuzz import asked
from served_page import serving


def main(count: int, seed: int) -> None:
    """Ask so many times; prints how often each status was the answer."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as page:
        told = asked(page, seed, count)
    statuses = ", ".join(
        f"{number:,} x {status}" for status, number in sorted(told.items())
    )
    sys.stdout.write(
        f"seed {seed}: {count:,} hostile requests, 0 faults: {statuses}; "
        f"{time.perf_counter() - started:.0f} s\n"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
