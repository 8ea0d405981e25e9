"""The commands of docs/cluster.md, as far as a machine without a cluster can check."""

from __future__ import annotations

import importlib
import re
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="needs the extra scale")

PAGE = (Path(__file__).parents[2] / "docs" / "cluster.md").read_text("utf-8")


@pytest.mark.parametrize("part", ["scheduler", "worker", "ssh"])
@pytest.mark.filterwarnings("ignore")
def test_the_options_that_the_page_gives_to_dask_are_there(part: str) -> None:
    command = importlib.import_module(f"distributed.cli.dask_{part}").main
    known = {
        name
        for option in command.params
        for name in option.opts + option.secondary_opts
    }
    said = re.findall(rf"dask {part}\b([^\n#|`]*)", PAGE)
    assert said
    used = {option for line in said for option in re.findall(r"--[\w-]+", line)}
    assert used <= known


@pytest.mark.filterwarnings("ignore")
def test_the_options_for_certificates_are_there() -> None:
    from distributed.cli.dask_worker import main

    known = {
        name for option in main.params for name in option.opts + option.secondary_opts
    }
    assert set(re.findall(r"`(--tls-[\w-]+)`", PAGE)) <= known
    assert "`--tls-key`" in PAGE


def test_the_job_of_slurm_is_a_script(tmp_path: Path) -> None:
    (script,) = re.findall(r"```\n(#!/bin/bash\n.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "job.sh"
    path.write_text(script)
    done = subprocess.run(["bash", "-n", path], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "#SBATCH --nodes" in script
