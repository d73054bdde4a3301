"""Which tests run, and in which order: those marked ``full`` with ``--full``, then no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--full", action="store_true", help="run the tests marked full, and only those"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # not by -m in addopts, which a -m on the command line would replace
    full = config.getoption("full")
    left = [item for item in items if ("full" in item.keywords) != full]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if ("full" in item.keywords) == full]
    # the longest files first: whoever takes the last file is done soon
    items.sort(key=lambda item: "workflow" not in item.keywords)
