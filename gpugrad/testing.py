"""Checking derivatives against central differences."""

from __future__ import annotations
