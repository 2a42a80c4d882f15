# SPDX-License-Identifier: GPL-3.0-or-later
"""A host for each test, in the namespaces that in_namespaces gave this process."""

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import pytest

sys.path[:0] = map(str, Path(__file__).resolve().parents[1:3])
os.environ["PATH"] += ":/usr/sbin:/sbin"

pytest.register_assert_rewrite("crash", "host")

import system  # noqa: E402
from crash import Scene  # noqa: E402
from host import SIZES, Host  # noqa: E402

NEEDED = ("strace", "findmnt", "blkid", "wipefs", "lsattr", "chattr", "mkfs.ext4", "mkswap",
          "mkfs.xfs", "mkfs.btrfs")


def stop(_number, _frame):
    raise KeyboardInterrupt


def why_not():
    missing = [name for name in NEEDED if not shutil.which(name)]
    if os.getuid() != 0:
        return "takes root"
    if os.getpid() != 1:
        return "takes namespaces of its own: run it through in_namespaces"
    return f"not installed: {', '.join(missing)}" if missing else None


def pytest_configure():
    if reason := why_not():
        pytest.exit(f"skipped: {reason}", returncode=77)


@pytest.fixture(scope="session")
def workshop(tmp_path_factory):
    """A tmpfs for the hosts' images and device nodes."""
    signal.signal(signal.SIGTERM, stop)  # PID 1 ignores what it has no handler for
    folder = tmp_path_factory.mktemp("workshop")
    system.tool("mount", "-t", "tmpfs", "-o", "size=6G", "workshop", folder)
    yield folder
    system.tool("umount", folder)


@pytest.fixture
def make_host(workshop):
    """For tests with several hosts: each takes the place of the one before."""
    current = []

    def make():
        while current:
            current.pop().take_down()
        folder = Path(tempfile.mkdtemp(dir=workshop))
        current.append(Host(folder))
        current[0].set_up()
        return current[0]

    yield make
    for host in current:
        host.take_down()


@pytest.fixture
def host(make_host):
    return make_host()


@pytest.fixture(scope="session")
def neighbour(workshop):
    """The image of somebody's xfs, which no run may change."""
    image = workshop / "neighbour.img"
    with image.open("wb") as file:
        file.truncate(SIZES["xfs"])
    system.tool("mkfs.xfs", "-q", "-L", "photos", image)
    return image


@pytest.fixture
def scenes(make_host, neighbour):
    """One scene after another, each on a host of its own."""
    return lambda fstype: Scene(make_host(), fstype, neighbour)
