# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
os.environ["PATH"] += ":/usr/sbin:/sbin"

from api import Api  # noqa: E402  pylint: disable=wrong-import-position
from cluster import CantBuild, Cluster, programs  # noqa: E402  pylint: disable=wrong-import-position
from module import Role  # noqa: E402  pylint: disable=wrong-import-position


def pytest_configure(config):
    config.addinivalue_line("markers", "long: not in the sample that every run of the tests takes")
    if os.getuid() != 0:
        pytest.exit("skipped: takes root", returncode=77)
    try:
        programs()
    except CantBuild as reason:
        pytest.exit(f"skipped: {reason}", returncode=77)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with Cluster(tmp_path_factory.mktemp("kube") / "cluster") as running:
        yield running


@pytest.fixture
def api(cluster):
    """As the administrator, and no Nodes are left at the end."""
    admin = Api(cluster)
    yield admin
    admin.delete_all()


@pytest.fixture
def role(cluster, tmp_path):
    return Role(cluster, tmp_path)
