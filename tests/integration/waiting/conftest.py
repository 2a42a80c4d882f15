# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of the storage_tier tests, and their fixtures."""

import importlib.util
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "storage_tier"
sys.path.insert(0, str(FOLDER))

spec = importlib.util.spec_from_file_location("storage_tier_conftest", FOLDER / "conftest.py")
storage_tier = importlib.util.module_from_spec(spec)
spec.loader.exec_module(storage_tier)

from waiting_run import Run  # noqa: E402  pylint: disable=wrong-import-position

workshop, make_host, host = storage_tier.workshop, storage_tier.make_host, storage_tier.host


@pytest.fixture
def start(host):  # pylint: disable=redefined-outer-name
    """Begins a run: start(disks, what strace injects ..., option=value ...)."""
    runs = []

    def begin(*arguments, **options):
        runs.append(Run(host, *arguments, **options))
        return runs[-1]

    yield begin
    for run in runs:
        run.kill()
