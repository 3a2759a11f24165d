"""What the documentation says is run: its commands, its links, its generated pages."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.generated import PAGES, ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]+\]\(([^)#]+)(?:#[^)]*)?\)")
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.md"))


@pytest.mark.parametrize("name", PAGES)
def test_generated_pages_are_as_the_code_says(name: str) -> None:
    assert (ROOT / name).read_text() == PAGES[name](), "run make docs"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    targets = [link for link in LINK.findall(document.read_text()) if "://" not in link]
    assert [link for link in targets if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.stem)
def test_every_command_of_a_tutorial_prints_what_the_tutorial_shows(tutorial: Path, tmp_path: Path) -> None:
    """Blocks marked `console` are typed in order, in one empty folder; a line `...` stands for any lines."""
    examples = [example for block in CONSOLE.findall(tutorial.read_text()) for example in commands(block)]
    assert examples
    for command, expected in examples:
        done = subprocess.run(
            ["/bin/sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, env=environment(), check=False
        )
        assert matches(done.stdout, expected), f"$ {command}\n{done.stdout}\n{done.stderr}"


def commands(block: str) -> list[tuple[str, list[str]]]:
    """The commands of a block, each with the lines it prints; here-documents and lines marked `> ` belong to them."""
    found: list[tuple[str, list[str]]] = []
    in_document = False
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
            in_document = "<<'END'" in line
        elif in_document or line.startswith("> "):
            found[-1] = (f"{found[-1][0]}\n{line if in_document else line[2:]}", [])
            in_document = in_document and line != "END"
        else:
            found[-1][1].append(line)
    return found


def environment() -> dict[str, str]:
    scripts = Path(sys.executable).parent
    return {**os.environ, "PATH": f"{scripts}:{os.environ['PATH']}", "NO_COLOR": "1", "COLUMNS": "100"}


def matches(printed: str, expected: list[str]) -> bool:
    pattern = "".join("(?:.*\n)*?" if line == "..." else re.escape(line.rstrip()) + " *\n" for line in expected)
    return re.fullmatch(pattern, printed if printed.endswith("\n") or not printed else printed + "\n") is not None


def test_the_guide_to_a_hub_uses_only_keys_that_it_has_made() -> None:
    guide = (ROOT / "docs" / "how-to" / "run-a-hub.md").read_text()
    made = set(re.findall(r"key new .* --out (\S+)", guide))
    assert made == set(re.findall(r"--(?:author|clinical|governance)-key (\S+)", guide))


def test_readme_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for command in re.findall(r"^    (make .+)$", (ROOT / "README.md").read_text(), re.MULTILINE):
        assert re.search(rf"^{shlex.split(command)[1]}:", makefile, re.MULTILINE)


def test_readme_says_what_leaves_before_it_says_how_to_install() -> None:
    readme = (ROOT / "README.md").read_text()
    assert readme.index("What leaves a practice") < readme.index("## Install") < 5000
