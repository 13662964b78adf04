"""Which Chromium the tests drive."""

import sys

import pytest

from tests.browser import chromium


@pytest.mark.parametrize(
    ("there", "whole", "shell"),
    [
        (("chromium", "chromium-headless-shell"), "chromium", "chromium-headless-shell"),
        (("google-chrome",), "google-chrome", "google-chrome"),
    ],
    ids=["both", "no shell"],
)
def test_the_shell_is_taken_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, there: tuple[str, ...], whole: str, shell: str
) -> None:
    """Without it the whole browser does."""
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(chromium.shutil, "which", lambda name: name if name in there else None)
    assert (chromium.find(), chromium.find_shell()) == (whole, shell)


def test_one_that_is_named_is_taken_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where there is a shell."""
    monkeypatch.setenv("CHROMIUM", sys.executable)
    assert chromium.find() == chromium.find_shell() == sys.executable
