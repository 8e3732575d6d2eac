"""The catcher has nothing of the app: its tests need neither its clock nor its database."""

import pytest


@pytest.fixture(autouse=True)
def _frozen():
    """The catcher asks the real clock."""
