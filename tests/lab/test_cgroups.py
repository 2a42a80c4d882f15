# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes have nothing in common but the kernel, and `down` leaves nothing of them: seen from outside, by /proc
and /sys/fs/cgroup, not by the lab's record."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

FLEET = Path(__file__).resolve().parent / "fleet"
NAMES = ("one", "two")


def command(*words, check=True):
    return subprocess.run([FLEET, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=check)


def within(seconds, condition):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def processes():
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if running(pid)]


def read(pid, file):
    try:
        return Path(f"/proc/{pid}/{file}").read_text()
    except OSError:
        return ""


def network(pid):
    try:
        return os.stat(f"/proc/{pid}/ns/net").st_ino
    except OSError:
        return None


class Fleet:
    def __init__(self, directory):
        self.directory = directory
        self.outputs = directory.with_suffix(".json")
        vms = [{"hostname": name, "ip": "", "disks": []} for name in NAMES]
        self.outputs.write_text(json.dumps({"username": "admin", "password": "secret", "vms": {"wkr": vms}}))

    def state(self):
        return json.loads((self.directory / "lab.json").read_text())

    @property
    def id(self):
        return self.state()["id"]

    def up(self):
        command("up", self.directory, self.outputs)

    def down(self, check=True):
        return command("down", self.directory, check=check)

    def processes_of(self, name):
        """The node's processes, found by its network."""
        own = os.stat(f"/run/netns/{self.id}-{name}").st_ino
        return [pid for pid in processes() if network(pid) == own]

    def sshd(self, name):
        found = [pid for pid in self.processes_of(name) if "sshd: /usr/sbin/sshd" in read(pid, "cmdline")]
        assert len(found) == 1
        return found[0]

    def nspawn(self, name):
        wanted = f"--machine={self.id}-{name}"
        return next(pid for pid in processes() if wanted in read(pid, "cmdline").split("\0"))

    def starts(self, name):
        """Whether its nspawn is there or about to be."""
        return any(mark.endswith(f"-{name}") for pid in processes() for mark in read(pid, "cmdline").split("\0")
                   if mark.startswith("--machine=") and f"--directory={self.directory}/" in read(pid, "cmdline"))

    def all_processes(self):
        """Every process that is the lab's: in its networks, or named after it."""
        lab = self.id
        networks = {os.stat(path).st_ino for path in Path("/run/netns").glob(f"{lab}*")}
        marks = (lab, f"{self.directory}/")
        return [pid for pid in processes() if network(pid) in networks
                or (pid != os.getpid() and any(mark in read(pid, "cmdline") for mark in marks))]


def mounts():
    """Of cgroup hierarchies: mount point and controllers; v2 has none."""
    for line in Path("/proc/mounts").read_text().splitlines():
        _, point, kind, options, *_ = line.split()
        if kind in ("cgroup", "cgroup2"):
            yield Path(point), set(options.split(",")) if kind == "cgroup" else {""}


def hierarchies():
    return [point for point, _ in mounts()]


def all_cgroups():
    return {place for hierarchy in hierarchies() for place, _, _ in os.walk(hierarchy)}


def cgroups_of(pid):
    """Controllers of each hierarchy that is mounted → path there."""
    lines = [line.split(":", 2) for line in read(pid, "cgroup").splitlines()]
    return {controllers: path for _, controllers, path in lines
            if any(set(controllers.split(",")) <= mounted for _, mounted in mounts())}


def cgroups_made(pids, before):
    """The cgroups of these processes and those above them, but for what was there before."""
    made = set()
    for pid in filter(running, pids):
        for controllers, path in cgroups_of(pid).items():
            point = next(point for point, mounted in mounts() if set(controllers.split(",")) <= mounted)
            place = point / path.lstrip("/")
            made |= {str(place), *map(str, place.parents)}
    return (made & all_cgroups()) - before


def services_cgroup(pid):
    """Where systemd puts a service: v2 where it is mounted, else v1's name=systemd."""
    paths = cgroups_of(pid)
    hierarchy = "" if "" in paths else "name=systemd"
    return next(point for point, mounted in mounts() if hierarchy in mounted) / paths[hierarchy].lstrip("/")


def assert_nothing_is_left(lab, pids, cgroups):
    assert [read(pid, "cmdline") for pid in pids if running(pid)] == []
    assert [path for path in all_cgroups() if path in cgroups or lab in path] == []
    assert list(Path("/run/netns").glob(f"{lab}*")) == []
    assert [line for line in Path("/proc/mounts").read_text().splitlines() if lab in line] == []
    assert list(Path("/run/systemd/nspawn").glob(f"*/{lab}*")) == []


