"""Damaged files: one flipped bit, and a cut at every byte of the last two pages.

`python tests/soak_damage.py FLIPS [SEED]`. A cut must be refused, each of them. A bit
may be refused, or be told as damage by an answer, or change nothing; it may also change
an answer *silently*, which only a head kept outside the file can notice: it is counted.
None ends in an exception that is not ours, or asks for memory without end.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import chronicle as ch
from chronicle.domain.events import ReportAmended, ReportRedacted, ReportRetracted
from chronicle.errors import ChronicleError
from log_toys import control, opening

REPORTS = 120
MEMORY = 1 << 30  # bytes more than now


def make(path: Path) -> None:
    """A record with every kind of remark in it."""
    with ch.create(path) as log:
        log.append(opening())
        log.append(
            [
                control(
                    f"r{n}",
                    settlement=("alder", "birch", "cedar")[n % 3],
                    controller=("red", "blue")[n // 3 % 2],
                    valid_from=f"2024-11-{1 + n % 28:02}",
                    published="2024-11-30",
                    note="n" * (n % 90),
                    source=f"s{n % 5}",
                )
                for n in range(REPORTS)
            ]
        )
        log.append(ReportAmended(report="r3", changes={"controller": "blue"}))
        log.append(ReportRetracted(report="r4"))
        log.append(ReportRedacted(report="r5"))


def answers(path: Path) -> list[object]:
    """All that a record is asked; raises what it raises."""
    with ch.open(path) as log:
        told: list[object] = [log.head, log.identity]
        told.append([str(r.event) for r in log.log()])
        told.append(log.state("2024-11-20").table().rows)
        told.append(log.history("alder").rows)
        replay = log.replay()
        told.append(replay.state(20_040).actor.tolist())
        log.check()
        return told


def clean(path: Path) -> None:
    for left in path.parent.glob(path.name + "?*"):
        if left.is_dir():
            for cache in left.iterdir():
                cache.unlink()
            left.rmdir()
        else:
            left.unlink()


def verdict(path: Path, data: bytes, right: list[object]) -> str:
    clean(path)
    path.write_bytes(data)
    try:
        told = answers(path)
    except ChronicleError:
        return "told"
    except Exception as error:
        return f"raw {type(error).__name__}"
    return "unseen" if told == right else "silent"


def main(flips: int, seed: int) -> None:
    """Damage it so often; prints the counts."""
    chance, started = random.Random(seed), time.perf_counter()
    bits, cuts = Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        source, path = Path(folder) / "a.chronicle", Path(folder) / "t.chronicle"
        make(source)
        right = answers(source)
        data = source.read_bytes()
        used = int(Path("/proc/self/statm").read_text().split()[0]) * 4_096
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, -1))
        for less in range(1, 2 * 4_096 + 1):
            clean(path)
            path.write_bytes(data[:-less])
            try:
                ch.open(path).close()
            except ChronicleError:
                cuts["told"] += 1
            else:
                cuts["silent"] += 1
        for _ in range(flips):
            flipped = bytearray(data)
            at = chance.randrange(len(data))
            flipped[at] ^= 1 << chance.randrange(8)
            bits[verdict(path, bytes(flipped), right)] += 1
    raw = sum(count for word, count in bits.items() if word.startswith("raw"))
    sys.stdout.write(
        f"seed {seed}: {sum(cuts.values()):,} cuts, {cuts['silent']:,} silent; "
        f"{flips:,} flipped bits, {bits['told']:,} told, {bits['unseen']:,} changed "
        f"nothing, {bits['silent']:,} silent, {raw:,} raw, "
        f"{time.perf_counter() - started:.0f} s\n"
    )
    if cuts["silent"] or raw:
        raise AssertionError(f"{cuts}, {bits}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
