"""Many writers on one chronicle, killed now and then: `python tests/soak_writers.py`.

`python tests/soak_writers.py WRITERS SECONDS [KILLS] [SEED]`: on a file and on a
server. Prints what was lost, doubled, missed (nothing may be), and how long the writers
waited.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

from many_writers import Campaign, Checked, check, make


def campaign(
    place: str, writers: int, seconds: float, kills: int, seed: int
) -> Checked:
    """So many writers for so long, and a process of them killed so many times."""
    chance = random.Random(seed)
    make(place)
    with tempfile.TemporaryDirectory() as folder:
        view = Path(folder) / "view.db"
        with Campaign(place, writers, view) as running:
            for _ in range(kills):
                running.listen(seconds / (kills + 1) * chance.uniform(0.5, 1.5))
                running.kill_one(chance)
            running.listen(seconds / (kills + 1))
            running.end()
        return check(running)


def main(writers: int, seconds: float, kills: int, seed: int) -> None:
    """One campaign on each backend."""
    from postgres_server import drop, new_url

    failed = []
    with tempfile.TemporaryDirectory() as folder:
        url = new_url()
        for name, place in (("file", f"{folder}/a.chronicle"), ("server", url)):
            found = campaign(place, writers, seconds, kills, seed)
            sys.stdout.write(f"{name}, {writers} writers, {kills} killed: {found}\n")
            sys.stdout.flush()
            if not found.clean:
                failed.append(name)
        drop(url)
    if failed:
        raise AssertionError(f"not clean: {failed}")


if __name__ == "__main__":
    given = [float(word) for word in sys.argv[1:]]
    given += [8, 20, 0, 1][len(given) :]
    main(int(given[0]), given[1], int(given[2]), int(given[3]))
