"""Inputs by chance: no exit 70, no traceback, no warning of a library, no hang.

    python tests/soak_inputs.py 10000 [SEED [KIND …]]

Scenarios, FLEE folders, tables, folders of runs and command lines that are sound are
changed in one or a few places, and commands are run on them in this process. Whether
what they answer is right is not asked. Each trial has a seed of its own, which a
failure shows; what failed is kept in a folder that is told.
"""

from __future__ import annotations

import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import chronicle as ch
from flee_toy import toy_folder
from shell import Ended, run
from worked_scenarios import FIVE_TOWNS

SECONDS = 30  # after which a command hangs
CODES = {0, 2, 3, 4, 5, 6, 7, 8, 9, 10}
SCENARIO = FIVE_TOWNS / "five-towns.toml"
VALUES = (
    *("", " ", "0", "-1", "1", "1e308", "-1e308", "1e-308", "nan", "inf", "NaN", "1_0"),
    *("99999999999999999999", "9" * 5_000, "1" * 19, "0x10", "1e8", "1e400", "0.0"),
    *("2024-11-30", "0001-01-01", "9999-12-31", "2024-02-30", "30/11/24", "1700-01-01"),
    *(
        "true",
        "None",
        "[]",
        "{}",
        "[[]]",
        '"',
        "'",
        '"""',
        "=1+1",
        "＝1+1",
        "\t=1",
        "@x",
    ),
    *("a.b.c", "a." * 40_000 + "b", "[" * 5_000, "é", "\u202eevil", "\u200b", "\u3164"),
    *("\x1b]0;t\x07", "\x00", "\ufffe", "\U000e0041", "x" * 300, "x" * 70_000, "../x"),
    *("/etc/passwd", "red", "blue", "birch", "alder", "-x", "--help", "[/x]", "#", ","),
    *("everywhere", "prior", "fixed", "posterior.json", "total", "held", "contested"),
)
BYTES = (
    b"\x00",
    b"\xff",
    b"\xfe",
    b"\n",
    b"\r",
    b'"',
    b",",
    b"=",
    b"\xef\xbb\xbf",
    b"#",
)


class Trial:
    """One trial: its dice, and a folder of its own."""

    def __init__(self, seed: int, folder: Path, sound: Path) -> None:
        self.dice = random.Random(seed)
        self.folder = folder
        self.sound = sound  # where the sound inputs are

    def value(self) -> str:
        """Something that may stand in a cell."""
        return self.dice.choice(VALUES)

    def changed(self, data: bytes) -> bytes:
        """*data* with a few changes: bytes, pieces, lines, numbers and words."""
        for _ in range(self.dice.randint(1, 3)):
            data = self.dice.choice(CHANGES)(self, data)
        return data


def _byte(trial: Trial, data: bytes) -> bytes:
    at = trial.dice.randrange(len(data) + 1)
    return data[:at] + trial.dice.choice(BYTES) + data[at + trial.dice.randrange(2) :]


def _cut(trial: Trial, data: bytes) -> bytes:
    return data[: trial.dice.randrange(len(data) + 1)]


def _word(trial: Trial, data: bytes) -> bytes:
    """A word or number becomes another value."""
    marks = b",\n =\t[]{}:"
    starts = [i for i in range(len(data)) if i == 0 or data[i - 1] in marks]
    if not starts:
        return data
    start = trial.dice.choice(starts)
    end = start
    while end < len(data) and data[end] not in marks:
        end += 1
    value = trial.value().encode(errors="surrogatepass")
    if trial.dice.random() < 0.3:
        value = b'"' + value + b'"'
    return data[:start] + value + data[end:]


def _line(trial: Trial, data: bytes) -> bytes:
    """A line twice, gone, moved, or another one's end."""
    lines = data.split(b"\n")
    at = trial.dice.randrange(len(lines))
    deed = trial.dice.randrange(4)
    if deed == 0:
        lines.insert(at, lines[at])
    elif deed == 1:
        del lines[at]
    elif deed == 2:
        lines.insert(trial.dice.randrange(len(lines)), lines.pop(at))
    else:
        lines[at] += b"," + trial.value().encode(errors="surrogatepass")
    return b"\n".join(lines)


def _many(trial: Trial, data: bytes) -> bytes:
    """A piece, many times."""
    at = trial.dice.randrange(len(data) + 1)
    piece = data[at : at + trial.dice.randint(1, 40)]
    return data[:at] + piece * trial.dice.choice((2, 10, 1_000)) + data[at:]


CHANGES: tuple[Callable[[Trial, bytes], bytes], ...] = (
    _byte, _word, _word, _word, _line, _many, _cut,
)  # fmt: skip


def scenario(trial: Trial) -> Ended:
    """A scenario explained, or run on the record of the five towns."""
    path = trial.folder / "x.toml"
    path.write_bytes(trial.changed(SCENARIO.read_bytes()))
    if trial.dice.random() < 0.3:
        return run("run", "--explain", path)
    record = trial.sound / "towns.chronicle"
    replicas = trial.dice.choice(("1", "3"))
    return run("run", path, record, "--replicas", replicas, "--engine", "heap")


