"""Browsers of each role, for the tests of this folder."""

from tests.accounts.conftest import administrator, browser_of, office  # noqa: F401 - fixtures
