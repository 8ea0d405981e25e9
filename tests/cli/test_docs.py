"""The words around the code: every block runs, every link leads somewhere."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

import chronicle as ch
from chronicle.cli import COMMANDS, cli
from shell import run

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path
    for where in ("*.md", "scenarios/**/*.md", "docs/**/*.md")
    for path in ROOT.glob(where)
    if path.is_file()
)
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")
PROSE = "".join(
    (ROOT / name).read_text("utf-8") for name in ("README.md", "ARCHITECTURE.md")
)


def blocks(page: Path) -> Iterator[tuple[str, str, str]]:
    """Language, text, and the line of prose above each block."""
    text = page.read_text("utf-8")
    for found in FENCE.finditer(text):
        above = text[: found.start()].rstrip().rpartition("\n")[2]
        yield found[1], found[2], above


def shell_lines(block: str) -> list[list[str]]:
    joined = block.replace("\\\n", " ").splitlines()
    return [words for line in joined if (words := shlex.split(line, comments=True))]


def test_every_block_of_the_readme_runs_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    monkeypatch.chdir(tmp_path)
    ran = 0
    names: dict[str, object] = {}
    for language, block, above in blocks(ROOT / "README.md"):
        if language == "sh":
            for command, *words in shell_lines(block):
                if command == "make":
                    assert makes(*words)
                else:
                    assert command == "chronicle", f"who runs {command}?"
                    ended = run(*words)
                    assert ended.code == 0, (words, ended.err)
        elif language == "python":
            exec(compile(block, "README.md", "exec"), names)
        elif language in ("toml", "csv"):
            (name,) = re.findall(rf"`([\w-]+\.{language})`", above)
            (tmp_path / name).write_text(block, "utf-8")
        else:
            pytest.fail(f"no test runs a block of {language}")
        ran += 1
    assert ran >= 3
    for told in re.findall(r"`([\w-]+/[\w-]+\.html)`", PROSE):
        assert (tmp_path / told).is_file(), f"no command wrote {told}"


def makes(*targets: str) -> bool:
    done = subprocess.run(
        ["make", "-n", "-C", str(ROOT), *targets],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return bool(done.stdout)


@pytest.mark.parametrize(
    "target", re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.M)
)
def test_every_target_of_make_is_understood_and_has_help(target: str) -> None:
    assert makes(target)
    help_ = subprocess.run(
        ["make", "-s", "-C", str(ROOT), "help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.search(rf"^{target} +\S", help_.stdout, re.MULTILINE)


def test_what_make_runs_is_there() -> None:
    recipe = (ROOT / "Makefile").read_text()
    for script in re.findall(r"\b((?:tests|benchmarks)/\w+\.py)", recipe):
        assert (ROOT / script).is_file(), f"make wants {script}"


# A command whose file is being written is tested as soon as the file is there.
WRITTEN = [
    name
    for name, (module, _, _) in COMMANDS.items()
    if (ROOT / "src" / "chronicle" / "cli" / f"{module}.py").is_file()
]


@pytest.mark.parametrize("name", WRITTEN)
def test_every_command_explains_itself(name: str) -> None:
    ended = run(name, "--help")
    assert ended.code == 0, ended.err
    assert ended.out.startswith(f"Usage: chronicle {name} ")
    command = cli.get_command(None, name)  # type: ignore[arg-type]
    assert command is not None
    assert command.help
    assert len(command.help.split()) >= 3
    for option in command.params:
        if option.param_type_name == "option":
            assert getattr(option, "help", None), f"{name} --{option.name} has no help"


def test_the_words_that_people_need_first_are_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for name in ("demo", "init", "import", "state", "why", "diff"):
        assert re.search(rf"\b(?:chronicle|make) {name}\b", readme), name
    assert len(readme.splitlines()) <= 150  # a screen or two, not a book


def test_commands_that_the_words_name_exist() -> None:
    """`chronicle x` in code, in any page, is a command."""
    for page in PAGES:
        for code in re.findall(r"`([^`\n]+)`", page.read_text("utf-8")):
            found = re.match(r"chronicle ([a-z]+)", code)
            if found:
                assert found[1] in COMMANDS, (page.name, code)


def test_every_name_of_the_package_can_be_had() -> None:
    for name, home in ch._HOMES.items():
        module, _, other = home.partition(":")
        assert importlib.import_module(module)
        value = getattr(ch, name)
        assert value is not None
        if other:
            assert value.__name__ == other
    with pytest.raises(AttributeError, match="nothing"):
        ch.nothing  # noqa: B018


def test_the_package_lists_its_names_once_for_completion_and_for_type_checkers() -> (
    None
):
    assert ch.__all__ == dir(ch) == sorted(ch._HOMES)
    tree = ast.parse(Path(str(ch.__file__)).read_text("utf-8"))
    typed = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.If)
        for imported in ast.walk(node)
        if isinstance(imported, ast.ImportFrom)
        for alias in imported.names
    }
    assert typed == set(ch.__all__)


def test_every_verb_of_the_shell_has_its_function() -> None:
    elsewhere = {
        *("demo", "init", "bench", "doctor", "serve", "export", "template"),  # shell
        *("run", "flee"),  # `run_scenario`, `run_flee`
        *("import", "vintages", "retract", "amend", "redact", "link", "report"),
    }
    for command in set(COMMANDS) - elsewhere:
        known = hasattr(ch.Chronicle, command) or command in ch.__all__
        assert known, f"chronicle {command} has no function"


def test_names_are_loaded_when_they_are_used() -> None:
    code = (
        "import sys, chronicle; assert 'chronicle.api' not in sys.modules; "
        "chronicle.open; assert 'chronicle.api' in sys.modules; "
        "assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text("utf-8")):
        if re.match(r"[a-z]+:", link):
            assert link.startswith("https://"), link
            continue
        target, _, anchor = link.partition("#")
        there = (page.parent / unquote(target)) if target else page
        assert there.exists(), f"{page.name}: {link}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", there.read_text("utf-8"), re.M)
            assert anchor in {slug(heading) for heading in headings}, link


def slug(heading: str) -> str:
    """The anchor that a forge gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_the_changelog_has_a_place_for_what_comes() -> None:
    told = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert "\n## Unreleased\n" in told
    assert f'version = "{ch.__version__}"' in (ROOT / "pyproject.toml").read_text()


def test_the_pages_name_the_clocks_and_the_limits() -> None:
    for words in ("--on", "--published-by", "--known-at", "no targeting tool"):
        assert words in PROSE


def test_the_rooms_in_the_architecture_exist() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    rooms = page.split("## The rooms")[1].split("```")[1]
    names = [line.split()[0] for line in rooms.strip().splitlines()]
    assert {"cli", "api", "store", "domain"} <= set(names)
    for name in names:
        assert importlib.util.find_spec(f"chronicle.{name}"), name
