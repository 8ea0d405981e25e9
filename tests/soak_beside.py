"""A chronicle that is opened, asked and checked beside writers: no false alarm.

`python tests/soak_beside.py OPENS`: two processes open, append, redact now and then,
and close; each open here reads the head, and one in fifty checks the whole log.
Nothing is wrong with the file, so that every error is a false alarm.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from chronicle.domain.events import ReportRedacted
from chronicle.errors import ChronicleError
from chronicle.store.audit import audit
from chronicle.store.log import EventLog
from chronicle.store.sqlite.store import SQLiteStore
from log_toys import control, opening

WRITERS, EACH = 2, 50
LENGTH = 4_000  # events, after which another file is begun: a check reads them all


def write(path: Path, name: str) -> None:
    for number in range(1 << 30):
        store = SQLiteStore.open(path, lock_timeout=60)
        log = EventLog(store)
        if store.head() < LENGTH:
            log.append(
                [
                    control(f"{name}.{number}.{n}", source=f"s{n}", note="n" * 300)
                    for n in range(20)
                ]
            )
            if number % 5 == 4:
                log.append([ReportRedacted(report=f"{name}.{number}.3")])
        else:
            time.sleep(0.001)
        store.close()


def beside(folder: Path, number: int, opens: int, alarms: Counter[str]) -> int:
    """Open one file so often beside its writers; how many checks there were."""
    path = folder / f"{number}.chronicle"
    store = SQLiteStore.create(path)
    EventLog(store).append(opening())
    store.close()
    writers = []
    for name in range(WRITERS):
        child = os.fork()
        if child == 0:
            try:
                write(path, f"w{name}")
            finally:
                os._exit(9)
        writers.append(child)
    checks = 0
    for one in range(opens):
        try:
            store = SQLiteStore.open(path, lock_timeout=60)
            store.head()
            if one % EACH == 0:
                audit(store)
                checks += 1
            store.close()
        except ChronicleError as error:
            alarms[f"{type(error).__name__}: {str(error)[-80:]}"] += 1
    for child in writers:
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            alarms["a writer died of an error"] += 1
    return checks


def main(opens: int) -> None:
    """Open so often, 1,000 times a file; prints the counts."""
    alarms, started = Counter[str](), time.perf_counter()
    checks = 0
    with tempfile.TemporaryDirectory() as folder:
        for number, first in enumerate(range(0, opens, 1_000)):
            some = min(1_000, opens - first)
            checks += beside(Path(folder), number, some, alarms)
    sys.stdout.write(
        f"{opens:,} opens and {checks:,} checks beside {WRITERS} writers, "
        f"{sum(alarms.values()):,} false alarms, "
        f"{time.perf_counter() - started:.0f} s\n"
    )
    if alarms:
        raise AssertionError(alarms.most_common(5))


if __name__ == "__main__":
    main(int(sys.argv[1]))
