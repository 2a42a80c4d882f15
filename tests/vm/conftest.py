# SPDX-License-Identifier: GPL-3.0-or-later
"""One boot for the whole session; each test goes on from there in a guest of its own."""

import os
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
os.environ["PATH"] += ":/usr/sbin:/sbin"

pytest.register_assert_rewrite("tiers")

import guest as machine  # noqa: E402  pylint: disable=wrong-import-position
from tiers import Host  # noqa: E402  pylint: disable=wrong-import-position

NEEDED = ("qemu-system-x86_64", "qemu-img", "mmdebstrap", "mkfs.ext4")


def pytest_addoption(parser):
    parser.addoption("--part", default="1/1", help="K/N: of what is selected, every Nth from the Kth on")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    number, count = map(int, config.getoption("--part").split("/"))
    assert 1 <= number <= count
    chosen = items[number - 1::count]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


def pytest_configure(config):
    config.addinivalue_line("markers", "long: not in the sample that every run of the tests takes")


def pytest_sessionstart():
    if reason := why_not():
        pytest.exit(f"skipped: {reason}", returncode=77)


def why_not():
    missing = [name for name in NEEDED if not shutil.which(name)]
    if missing:
        return f"not installed: {', '.join(missing)}"
    return None if os.getuid() == 0 else "building the guest's image takes root"


@pytest.fixture(scope="session")
def image():
    return machine.build_image()


@pytest.fixture(scope="session")
def booted(image, tmp_path_factory):
    """(root, state) of a guest that has booted and has the modules."""
    folder = tmp_path_factory.mktemp("booted")
    guest = machine.Guest(folder, image)
    try:
        guest.power_on()
        assert guest.wait_booted() == "running", guest.tool("systemctl", "--failed")
        Host(guest).install()
        guest.save(folder / "state")
        yield guest.root.image, folder / "state"
    finally:
        guest.cut()
        shutil.rmtree(folder)


@pytest.fixture
def make_host(booted, image, tmp_path):
    """A host that is off, with the modules; at the end its power goes."""
    hosts = []

    def make():
        hosts.append(Host(machine.Guest(tmp_path / f"host{len(hosts)}", image, booted[0]),
                          booted[1]))
        return hosts[-1]

    yield make
    for host in hosts:
        host.guest.cut()
    shutil.rmtree(tmp_path)


@pytest.fixture
def host(make_host):
    """A host that has booted just now, with the OS disk only."""
    host = make_host()
    host.resume()
    return host
