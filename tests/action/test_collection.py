# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as it is installed, on real hosts; one of them has another architecture."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile

import pytest
from controllers import REPO
from hosts import fleet

QEMU = "qemu-aarch64-static"
# An executable ELF file for aarch64, as Linux' binfmt_misc wants to be told; F: opened now, found
# later also where no such path is.
FORMAT = (
    r":ecoma-test:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
    r":\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:%s:F"
)
OS_DISK = {"disks": [{"name": "os", "tier": "warm"}]}
MODULES = ("k3s_role", "k3s_role_info", "storage_tier", "storage_tier_info")
ARCHITECTURES = ("x86_64", "aarch64")


def build_target(target):
    command = ["cmake", "--build", os.environ["BUILD"], "--target", target]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def tarball():
    output = build_target("collection")
    return next(line.split()[-1] for line in output.splitlines() if line.startswith("Created collection"))


@pytest.fixture(scope="module")
def unpacked(tarball, tmp_path_factory):
    """What is in the tarball, without Ansible."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(tarball) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def portable():
    """The modules that target `portable` adds to library/, for as long as the test runs."""
    library = REPO / "library"
    before = set(library.iterdir())
    build_target("portable")
    added = [path for path in library.iterdir() if path not in before]
    yield sorted(library.glob("*_linux_*"))
    for path in added:
        path.unlink()


def programs_in(folder):
    """Every ELF file there, whatever its name."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return sorted(path for path in files if path.read_bytes()[:4] == b"\x7fELF")


def lint(script, *arguments):
    done = subprocess.run([REPO / "tests/lint" / script, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def installed(site, ansible, tarball):
    """A site that has the collection, and nothing of the repository."""
    place = site.folder / "collections"
    run = site.run(ansible, "galaxy", "collection", "install", "--offline", "-p", place, tarball)
    assert run.status == 0, run.output
    site.environment.update(ANSIBLE_COLLECTIONS_PATH=str(place), ANSIBLE_COLLECTIONS_PATHS=str(place))
    for name in ("ANSIBLE_LIBRARY", "ANSIBLE_ACTION_PLUGINS"):
        site.environment[name] = "/nonexistent"
    return site


@pytest.fixture
def foreign(nodes):
    """The node beta says that it is an aarch64, and runs that architecture's programs."""
    qemu = shutil.which(QEMU)
    if not qemu:
        pytest.skip("qemu-user-static isn't installed")
    root = nodes.root("beta")
    sysroot = fleet.run(REPO / "scripts/lib/sysroot", "aarch64").strip()
    for libraries in ("lib", "usr/lib"):
        fleet.run("cp", "-a", "--no-clobber", f"{sysroot}/{libraries}/.", root / "usr/lib")
    fleet.write(root / "usr/local/bin/uname", "#!/bin/sh\necho aarch64\n", 0o755)
    formats = nodes.directory / "binfmt_misc"
    formats.mkdir(exist_ok=True)
    fleet.run("mount", "-t", "binfmt_misc", "binfmt_misc", formats)
    try:
        (formats / "register").write_text(FORMAT % qemu)
        yield
    finally:
        if (formats / "ecoma-test").exists():
            (formats / "ecoma-test").write_text("-1")
        fleet.run("umount", formats)
        (root / "usr/local/bin/uname").unlink()


def machine_of(nodes, node, name):
    with open(nodes.root(node) / "var/cache/ecoma-fleet" / name, "rb") as file:
        return file.read(19)[18]


def test_a_task_a_role_and_the_documentation(nodes, installed, controller):
    if controller.needs_python:
        pytest.skip("Mitogen needs Python, which that node doesn't have")
    task = {"name": "tier", "ecoma.fleet.storage_tier": OS_DISK}
    for costs in ((1, 4), (1, 1)):
        before = nodes.operations("alpha")[0]
        run = installed.play(controller, [task], become=True)
        assert run.one("tier")["result"]["storage"]["tiers"]["warm"]["source"] == "os", run.output
        assert costs[0] <= nodes.operations("alpha")[0] - before <= costs[1]
    role = {"name": "role", "include_role": {"name": "ecoma.fleet.storage"}, "vars": OS_DISK}
    before = nodes.operations("alpha")[0]
    run = installed.play(controller, [role], become=True)
    assert run.status == 0 and "Make every disk" in run.output, run.output
    assert nodes.operations("alpha")[0] - before == 1
    names = "ecoma.fleet.storage_tier", "ecoma.fleet.storage_tier_info"
    run = installed.run(controller, "doc", "-t", "module", "-j", *names)
    tier, info = (json.loads(run.output)[name]["doc"] for name in names)
    assert "disks" in tier["options"] and info["seealso"] == [{"module": names[0]}]


@pytest.mark.parametrize("pipelining", ["1", "0"])
def test_hosts_of_two_architectures(nodes, installed, foreign, ansible, pipelining):
    task = {"name": "info", "ecoma.fleet.storage_tier": OS_DISK, "check_mode": True}
    environment = {"ANSIBLE_PIPELINING": pipelining}
    for _ in range(2):
        before = nodes.operations("beta")[0]
        run = installed.play(ansible, [task], hosts="alpha:beta", become=True, environment=environment)
        assert {r["event"] for r in run.of("info")} == {"ok"}, run.output
        cost = nodes.operations("beta")[0] - before
    if pipelining == "1":
        assert cost == 1
        assert machine_of(nodes, "alpha", "storage_tier") == 0x3E
        assert machine_of(nodes, "beta", "storage_tier") == 0xB7


def test_no_binary_for_the_host(nodes, installed, foreign, ansible):
    for module in installed.folder.rglob("*_linux_aarch64"):
        module.unlink()
    run = installed.play(ansible, [{"name": "info", "ecoma.fleet.storage_tier_info": {}}], hosts="beta", become=True)
    message = run.one("info")["result"]["msg"]
    assert "built for x86_64, and the host is 'aarch64'" in message


def test_glibc_2_28(tarball):
    """What the dynamic symbols of both architectures ask for."""
    staged = os.path.join(os.path.dirname(tarball), "collection/plugins/modules")
    for name in ("storage_tier", "storage_tier_linux_aarch64"):
        symbols = fleet.run("readelf", "--dyn-syms", "--wide", os.path.join(staged, name))
        versions = {tuple(map(int, word.split("GLIBC_")[1].split(".")[:2])) for word in symbols.split() if "@GLIBC_" in word}
        assert versions and max(versions) <= (2, 28)


def test_every_binary_is_hardened(unpacked, portable):
    names = {f"{module}{suffix}" for module in MODULES for suffix in ("", "_linux_aarch64")}
    collection = programs_in(unpacked)
    assert {path.name for path in collection} == names
    assert {path.name.split("_linux_")[0] for path in portable} == set(MODULES)
    lint("hardened", *collection, *portable)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_another_folder_builds_the_same_bytes(unpacked, architecture):
    suffix = "" if architecture == "x86_64" else f"_linux_{architecture}"
    names = {module + suffix for module in MODULES}
    binaries = [path for path in programs_in(unpacked) if path.name in names]
    assert len(binaries) == len(MODULES)
    lint("same_bytes", architecture, *binaries)
