# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
os.environ["PATH"] += ":/usr/sbin:/sbin"

from controllers import CONTROLLERS, Missing, Site  # noqa: E402  pylint: disable=wrong-import-position
from hosts import Nodes  # noqa: E402  pylint: disable=wrong-import-position


@pytest.fixture(scope="session")
def nodes(tmp_path_factory):
    if os.getuid() != 0:
        pytest.skip("starting nodes takes root")
    if not shutil.which("systemd-nspawn"):
        pytest.skip("systemd-container isn't installed")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    lab = Nodes(tmp_path_factory.mktemp("action") / "lab")
    try:
        lab.up(lab.outputs())
        yield lab
    except Missing as reason:
        pytest.skip(str(reason))
    finally:
        lab.down()


@pytest.fixture
def site(nodes, tmp_path):
    """The nodes keep nothing yet, and no connection is open."""
    for name in nodes.names:
        nodes.in_node(name, "sh", "-c", "rm -rf /var/cache/ecoma-fleet /home/*/.cache /root/.cache")
    nodes.close_connections()
    modules = {"probe_module": os.environ["PROBE_MODULE"]}
    yield Site(tmp_path / "site", modules, nodes.inventory(), nodes.ssh_settings())
    Path("/var/cache/ecoma-fleet/probe_module").unlink(missing_ok=True)  # of tasks on this machine


@pytest.fixture(params=CONTROLLERS)
def controller(request):
    try:
        return CONTROLLERS[request.param]()
    except Missing as reason:
        pytest.skip(f"{request.param}: {reason}")


@pytest.fixture
def ansible():
    """The core that is installed, where one is enough."""
    return CONTROLLERS["2.19"]()
