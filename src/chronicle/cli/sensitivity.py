"""`chronicle sensitivity`: which parameters an outcome of a scenario hangs on."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import click

from chronicle.cli.opening import opened
from chronicle.cli.render import chosen, emit, table_options
from chronicle.cli.run import bar

__all__ = ["sensitivity"]


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.argument("file", required=False)
@click.option(
    "--outcome",
    default="fallen",
    show_default=True,
    metavar="WHAT",
    help="fallen (places, by the horizon), displaced (people, at it) or falls:PLACE "
    "(the day, the horizon for never).",
)
@click.option("--arm", default="baseline", show_default=True, help="Of the scenario.")
@click.option(
    "--vary",
    multiple=True,
    metavar="NAME",
    help="A parameter; default: all that SCENARIO does not set.",
)
@click.option(
    "--replicas",
    type=click.IntRange(1),
    default=32,
    show_default=True,
    help="At each setting, the same ones.",
)
@click.option(
    "--trajectories",
    type=click.IntRange(2),
    default=10,
    show_default=True,
    help="Of the screening.",
)
@click.option(
    "--samples",
    type=click.IntRange(2),
    default=128,
    show_default=True,
    help="Of the indices; a power of two.",
)
@click.option(
    "--keep",
    type=click.IntRange(1),
    default=8,
    show_default=True,
    help="Of how many parameters to take indices.",
)
@click.option("--seed", type=click.IntRange(0, (1 << 63) - 1), help="Not the file's.")
@click.option(
    "--engine",
    type=click.Choice(["auto", "heap", "numba"]),
    default="auto",
    show_default=True,
    help="All give the same results.",
)
@click.option("--workers", type=click.IntRange(1, 1024), help="Default: all cores.")
@table_options()
def sensitivity(
    scenario: Path,
    file: str | None,
    outcome: str,
    arm: str,
    vary: tuple[str, ...],
    replicas: int,
    trajectories: int,
    samples: int,
    keep: int,
    seed: int | None,
    engine: str,
    workers: int | None,
    format_: str | None,
    out: Path | None,
) -> None:
    """What SCENARIO on the chronicle FILE hangs on; the bundled case without one.

    Screens all parameters over their ranges (Morris), then takes the first and total
    Sobol indices of those that matter most. Every setting has the same draws.
    """
    from chronicle.calibration.sensitivity import sensitivity as analyse
    from chronicle.simulation.ensemble.execute import default_workers

    kind = chosen(format_, out)
    source = nullcontext(None) if file is None else opened(file)
    with source as chronicle, bar() as progress:
        found = analyse(
            scenario,
            chronicle,
            outcome=outcome,
            arm=arm,
            vary=vary,
            replicas=replicas,
            trajectories=trajectories,
            samples=samples,
            keep=keep,
            seed=seed,
            engine=engine,
            workers=workers or default_workers(),
            progress=progress,
        )
    emit(found.table(), kind, out)
