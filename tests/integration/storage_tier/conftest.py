"""A host for each test, in the namespaces that in_namespaces gave this process."""

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))
os.environ["PATH"] += ":/usr/sbin:/sbin"

import system  # noqa: E402  pylint: disable=wrong-import-position
from host import Host  # noqa: E402  pylint: disable=wrong-import-position

NEEDED = ("strace", "findmnt", "blkid", "wipefs", "lsattr", "chattr", "mkfs.ext4", "mkswap",
          "mkfs.xfs", "mkfs.btrfs")


def stop(_number, _frame):
    raise KeyboardInterrupt


def why_not():
    missing = [name for name in NEEDED if not shutil.which(name)]
    if os.getuid() != 0:
        return "takes root"
    if os.readlink("/proc/self/ns/mnt") != os.readlink("/proc/1/ns/mnt") or os.getpid() != 1:
        return "takes namespaces of its own: run it through in_namespaces"
    return f"not installed: {', '.join(missing)}" if missing else None


@pytest.fixture(scope="session")
def workshop(tmp_path_factory):
    """A tmpfs for the hosts' images and device nodes."""
    if reason := why_not():
        pytest.skip(reason)
    signal.signal(signal.SIGTERM, stop)  # PID 1 ignores what it has no handler for
    folder = tmp_path_factory.mktemp("workshop")
    system.tool("mount", "-t", "tmpfs", "-o", "size=6G", "workshop", folder)
    yield folder
    system.tool("umount", folder)


@pytest.fixture
def make_host(workshop):
    """For tests with several hosts, one after another."""
    made = []

    def make():
        folder = workshop / f"host-{len(made)}"
        folder.mkdir()
        host = Host(folder)
        made.append(host)
        host.set_up()
        return host

    yield make
    for host in reversed(made):
        host.take_down()


@pytest.fixture
def host(make_host):
    return make_host()
