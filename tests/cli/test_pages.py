"""The pages of docs: their commands run, their reference is that of the code."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest
from test_docs import ROOT, blocks, shell_lines

from chronicle.domain import vocabulary
from chronicle.domain.describe import LOG_COLUMNS
from chronicle.domain.views import FIGURE_COLUMNS, HISTORY_COLUMNS, STATE_COLUMNS
from chronicle.formats.csv_folder.kinds import KINDS
from shell import run

DOCS = ROOT / "docs"
TASKS = sorted(DOCS.glob("*.md"))
NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.py"))
CODEBOOK = (DOCS / "codebook.md").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("page", TASKS, ids=lambda page: page.stem)
def test_every_block_of_a_page_runs_in_order(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for language, block, _ in blocks(page):
        if language == "sh":
            for command, *words in shell_lines(block):
                assert command == "chronicle", f"who runs {command}?"
                ended = run(*words)
                assert ended.code == 0, (words, ended.err)
        elif language != "sql":  # tests/archive runs those, in each engine
            assert language == "python", f"no test runs a block of {language}"
            exec(compile(block, page.name, "exec"), names)


def loaded(path: Path) -> object:
    """A script as a module, without running its `main`."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow  # by what changes it most: any word of any command
@pytest.mark.parametrize("name", ["commands", "python"])
def test_the_reference_is_that_of_the_code(name: str) -> None:
    made = loaded(DOCS / "reference.py")
    page = getattr(made, f"{name}_page")()
    told = (DOCS / "reference" / f"{name}.md").read_text("utf-8")
    assert told == page, "run: make reference"


def test_the_codebook_has_every_column() -> None:
    named = set(re.findall(r"`([\w.]+)`", CODEBOOK.split("## Codes")[0]))
    wanted = {*STATE_COLUMNS, *HISTORY_COLUMNS, *FIGURE_COLUMNS, *LOG_COLUMNS}
    wanted |= {column for kind in KINDS for column in kind.columns}
    wanted |= {"before", "after", "crps", "days_later", "inside_90", "p05", "skill"}
    assert not wanted - named


def test_the_codebook_has_every_code() -> None:
    codes = CODEBOOK.split("## Codes")[1]
    named = {" ".join(code.split()) for code in re.findall(r"`([^`]+)`", codes)}
    for family in (
        "STATUSES",
        "CATEGORIES",
        "PRECISIONS",
        "SENSITIVITIES",
        "RELATIONS",
    ):
        assert not set(getattr(vocabulary, family)) - named, family
    assert not {*"ABCDEF", *"123456"} - named


def test_pictures_on_pages_are_there_and_made_by_the_script() -> None:
    script = (DOCS / "pictures.py").read_text("utf-8")
    for page in (*TASKS, ROOT / "README.md"):
        for link in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page.read_text("utf-8")):
            picture = page.parent / link
            assert picture.is_file(), (page.name, link)
            stem = re.sub(r"-\d{4}-\d\d-\d\d$", "-", picture.stem)
            assert stem in script, (page.name, link)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_its_first_cell_to_its_last(path: Path) -> None:
    pytest.importorskip("marimo")
    pytest.importorskip("matplotlib")
    module = loaded(path)
    module.app.run()  # type: ignore[attr-defined]
