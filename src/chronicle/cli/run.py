"""`chronicle run`, `compare` and `score`: scenarios, as ensembles, on their face."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chronicle.cli.completion import files
from chronicle.cli.opening import is_record, opened, refuse_swapped
from chronicle.cli.printing import console, put, tell
from chronicle.cli.render import as_csv, as_json, say, show
from chronicle.domain.visible import visible
from chronicle.errors import UsageError

if TYPE_CHECKING:
    from chronicle.domain.table import Table
    from chronicle.experiments.run import Progress, Run

__all__ = ["bar", "compare", "emit_all", "format_option", "kind_of", "run", "score"]

SHOWN = 15
format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "csv", "json"]),
    help="Default: a table on a terminal, csv in a pipe.",
)


def kind_of(format_: str | None) -> str:
    return format_ or ("table" if sys.stdout.isatty() else "csv")


@click.command()
@click.argument("scenario", required=False, type=click.Path(path_type=Path))
@click.argument("file", required=False)
@click.option("--replicas", type=click.IntRange(1), help="In place of the scenario's.")
@click.option("--seed", type=click.IntRange(0, (1 << 63) - 1), help="Likewise.")
@click.option(
    "--engine",
    type=click.Choice(["auto", "simpy", "heap", "numba"]),
    help="All give the same results.",
)
@click.option("--workers", type=click.IntRange(1, 1024), help="Default: all cores.")
@click.option(
    "--executor",
    type=click.Choice(["threads", "processes", "dask"]),
    default="threads",
    show_default=True,
    help="Where replicas run; dask needs the extra scale.",
)
@click.option("--chunk", type=click.IntRange(1), help="Replicas in a piece of work.")
@click.option("--dask", metavar="ADDRESS", help="A Dask scheduler: tcp://HOST:PORT.")
@click.option("--out", type=click.Path(path_type=Path), help="A folder for all of it.")
@click.option("--resume", is_flag=True, help="Go on with what is in --out.")
@click.option(
    "--branches",
    type=click.IntRange(0, 1000),
    default=0,
    metavar="K",
    help="Write K replicas of each arm as chronicles.",
)
@click.option(
    "--explain",
    is_flag=True,
    help="What SCENARIO asks, with all parameters, and what any may say; run nothing.",
)
@format_option
def run(
    scenario: Path | None,
    file: str | None,
    replicas: int | None,
    seed: int | None,
    engine: str | None,
    workers: int | None,
    executor: Any,
    chunk: int | None,
    dask: str | None,
    out: Path | None,
    resume: bool,
    branches: int,
    explain: bool,
    format_: str | None,
) -> None:
    """Run SCENARIO forward from the chronicle FILE; the bundled case without one.

    Prints the digest of the run, its scores against what was recorded and those of the
    baselines. Everything that it says is WHAT-IF: not what happened.
    """
    if explain:
        _explain(scenario, format_ or "table")
        return
    if scenario is None:
        raise click.UsageError(
            "Missing argument 'SCENARIO'; chronicle run --explain says what one may say"
        )
    if file is not None:
        refuse_swapped(f"run {file} {scenario}", file, scenario)
    elif is_record(scenario):
        raise UsageError(
            f"{scenario} is a chronicle; say: chronicle run SCENARIO {scenario}"
        )
    if branches and out is None:
        raise UsageError("--branches needs --out, the folder to write them to")
    if resume and out is None:
        raise UsageError("--resume needs --out, the folder of the run to go on with")
    from chronicle.experiments.execute import run_scenario
    from chronicle.experiments.folder import holds_anything
    from chronicle.simulation.ensemble.execute import default_workers

    if resume and out is not None and not holds_anything(out):
        say(f"--resume: {out} holds nothing of a run; all of it is run")
    if dask is not None:
        executor = "dask"
    source = nullcontext(None) if file is None else opened(file)
    with source as chronicle, bar() as progress:
        try:
            found = run_scenario(
                scenario,
                chronicle,
                replicas=replicas,
                seed=seed,
                engine=engine,
                executor=executor,
                workers=workers or default_workers(),
                chunk=chunk,
                folder=out,
                resume=resume,
                address=dask,
                progress=progress,
            )
        except KeyboardInterrupt:
            if out is not None:
                say(f"finished chunks are in {out}; the same command with --resume")
            raise
    if out is not None:
        from chronicle.report.folder import write_run

        write_run(found, out, branches=branches)
    _print(found, kind_of(format_))
    if out is not None:
        say(f"report: {out / 'report.html'}")


def _explain(scenario: Path | None, kind: str) -> None:
    from chronicle.report import explain
    from chronicle.simulation.scenario_file import read_scenario

    asked = None if scenario is None else read_scenario(scenario)
    tables = [] if asked is None else [explain.asked_table(asked)]
    tables += [explain.kinds_table(), explain.keys_table()]
    tables.insert(len(tables) - 2, explain.parameters_table(asked))
    emit_all(tables, kind)


@contextmanager
def bar() -> Iterator[Progress | None]:
    """A bar on a terminal, nothing elsewhere; another while numba has to compile."""
    settings = click.get_current_context().find_root().obj or {}
    if not sys.stderr.isatty() or settings.get("quiet"):
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bars

    from chronicle.cli.compiling import compiling_in

    terminal = console(err=True, no_color=bool(settings.get("no_color")))
    told = TextColumn("{task.description}", markup=False)  # names of arms are no markup
    columns = told, BarColumn(), MofNCompleteColumn()
    with Bars(*columns, console=terminal, transient=True) as bars, compiling_in(bars):
        tasks: dict[str, Any] = {}

        def progress(arm: str, done: int, every: int) -> None:
            if arm not in tasks:
                tasks[arm] = bars.add_task(visible(arm), total=every)
            bars.update(tasks[arm], completed=done)

        yield progress


def _print(found: Run, kind: str) -> None:
    from chronicle.experiments.displacement_verification import displacement_table
    from chronicle.experiments.verification import verification_table
    from chronicle.report.comparison import changes_table, named, with_areas
    from chronicle.report.sentences import answer
    from chronicle.report.warnings import alarms

    if kind == "json":
        put(
            _json({**found.as_dict(), "answer": answer(found), "alarms": alarms(found)})
        )
        return
    if kind == "csv":
        put(as_csv(found.arrivals(scores=True)))
        for line in told(found):
            say(line)
        return
    for line in (*told(found), *([] if sys.stdout.isatty() else [""])):
        tell(line)
    if found.verdict is None:
        tell(found.no_verdict)
    else:
        _show(verification_table(found.verdict))
    if found.people_verdict is not None:
        _show(with_areas(displacement_table(found.people_verdict), found))
    _show(_short(named(_largest(found), found.question)))
    if len(found.arms) > 2:
        _show(changes_table(found))
    for arm in found.arms[1:]:
        _show(_short(named(found.compared(arm.label), found.question)))


def _show(table: Table) -> None:
    """A table with a blank line before it; elsewhere than on a terminal after it."""
    if sys.stdout.isatty():
        tell()
    show(table)


def told(found: Run) -> list[str]:
    """The lines above the tables: what was run, and what names it."""
    from chronicle.report.sentences import answer, trust
    from chronicle.report.warnings import (
        coverage_alarm,
        people_alarm,
        people_left_out,
        posterior_alarm,
        skill_alarm,
    )
    from chronicle.simulation.scenario import DEFAULT_LENS

    scenario, summary = found.scenario, found.summary()
    by = scenario.published_by
    clock = "as known now" if by is None else f"as published by {by}"
    if scenario.hindsight:
        clock += ", with hindsight"
    if scenario.lens != DEFAULT_LENS:
        clock += f", lens {scenario.lens}"
    from chronicle.report.pool import pool_lines

    worse = skill_alarm(found)
    lines = [
        f"WHAT-IF, not what happened: {scenario.title or scenario.id}",
        *([f"warning   {worse}"] if worse else []),
        *(f"answer    {said}" for said in answer(found)),
        f"trust     {' '.join(trust(found))}",
        f"branch    end of {scenario.branch_at} (UTC), {clock}, position "
        f"{found.start.position}; {scenario.horizon_days} days",
        f"digest    {found.digest}",
        f"replicas  {scenario.replicas:,}",
        f"seed      {scenario.seed}",
        f"engine    {found.engine}",
    ]
    if found.left_out is not None and found.left_out.reports:
        at = lines.index(f"digest    {found.digest}")
        lines.insert(at, f"left out  {found.left_out.describe()}")
    at_risk = summary["settlements_at_risk"]
    if "published" in summary:
        said = summary["published"]["fallen_mean"]
        lines.append(f"published a pool: {said:.1f} of {at_risk} fall (mean)")
    for arm in found.arms:
        numbers = summary[arm.label]
        line = f"arm       {arm.label}: {numbers['fallen_mean']:.1f} of {at_risk} fall"
        if "displaced_mean" in numbers and not people_left_out(found):
            people = numbers["displaced_mean"]
            line += f", {people:,} people displaced on the last day (means)"
        lines.append(line)
    lines += [f"{name:9s} {said}" for name, said in pool_lines(found)]
    alarms = coverage_alarm(found), posterior_alarm(scenario), people_alarm(found)
    return [*lines, *(f"warning   {alarm}" for alarm in alarms if alarm)]


def _largest(found: Run) -> Table:
    """`arrivals`, the places with most people first."""
    from dataclasses import replace

    from chronicle.report.figures import greatest

    table = found.arrivals()
    order = greatest(found, len(table.rows))
    return replace(table, rows=[table.rows[at] for at in order])


def _short(table: Table) -> Table:
    from dataclasses import replace

    left = len(table.rows) - SHOWN
    if left <= 0:
        return table
    notes = [f"… and {left} more; --format csv has all", *table.notes]
    return replace(table, rows=table.rows[:SHOWN], notes=notes)


def _json(told: Any) -> str:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(told), indent=1).decode() + "\n"


def emit_all(tables: list[Table], kind: str) -> None:
    """Tables one below the other; as json a list, if there is more than one."""
    if kind == "json":
        texts = [as_json(table) for table in tables]
        text = texts[0] if len(texts) == 1 else f"[{','.join(texts)}]\n"
        put(text)
        return
    for number, table in enumerate(tables):
        if kind == "table":
            show(table)
            continue
        put(("\n" if number else "") + as_csv(table))
        for line in (*table.header.splitlines(), *table.notes):
            say(line)


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@format_option
def compare(runs: tuple[Path, ...], format_: str | None) -> None:
    """Arms side by side, paired by replica: days gained, benefit, replicas needed.

    RUNS are folders that chronicle run --out wrote. The arms of each are compared with
    its baseline; with several, each baseline also with that of the first.
    """
    from chronicle.experiments.compare import compared_runs

    emit_all(compared_runs(runs), kind_of(format_))


@click.command()
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("file", shell_complete=files)
@format_option
def score(folder: Path, file: str, format_: str | None) -> None:
    """Score the run in the folder RUN against what the chronicle FILE has by now.

    FILE is the record that was branched from, or a later copy of it.
    """
    from chronicle.experiments.compare import scored_run

    with opened(file) as chronicle:
        table = scored_run(folder, chronicle)
    emit_all([table], kind_of(format_))
