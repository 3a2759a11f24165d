"""Every command explains itself: an example that parses, `--json` where it reads, and its exit codes."""

from __future__ import annotations

import pytest

from tests.docs.generated import PROGRAMS, help_of, subcommands

LEAVES = [
    (program, words)
    for program, module in PROGRAMS.items()
    for words in subcommands(module)
    if not subcommands(module, *words)
]
NOT_READING = {("gpfed-search", ("synthesise",)), ("gpfed-agent", ("start",))}


@pytest.mark.parametrize(
    ("program", "words"), LEAVES, ids=lambda value: value if isinstance(value, str) else "-".join(value)
)
def test_help_has_an_example_and_the_exit_codes(program: str, words: tuple[str, ...]) -> None:
    text = help_of(PROGRAMS[program], *words)
    example = text.partition("example:\n")[2].splitlines()[0]
    assert program in example
    assert all(word in example for word in words)
    assert "exit codes:" in text


@pytest.mark.parametrize(
    ("program", "words"), LEAVES, ids=lambda value: value if isinstance(value, str) else "-".join(value)
)
def test_what_it_prints_can_be_had_as_json(program: str, words: tuple[str, ...]) -> None:
    assert "--json" in help_of(PROGRAMS[program], *words) or (program, words) in NOT_READING


def test_no_option_switches_a_check_off() -> None:
    forbidden = ("--force", "--skip", "--no-verify", "--insecure", "--unsafe", "--no-check", "--ignore", "--trust")
    for program, module in PROGRAMS.items():
        for words in ((), *subcommands(module)):
            assert not [option for option in forbidden if option in help_of(module, *words)], (program, words)
