"""`chronicle calibrate`: parameters fitted to what was published by the branch."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime
from pathlib import Path

import click

from chronicle.cli.opening import opened
from chronicle.cli.render import say
from chronicle.cli.run import bar, emit_all, format_option, kind_of
from chronicle.errors import InputError, UsageError

__all__ = ["calibrate"]


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.argument("file", required=False)
@click.option(
    "--bank",
    type=click.IntRange(500, 1_000_000),
    metavar="N",
    help="Simulations to choose from. Default: 40,000; 2,000 without numba.",
)
@click.option(
    "--sbc",
    type=click.IntRange(0, 10_000),
    default=0,
    metavar="N",
    help="Check the calibration itself on N simulations; 500 is a good number.",
)
@click.option("--seed", type=click.IntRange(0, (1 << 63) - 1), help="Not the file's.")
@click.option(
    "--from",
    "since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="The window begins at its end. Default: the first day of the record.",
)
@click.option(
    "--fit",
    "fitted",
    multiple=True,
    metavar="NAME",
    help="A parameter to fit, in place of the usual ones; may be given again.",
)
@click.option(
    "--engine",
    type=click.Choice(["auto", "heap", "numba"]),
    default="auto",
    help="Both give the same simulations.",
)
@click.option("--workers", type=click.IntRange(1, 1024), help="Default: all cores.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="A folder, or a file that ends in .json. Default: beside SCENARIO.",
)
@format_option
def calibrate(
    scenario: Path,
    file: str | None,
    bank: int | None,
    sbc: int,
    seed: int | None,
    since: datetime | None,
    fitted: tuple[str, ...],
    engine: str,
    workers: int | None,
    out: Path | None,
    format_: str | None,
) -> None:
    """Fit SCENARIO to the chronicle FILE; the bundled case without one.

    Reads only what had been published by the branch. Writes the posterior as a small
    JSON file, which a scenario draws from with [ensemble] parameters = "FILE.json", and
    prints it beside the prior.
    """
    from chronicle.calibration.calibrate import calibrate as fit
    from chronicle.calibration.simulations import FITTED
    from chronicle.simulation.ensemble.execute import default_workers
    from chronicle.simulation.posterior import write_posterior
    from chronicle.simulation.scenario_file import read_scenario

    read = read_scenario(scenario, posterior=False)
    where = _place(out or scenario.parent, f"posterior-{read.id}.json")
    source = nullcontext(None) if file is None else opened(file)
    with source as chronicle, bar() as progress:
        found = fit(
            read,
            chronicle,
            since=None if since is None else since.date(),
            bank=bank,
            seed=seed,
            fitted=fitted or FITTED,
            sbc=sbc,
            engine=engine,
            workers=workers or default_workers(),
            progress=progress,
        )
    write_posterior(found.posterior, where)
    checks = [] if found.recoveries is None else [found.recoveries.table()]
    emit_all([found.table(), found.fit(), *checks], kind_of(format_))
    say(f'posterior: {where}; in a scenario beside it, parameters = "{where.name}"')
    if found.recoveries is not None and not found.recoveries.kept().all():
        say("warning: the check above fails for a parameter; take a larger --bank")


def _place(out: Path, name: str) -> Path:
    """The file to write to; nothing but an older posterior is replaced."""
    from chronicle.simulation.posterior import read_posterior

    path = out if out.suffix == ".json" and not out.is_dir() else out / name
    if path.exists():
        try:
            read_posterior(path)
        except InputError as other:
            raise UsageError(
                f"--out {path} is there and no posterior; it was not touched: {other}"
            ) from None
    return path
