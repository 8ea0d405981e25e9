"""`Chronicle.follow`: each event once and in order, as it is recorded."""

from __future__ import annotations

import threading
from pathlib import Path

import chronicle as ch


def test_what_is_recorded_later_comes_once_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "a.chronicle"
    ch.create(path).close()
    names = [f"place-{number}" for number in range(20)]
    stop, seen = threading.Event(), []

    def write() -> None:
        with ch.open(path) as log:
            for name in names:
                log.append([ch.SettlementRegistered(settlement=name, name=name)])

    with ch.open(path) as log:
        writer = threading.Thread(target=write)
        writer.start()
        for recorded in log.follow(stop=stop):
            seen.append(recorded)
            if len(seen) == len(names):
                stop.set()
        writer.join()

        assert [one.position for one in seen] == list(range(1, 21))
        assert [one.event.key for one in seen] == names
        stop.clear()
        rest = log.follow(18, stop=stop)
        assert [next(rest).position, next(rest).position] == [19, 20]
