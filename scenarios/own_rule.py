"""A rule of one's own: who loses Hama pulls back to Homs, and doubles what holds it.

    python scenarios/own_rule.py [REPLICAS]

A hook is a pure function of what it may look at, of what just happened, and of a
source of chance that is keyed by replica, place and occasion: the same in every run.
It returns orders. Hooks run on the engine `simpy`. Everything printed is WHAT-IF.
"""

from __future__ import annotations

import sys
from pathlib import Path

import chronicle as ch

FRONT = Path(__file__).parent / "front-2024-11-30.toml"


def pull_back(view, event, random):
    """When Hama falls by force, three times in four the garrison goes to Homs."""
    if event.settlement != "hama" or event.kind != "captured":
        return []
    if view.controller("homs") != "gov" or random.uniform() > 0.75:
        return []
    return [
        ch.Intervention(kind="reinforce", places=("homs",), factor=2.0, day=event.time)
    ]


def main(replicas: int) -> None:
    """Run the front with the rule and without, and say what it does to Homs."""
    plain = ch.run_scenario(FRONT, replicas=replicas, engine="heap", alone=True)
    ruled = ch.run_scenario(FRONT, replicas=replicas, engine="simpy", hooks=[pull_back])
    print(
        f"WHAT-IF, not what happened: {replicas} replicas, seed {ruled.scenario.seed}"
    )
    for name, run in (("without", plain), ("with the rule", ruled)):
        homs = next(row for row in run.arrivals() if row["settlement"] == "homs")
        print(
            f"{name:14} Homs falls in {homs['chance']:.0%} of the replicas, in half "
            f"of all by {homs['p50']}; digest {run.digest[:16]}"
        )
    branch = ruled.branch(0)
    print(branch.history("Homs").header.splitlines()[0])
    for row in branch.history("Homs"):
        held = row["control"] or row["status"]
        print(f"  {row['valid_from']}  {held:10} {row['note']}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
