"""Options of the whole test run."""

from __future__ import annotations

import os

import pytest

from zai_ls import language

os.environ["LANGUAGE"] = "en"
"""Tests read English, also from the processes they start, whatever their own machine speaks."""


@pytest.fixture(autouse=True)
def _english_again():
    yield
    language.use(language.ENGLISH)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update",
        action="store_true",
        help="write what the scenarios really give into their files, instead of comparing",
    )
