"""A process of one's own: a relief convoy asks to be let into Homs, and arms rest.

    python scenarios/convoy.py [REPLICAS]

It is written as any process of SimPy is, and runs on the model's own environment beside
what the model does: days are counted from the branch, `env` has timeouts, events,
conditions and resources, and `world` says how things stand, wakes who waits for
changes, takes orders, and has chance that is the same in every run of a replica.
Everything printed is WHAT-IF.
"""

from __future__ import annotations

import sys
from pathlib import Path

import chronicle as ch

FRONT = Path(__file__).parent / "front-2024-11-30.toml"


def heard_of(world, settlement, *kinds):
    """Wait until something of these kinds happens to a settlement."""
    heard = ()
    while not any(c.settlement == settlement and c.kind in kinds for c in heard):
        heard = yield world.changed()


def convoy(env, world):
    """Who asks for passage when Homs is contested gets a truce, if it comes in time."""
    yield env.process(heard_of(world, "homs", "contested"))
    passage = env.timeout(0.1 + world.random.exponential(0.5))
    fallen = env.process(heard_of(world, "homs", "captured", "transferred"))
    yield passage | fallen
    if fallen.triggered:
        return  # too late: nobody is let through
    world.order(ch.Intervention(kind="ceasefire", day=env.now, until=env.now + 3.0))


def main(replicas: int) -> None:
    """Run the front with the convoy and without, and say what it does to Homs."""
    plain = ch.run_scenario(FRONT, replicas=replicas, engine="heap", alone=True)
    helped = ch.run_scenario(FRONT, replicas=replicas, processes=[convoy])
    print(
        f"WHAT-IF, not what happened: {replicas} replicas, seed {helped.scenario.seed}"
    )
    for name, run in (("without", plain), ("with the convoy", helped)):
        homs = next(row for row in run.arrivals() if row["settlement"] == "homs")
        print(
            f"{name:16} Homs falls in {homs['chance']:.0%} of the replicas, in one "
            f"in four by {homs['p25']}; digest {run.digest[:16]}"
        )
    branch = helped.branch(0)
    print(branch.history("Homs").header.splitlines()[0])
    for row in branch.history("Homs"):
        held = row["control"] or row["status"]
        print(f"  {row['valid_from']}  {held:10} {row['note']}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