@pytest.fixture
def fleet(tmp_path_factory):
    fleet = Fleet(tmp_path_factory.mktemp("lab") / "lab")
    yield fleet
    fleet.down()


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    """A fleet that the tests leave as it is."""
    fleet = Fleet(tmp_path_factory.mktemp("lab") / "lab")
    fleet.up()
    yield fleet
    fleet.down()


def test_no_cgroup_is_shared(nodes):
    one, two = (cgroups_of(nodes.sshd(name)) for name in NAMES)
    assert one.keys() == two.keys()
    assert one
    for hierarchy, path in one.items():
        assert f"{nodes.id}-one" in path.split("/"), hierarchy
        assert f"{nodes.id}-two" in two[hierarchy].split("/"), hierarchy


def test_node_makes_cgroups_in_every_hierarchy(nodes):
    """What kubelet does with kubepods. The other node doesn't see them."""
    cgroups = all_cgroups()
    answer = command("run", nodes.directory, "one", "sh", "-ec", """
        for at in $(findmnt --noheadings --output TARGET --types cgroup,cgroup2); do
          mkdir $at/pods && rmdir $at/pods && mkdir $at/pods && echo $at
        done""")
    made = answer.stdout.split()
    assert len(made) == len(hierarchies())
    pods = {path for path in all_cgroups() - cgroups if path.endswith("/pods")}
    assert len(pods) == len(made)
    assert all(f"{nodes.id}-one" in path.split("/") for path in pods)
    for at in made:
        assert command("run", nodes.directory, "two", "test", "-e", f"{at}/pods", check=False).returncode == 1


def test_what_ends_a_services_cgroup_ends_no_other_nodes(nodes):
    """First by hand, as cgroup.kill does it; then by systemd in the node."""
    one, two = map(nodes.sshd, NAMES)
    for pid in services_cgroup(one).joinpath("cgroup.procs").read_text().split():
        os.kill(int(pid), signal.SIGKILL)
    assert within(10, lambda: not running(one))
    assert running(two)
    command("run", nodes.directory, "one", "systemctl", "restart", "ssh.service")
    one = nodes.sshd("one")
    command("run", nodes.directory, "one", "systemctl", "stop", "ssh.service")
    assert not running(one)
    assert nodes.sshd("two") == two
    assert command("ssh", nodes.directory, "two", "true").returncode == 0


def test_down_leaves_nothing(fleet):
    before = all_cgroups()
    fleet.up()
    # In a cgroup below the node's own, deaf to its init's orderly end.
    command("run", fleet.directory, "one", "systemd-run", "--quiet", "--property=KillMode=none",
            "sh", "-c", "trap '' TERM; while :; do sleep 1000; done")
    lab, pids = fleet.id, fleet.all_processes()
    cgroups = cgroups_made(pids, before)
    assert cgroups
    assert len(pids) > 20
    fleet.down()
    assert_nothing_is_left(lab, pids, cgroups)
    assert not fleet.directory.exists()
    fleet.down()


def test_down_after_nspawn_was_killed(fleet):
    before = all_cgroups()
    fleet.up()
    lab, pids = fleet.id, fleet.all_processes()
    cgroups = cgroups_made(pids, before)
    assert cgroups
    os.kill(fleet.nspawn("one"), signal.SIGKILL)
    fleet.down()
    assert_nothing_is_left(lab, pids, cgroups)


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL])
def test_up_ended_in_the_middle(fleet, sign):
    """SIGTERM: `up` takes down what it started. SIGKILL: `down` knows what there was."""
    before = all_cgroups()
    with subprocess.Popen([FLEET, "up", fleet.directory, fleet.outputs], stderr=subprocess.PIPE, text=True) as up:
        assert within(60, lambda: fleet.starts("one"))
        lab = fleet.id
        up.send_signal(sign)
        said = up.communicate(timeout=60)[1]
        assert up.returncode != 0, said
    pids = fleet.all_processes() if sign == signal.SIGKILL else []
    cgroups = cgroups_made(pids, before)
    if sign == signal.SIGTERM:
        assert not fleet.directory.exists(), said
    else:
        assert pids
        fleet.down()
    assert_nothing_is_left(lab, pids, cgroups)
