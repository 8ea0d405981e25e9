"""`chronicle flee`: a FLEE folder, run by expected flows and scored by its counts."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chronicle.cli.printing import put
from chronicle.cli.render import chosen, emit, say, table_options
from chronicle.errors import UsageError
from chronicle.store.whole_file import write_whole

if TYPE_CHECKING:
    from chronicle.domain.table import Table
    from chronicle.flee.model import FleeRun
    from chronicle.flee.read import FleeCase
    from chronicle.formats.problem import Problem
    from chronicle.verification.displacement import AveragedRelativeDifference

__all__ = ["flee"]


@click.command("flee")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--engine",
    type=click.Choice(["auto", "numpy", "numba"]),
    default="auto",
    show_default=True,
    help="All give the same; auto takes numba, which compiles for 10 seconds the first "
    "time, where the run is long and it is installed.",
)
@click.option(
    "--rules",
    type=click.Choice(["3.1", "2026-05"]),
    default="3.1",
    show_default=True,
    help="Of which FLEE: release 3.1, or its code of May 2026. Their scores differ.",
)
@click.option(
    "--budget",
    type=click.IntRange(min=1),
    default=20_000_000,
    show_default=True,
    help="Cells, days times legs and places, that may be worked with: 25 bytes each.",
)
@table_options()
def flee(
    directory: Path,
    engine: str,
    rules: str,
    budget: int,
    format_: str | None,
    out: Path | None,
) -> None:
    """Run a FLEE folder by expected flows and score it against its own counts.

    The score is the averaged relative difference (ARD) of Suleimenova, Bell and Groen
    (2017): 0 is perfect. A table shows each camp; csv has each camp on each day; json
    has everything. Whatever is wrong with the files is told on the error stream.
    """
    from chronicle.cli.run import bar
    from chronicle.flee.model import run_flee
    from chronicle.flee.read import read_flee
    from chronicle.verification.displacement import averaged_relative_difference

    if not directory.is_dir():
        raise UsageError(f"{directory} is no folder")
    case, problems = read_flee(directory, rules=rules)
    compiled = None if engine == "auto" else engine == "numba"
    with bar() as progress:
        run = run_flee(
            case,
            compiled=compiled,
            budget=budget,
            progress=progress and partial(progress, f"{case.name}, days"),
        )
    score = averaged_relative_difference(run.simulated, run.counted, total=run.total)
    kind = chosen(format_, out)
    if kind == "json":
        text = _json(case, run, score, problems)
        if out is None:
            put(text)
        else:
            write_whole(out, text.encode())
        return
    table = _by_day(case, run) if kind == "csv" else _by_camp(case, run, score)
    emit(table, kind, out)
    for problem in problems:
        say(f"problem: {problem}")


def _header(case: FleeCase, score: AveragedRelativeDifference) -> str:
    last = case.period.date_of(case.period.days - 1)
    told = "no counts to score by"
    if score.mean is not None:
        told = (
            f"ARD {score.mean:.4f} over {score.days_scored} days (0 is perfect), "
            f"by the rules of FLEE {case.settings.rules}"
        )
    return f"{case.name}, {case.period.start} to {last}: {told}"


def _by_camp(case: FleeCase, run: FleeRun, score: AveragedRelativeDifference) -> Table:
    from chronicle.domain.table import Table
    from chronicle.verification.displacement import camp_errors

    return Table(
        columns=("camp", "counted", "simulated", "error", "bias", "relative"),
        rows=[
            (
                error.camp,
                round(error.counted),
                round(error.simulated),
                round(error.absolute),
                round(error.bias),
                None if error.relative is None else round(error.relative, 3),
            )
            for error in camp_errors(run.camps, run.simulated, run.counted)
        ],
        header=_header(case, score) + "\nmeans over all days, in people",
    )


def _by_day(case: FleeCase, run: FleeRun) -> Table:
    from chronicle.domain.table import Table

    rows = [
        (day, case.period.date_of(day), camp, round(simulated, 1), int(counted))
        for day in range(case.period.days)
        for camp, simulated, counted in zip(
            run.camps, run.simulated[day].tolist(), run.counted[day], strict=True
        )
    ]
    return Table(columns=("day", "date", "camp", "simulated", "counted"), rows=rows)


def _json(
    case: FleeCase,
    run: FleeRun,
    score: AveragedRelativeDifference,
    problems: list[Problem],
) -> str:
    import msgspec

    from chronicle.verification.displacement import (
        averaged_relative_difference,
        camp_errors,
    )

    ard: list[float | None] = [
        None if value != value else value for value in score.by_day.tolist()
    ]
    in_camps = averaged_relative_difference(run.simulated, run.counted)
    errors = camp_errors(run.camps, run.simulated, run.counted)
    told: dict[str, object] = {
        "case": case.name,
        "rules": f"FLEE {case.settings.rules}",
        "ard": score.mean,
        "ard_of_counts_in_camps": in_camps.mean,
        "days_scored": score.days_scored,
        "days": [
            {"day": day, "date": case.period.date_of(day), "ard": ard[day]}
            | {"total": int(run.total[day]), "simulated": float(run.everybody[day])}
            for day in range(case.period.days)
        ],
        "camps": [
            {
                "camp": error.camp,
                "error": error.absolute,
                "bias": error.bias,
                "relative": error.relative,
                "simulated": run.simulated[:, column].tolist(),
                "counted": run.counted[:, column].astype(int).tolist(),
            }
            for column, error in enumerate(errors)
        ],
        "settings": case.settings,
        "problems": problems,
    }
    plain = msgspec.json.encode(told)
    return msgspec.json.format(plain, indent=1).decode() + "\n"
