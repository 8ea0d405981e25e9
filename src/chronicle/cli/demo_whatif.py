"""The second half of the demo: the front of 30 November run forward, and scored."""

from __future__ import annotations

from pathlib import Path

from chronicle.cli.printing import tell
from chronicle.cli.render import as_csv, say, show
from chronicle.store.whole_file import write_whole

__all__ = ["run_forward"]

FRONT = "front-2024-11-30.toml"
REPLICAS = 200
PLACE = "hama"


def run_forward(case: Path, out: Path) -> Path | None:
    """Run the front that lies beside the case, as published by its day; the report.

    It runs over the places elsewhere too, of which the case says nothing.
    Returns None, with a word on it, where no scenario lies beside the case.
    """
    from chronicle.cli.run import told
    from chronicle.experiments.bundled import LICENCE, record_for_what_ifs
    from chronicle.experiments.execute import run_scenario
    from chronicle.experiments.verification import verification_table
    from chronicle.report.folder import write_run

    front = case.parent.parent / FRONT
    if not front.is_file():
        say(f"no what-if: {front} is not there")
        return None
    run = run_scenario(
        front,
        record_for_what_ifs(case),
        replicas=REPLICAS,
        engine="heap",
        licence=LICENCE,
    )
    tell()
    for line in told(run):
        tell(line)
    tell()
    folder = out / "what-if"
    write_run(run, folder, branches=1)
    if run.verdict is not None:
        scores = verification_table(run.verdict)
        show(scores)
        write_whole(folder / "scores.csv", as_csv(scores).encode())
    (branch,) = sorted((folder / "branches").glob("*.chronicle"))
    tell(f"A replica as a chronicle: chronicle history {branch} {PLACE}")
    report = folder / "report.html"
    tell(f"The report of the what-if: {report}")
    return report
