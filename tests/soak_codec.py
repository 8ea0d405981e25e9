"""Many hostile stored events: `python tests/soak_codec.py COUNT [SEED]`."""

from __future__ import annotations

import sys
import time

from codec_fuzz import read


def main(count: int, seed: int) -> None:
    """Read *count* of them; prints what became of them."""
    started = time.perf_counter()
    outcomes = read(seed, count)
    took = time.perf_counter() - started
    sys.stdout.write(
        f"seed {seed}: {count:,} hostile stored events in {took:.1f} s: "
        f"{outcomes['refused']:,} refused, {outcomes['read']:,} read as what they "
        "say, no other error\n"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
