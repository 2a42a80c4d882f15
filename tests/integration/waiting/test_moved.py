# SPDX-License-Identifier: GPL-3.0-or-later
"""A link or a node that leads to another disk between its resolution and its use: that other disk is
never written to."""

import os

import pytest

import system
from disk import make_node
from host import OS
from waiting_run import lock

LINK = "/dev/disk/by-id/virtio-data"
# Where the run is stopped: after the nth of these calls. Locks are looked at and taken before anything
# is written, the run's own before the second look at the links; the first directory is the record's;
# then come stamps, mkfs, fstab and the mount.
EARLY = [("flock", 1), ("flock", 2), ("flock", 3), ("flock", 4)]
LATE = [("mkdir", 1), ("fsync", 1), ("fsync", 2), ("fsync", 3), ("pwrite64", 1), ("pwrite64", 2),
        ("vfork,clone,clone3", 1), ("wait4,waitid", 1), ("rename,renameat,renameat2", 1),
        ("mount,move_mount", 1)]


def name_of(point):
    return f"{point[0].split(',', maxsplit=1)[0]}-{point[1]}"


class Scene:
    """Two disks, and a link to the first; the second holds somebody's bytes, or nothing."""

    def __init__(self, host, data):
        self.host = host
        self.first, self.second = host.add_disk("data-0"), host.add_disk("data-1")
        if data:
            self.second.write_at(10 << 20, b"somebody's bytes")
        self.before = self.second.digest()
        (host.nodes / "disk" / "by-id").mkdir(parents=True)
        self.link = host.nodes / "disk" / "by-id" / "virtio-data"
        self.point_to(self.first)
        self.disks = [OS, {"name": "data-0", "tier": "hot", "device": LINK}]

    def point_to(self, disk):
        self.link.unlink(missing_ok=True)
        os.symlink(f"../../{disk.kernel_name}", self.link)

    def replace_node(self):
        make_node(self.host.nodes / self.first.kernel_name,
                  os.makedev(7, int(self.second.kernel_name.removeprefix("loop"))))

    def restore_node(self):
        make_node(self.host.nodes / self.first.kernel_name,
                  os.makedev(7, int(self.first.kernel_name.removeprefix("loop"))))

    def second_is_untouched(self):
        return self.second.digest() == self.before


def stop_and(start, scene, point, change):
    call, when = point
    run = start(scene.disks, f"inject={call}:signal=STOP:when={when}", device_timeout=0)
    stopped = run.do_when_stopped(change)
    result = run.finish()
    assert stopped, f"the run ended before its {call} number {when}: {result}"
    return result


@pytest.mark.parametrize("point", EARLY + LATE, ids=name_of)
def test_link_that_moves_to_somebodys_disk(host, start, point):
    scene = Scene(host, True)
    stop_and(start, scene, point, lambda: scene.point_to(scene.second))
    assert scene.second_is_untouched()
    scene.point_to(scene.first)
    host.converge(scene.disks)
    assert system.blkid(scene.first.path)["LABEL"] == "tier-hot"


@pytest.mark.parametrize("point", LATE, ids=name_of)
def test_link_that_moves_to_a_blank_disk(host, start, point):
    """Nothing on that disk speaks against it, and still it isn't the one that was looked at."""
    scene = Scene(host, False)
    stop_and(start, scene, point, lambda: scene.point_to(scene.second))
    assert scene.second_is_untouched()
    scene.point_to(scene.first)
    host.converge(scene.disks)


@pytest.mark.parametrize("point", EARLY + LATE, ids=name_of)
def test_node_that_is_replaced(host, start, point):
    scene = Scene(host, True)
    stop_and(start, scene, point, scene.replace_node)
    assert scene.second_is_untouched()
    scene.restore_node()
    host.converge(scene.disks)


def test_link_that_moves_while_the_run_waits_for_its_turn(host, start):
    """The plan is made again under the lock: what it was made of is not what it meets."""
    scene = Scene(host, True)
    held = lock("/run/storage_tier.lock")
    run = start(scene.disks, device_timeout=0)
    while not any(name == "flock" for _, name, _, _ in run.calls()):
        assert run.process.poll() is None
    scene.point_to(scene.second)
    held.close()
    result = run.finish()
    assert result.failed and result["error_id"] == "foreign-content", result
    assert scene.second_is_untouched() and system.blkid(scene.first.path) == {}