def flee(trial: Trial) -> Ended:
    """A FLEE folder run by the kernel."""
    folder = trial.folder / "flee"
    shutil.copytree(trial.sound / "flee", folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in trial.dice.sample(files, trial.dice.randint(1, 2)):
        path.write_bytes(trial.changed(path.read_bytes()))
    return run("flee", folder, "--format", trial.dice.choice(("table", "csv", "json")))


def table(trial: Trial) -> Ended:
    """A folder of the own format imported, and a question asked."""
    record, folder = trial.folder / "x.chronicle", trial.folder / "data"
    shutil.copy(trial.sound / "empty.chronicle", record)
    shutil.copytree(FIVE_TOWNS / "data", folder)
    files = sorted(folder.glob("*.csv"))
    for path in trial.dice.sample(files, trial.dice.randint(1, 2)):
        path.write_bytes(trial.changed(path.read_bytes()))
    ended = run("import", record, folder)
    if ended.code == 0:
        word = trial.dice.choice(("state", "displaced", "diff", "check", "log"))
        more = {
            "state": ["--on", "2030-05-10"],
            "displaced": ["--on", "2030-05-10"],
            "diff": ["--from", "2030-05-01", "--to", "2030-05-10"],
        }
        return run(word, record, *more.get(word, ()))
    return ended


def kept_run(trial: Trial) -> Ended:
    """The folder of a run compared, or scored."""
    folder = trial.folder / "run"
    shutil.copytree(trial.sound / "run", folder)
    files = [folder / "run.json", *sorted((folder / "chunks").rglob("*"))]
    path = trial.dice.choice(
        [files[0]] * len(files) + [f for f in files if f.is_file()]
    )
    path.write_bytes(trial.changed(path.read_bytes()))
    if trial.dice.random() < 0.5:
        return run("score", folder, trial.sound / "towns.chronicle")
    return run("compare", folder)


def line(trial: Trial) -> Ended:
    """A command line by chance, in the folder of the trial."""
    from chronicle.cli import COMMANDS

    quiet = {"demo", "bench", "serve", "calibrate", "sensitivity", "doctor"}
    command = trial.dice.choice(sorted(COMMANDS.keys() - quiet))
    record = trial.folder / "x.chronicle"
    shutil.copy(trial.sound / "towns.chronicle", record)
    words = [str(record)] if trial.dice.random() < 0.8 else []
    options = (
        *("--on", "--known-at", "--published-by", "--lens", "--format", "--columns"),
        *("--from", "--to", "--after", "--area", "--as", "--dataset", "--replicas"),
        *("--seed", "--engine", "--workers", "--quiet", "--json-errors", "--key"),
    )
    for _ in range(trial.dice.randint(0, 4)):
        if trial.dice.random() < 0.6:
            words.append(trial.dice.choice(options))
        words.append(trial.value().replace("\x00", ""))
    return run(command, *words)


KINDS: dict[str, Callable[[Trial], Ended]] = {
    "scenario": scenario,
    "flee": flee,
    "table": table,
    "run folder": kept_run,
    "command line": line,
}


class Hung(BaseException):
    """A command took too long."""


def _hang(*_: object) -> None:
    raise Hung


def fault_of(kind: str, trial: Trial) -> str:
    """What is wrong with how the commands of a trial ended; nothing is empty."""
    signal.alarm(SECONDS)
    try:
        ended = KINDS[kind](trial)
    except Hung:
        return f"hangs for more than {SECONDS} s"
    except Exception:
        return traceback.format_exc()
    finally:
        signal.alarm(0)
    if ended.code not in CODES:
        return f"exit {ended.code}: {ended.err[-500:]}"
    for word in ("Traceback", "Warning:"):
        if word in ended.err:
            return f"{word} in the error stream: {ended.err[-500:]}"
    return ""


def sound_inputs(folder: Path) -> None:
    """What all trials begin with."""
    ch.create(folder / "empty.chronicle").close()
    with ch.create(folder / "towns.chronicle") as record:
        record.import_folder(FIVE_TOWNS / "data")
    toy_folder(folder / "flee")
    made = run(
        *("run", SCENARIO, folder / "towns.chronicle"),
        *("--replicas", "4", "--engine", "heap", "--out", folder / "run"),
    )
    assert made.code == 0, made.err


def soak(count: int, seed: int, kept: Path, kinds: Any = KINDS) -> Counter[str]:
    """Run *count* trials; the number of each kind, and of faults, which are printed."""
    told: Counter[str] = Counter()
    warnings.simplefilter("always")
    signal.signal(signal.SIGALRM, _hang)
    with tempfile.TemporaryDirectory() as sound:
        sound_inputs(Path(sound))
        for number in range(seed, seed + count):
            kind = list(kinds)[number % len(kinds)]
            with tempfile.TemporaryDirectory() as folder:
                trial = Trial(number, Path(folder), Path(sound))
                fault = fault_of(kind, trial)
                told[kind] += 1
                if fault:
                    told["faults"] += 1
                    print(f"trial {number}, {kind}: {fault}", flush=True)
                    shutil.copytree(folder, kept / str(number))
    return told


def main() -> None:
    """Run as many trials as were asked for; ends with 1 when one failed."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    kinds = {kind: KINDS[kind] for kind in sys.argv[3:] or KINDS}
    begun = time.perf_counter()
    kept = Path(tempfile.mkdtemp(prefix="soak-inputs-"))
    told = soak(count, seed, kept, kinds)
    seconds = time.perf_counter() - begun
    for kind in kinds:
        print(f"{kind}: {told[kind]:,} trials")
    print(f"{told['faults']} faults in {count:,} trials, {seconds:.0f} s")
    if told["faults"]:
        print(f"what failed is in {kept}")
        sys.exit(1)
    kept.rmdir()


if __name__ == "__main__":
    main()
