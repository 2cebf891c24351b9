"""These tests run commands in their own process, where what a command sets for a whole process stays out."""

import pytest


@pytest.fixture(autouse=True)
def told_to_reuse(monkeypatch) -> list[bool]:
    """What commands told ``reuse_host_memory``."""
    told: list[bool] = []
    monkeypatch.setattr("gpugrad.cli.train.reuse_host_memory", told.append)
    return told
