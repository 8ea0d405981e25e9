"""`chronicle evaluate` and `train`: forecasts over a league of cases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from chronicle.cli.render import say
from chronicle.cli.run import bar, emit_all, format_option, kind_of
from chronicle.errors import InputError, StorageError, UsageError

if TYPE_CHECKING:
    from chronicle.api import Chronicle
    from chronicle.experiments.evaluate import Fit
    from chronicle.simulation.scenario import Scenario

__all__ = ["evaluate", "train"]

replicas_option = click.option(
    "--replicas",
    type=click.IntRange(1, 100_000),
    default=200,
    show_default=True,
    help="Of the mechanism, on each branch day.",
)
seed_option = click.option(
    "--seed",
    type=click.IntRange(0, (1 << 63) - 1),
    default=1,
    show_default=True,
    help="Names the draws: the same seed gives the same figures.",
)
workers_option = click.option(
    "--workers", type=click.IntRange(1, 1024), help="Default: all cores."
)
bank_option = click.option(
    "--bank",
    type=click.IntRange(100, 1_000_000),
    default=4000,
    show_default=True,
    help="Simulations that a branch day is fitted from.",
)


@click.command()
@click.argument("cases", metavar="[CASE]...", nargs=-1)
@replicas_option
@seed_option
@click.option(
    "--fitted",
    is_flag=True,
    help="Fit the mechanism to each branch day's record; else its prior.",
)
@bank_option
@workers_option
@click.option(
    "--by",
    type=click.Choice(["regime", "day", "all"]),
    default="regime",
    show_default=True,
    help="A row for each kind of branch day, for each day, or all tables.",
)
@format_option
def evaluate(
    cases: tuple[str, ...],
    replicas: int,
    seed: int,
    fitted: bool,
    bank: int,
    workers: int | None,
    by: str,
    format_: str | None,
) -> None:
    """Forecast and score the branch days of each CASE, or of the whole league.

    A CASE is an id of the league, or a league file (.toml) of your own. Each forecast
    knows what had been published by its day, and the weights of its pool have not seen
    its case's fold. All is WHAT-IF until what came to pass is laid beside it.
    """
    from chronicle.experiments import league_tables as tables
    from chronicle.experiments.evaluate import evaluate as scored
    from chronicle.experiments.league import chosen_cases
    from chronicle.simulation.ensemble.execute import default_workers

    chosen = chosen_cases(cases)
    workers = workers or default_workers()
    with bar() as progress:
        days = scored(
            chosen,
            replicas=replicas,
            seed=seed,
            workers=workers,
            fit=fitting(bank, seed, workers) if fitted else None,
            progress=progress,
        )
    made = {
        "regime": [tables.regimes_table],
        "day": [tables.days_table],
        "all": [
            tables.regimes_table,
            tables.days_table,
            tables.reliability_table,
            tables.pit_table,
        ],
    }
    emit_all([table(days) for table in made[by]], kind_of(format_))


@click.command()
@click.argument("league", required=False, type=click.Path(path_type=Path))
@replicas_option
@seed_option
@click.option(
    "--fitted/--prior-only",
    default=True,
    show_default=True,
    help="Weights for a fitted mechanism too, which takes longer.",
)
@bank_option
@workers_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Default: the file that is shipped with the code.",
)
@format_option
def train(
    league: Path | None,
    replicas: int,
    seed: int,
    fitted: bool,
    bank: int,
    workers: int | None,
    out: Path | None,
    format_: str | None,
) -> None:
    """Train the pool's weights over the LEAGUE file; without one, over the shipped one.

    Prints how the pool did with each fold left out in turn, and writes the weights.
    """
    from chronicle.calibration.pools import prior_pool, train_settings, trained
    from chronicle.experiments import league_tables as tables
    from chronicle.experiments.evaluate import forecast_case
    from chronicle.experiments.league import league_file, read_league
    from chronicle.simulation.ensemble.execute import default_workers
    from chronicle.verification.pools import pool_bytes, pool_file

    cases = read_league(league or league_file())
    workers = workers or default_workers()
    settings, shown = {}, []
    with bar() as progress:
        for name in ("prior", "fitted") if fitted else ("prior",):
            days = [
                day
                for case in cases
                for day in forecast_case(
                    case,
                    replicas=replicas,
                    seed=seed,
                    workers=workers,
                    fit=fitting(bank, seed, workers) if name == "fitted" else None,
                    pool=prior_pool(),
                    progress=progress,
                )
            ]
            settings[name], scores = train_settings(days, drawn=name)
            shown += [tables.weights_table(name, settings[name])]
            shown += [tables.regimes_table(scores)]
    made = trained(settings, days, replicas=replicas, seed=seed)
    where = out or pool_file()
    try:
        where.write_bytes(pool_bytes(made))
    except OSError as broken:
        raise StorageError(f"cannot write {where}: {broken.strerror}") from None
    emit_all(shown, kind_of(format_))
    say(f"weights: {where}")


def fitting(bank: int, seed: int, workers: int) -> Fit:
    """Fits a branch day to its own record; leaves the prior where that is refused."""
    from dataclasses import replace

    from chronicle.calibration.calibrate import calibrate

    def fit(scenario: Scenario, chronicle: Chronicle) -> Scenario:
        try:
            found = calibrate(
                scenario, chronicle, bank=bank, seed=seed, workers=workers
            )
        except (InputError, UsageError) as refused:
            say(f"{scenario.id}: not fitted: {refused}")
            return scenario
        return replace(scenario, draw="fitted.json", posterior=found.posterior)

    return fit
