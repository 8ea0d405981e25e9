"""Servers killed and back ends terminated under writers that go on: nothing lost.

`python tests/soak_postgres.py KILLS TERMINATIONS [SEED]`: three writers and a follower;
the server is killed like by a power cut and started again, or it ends one of the
connections of the writers, at moments drawn from the seed. A writer repeats what
failed, under the same key.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

from many_writers import Campaign, Checked, check, make
from postgres_server import ask, drop, new_url, own_server

WRITERS = 3
_TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE application_name = 'chronicle' AND pid <> pg_backend_pid() "
    "AND (%s OR state <> 'idle') ORDER BY random() LIMIT 1"
)


def campaign(kills: int, terminations: int, seed: int) -> Checked:
    """So many deaths of the server, and of back ends, in an order drawn from *seed*."""
    chance = random.Random(seed)
    deeds = ["kill"] * kills + ["terminate"] * terminations
    chance.shuffle(deeds)
    url = new_url()
    make(url)
    with tempfile.TemporaryDirectory() as folder:
        view = Path(folder) / "view.db"
        with Campaign(url, WRITERS, view) as running:
            for deed in deeds:
                _do(deed, running, chance)
            running.listen(0.2)
            running.end()
        found = check(running)
    drop(url)
    return found


def _do(deed: str, running: Campaign, chance: random.Random) -> None:
    """Wait until somebody is at work, and a moment more; then kill or terminate."""
    heard = len(running.said)
    until = time.monotonic() + 30
    while len(running.said) == heard and time.monotonic() < until:
        running.listen(0.005)
    running.listen(chance.random() * 0.03)
    if deed == "kill":
        own_server().kill()
        own_server().start()
        return
    while not ask(_TERMINATE, chance.random() < 0.2):  # mostly at work
        time.sleep(0.001)


def main(kills: int, terminations: int, seed: int) -> None:
    started = time.perf_counter()
    found = campaign(kills, terminations, seed)
    sys.stdout.write(
        f"seed {seed}: server killed {kills:,} times, {terminations:,} back ends "
        f"terminated: {found}; {time.perf_counter() - started:.0f} s\n"
    )
    if not found.clean:
        raise AssertionError("something was lost, doubled or missed")


if __name__ == "__main__":
    main(
        int(sys.argv[1]),
        int(sys.argv[2]),
        int(sys.argv[3]) if len(sys.argv) > 3 else 1,
    )
