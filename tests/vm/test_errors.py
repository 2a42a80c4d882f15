# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that returns errors, and one that disappears in the middle of a run."""

import random
import time

import pytest
from drives import MIB
from scene import FSTYPES, SIZES, Scene, mine

EIO = 5
SECTOR = 512
STAMPS = (3 * MIB, 5 * MIB)  # before the end


def failing(iotype, offset):
    """QEMU's blkdebug: this kind of request fails where it touches the offset."""
    return {"driver": "blkdebug",
            "inject-error": [{"event": "none", "iotype": iotype, "errno": EIO, "once": False,
                              "immediately": True, "sector": offset // SECTOR}]}


def heal(host, scene):
    """The same disk in the same slot, without errors."""
    host.guest.run("umount /var/storage/hot || swapoff -a")
    if scene.disk in host.guest.drives:
        host.guest.unplug(scene.disk)
    scene.disk = mine(scene.disk.image)
    host.plug(scene.disk)


@pytest.mark.parametrize("offset", [0, MIB, SIZES["ext4"] // 2, SIZES["ext4"] - SECTOR])
def test_a_disk_that_cannot_be_read_is_refused_untouched(host, offset):
    scene = Scene(host, "ext4", below=failing("read", offset))
    digest = scene.disk.digest()
    result = host.run(scene.wanted)
    assert result.failed and result["error_id"] == "unreadable" and not result["changed"], result
    assert scene.disk.digest() == digest
    scene.check_fstab()


def write_cases():
    """(fstype, offset): where a run writes, in its order: stamps, superblock, elsewhere."""
    for fstype in FSTYPES:
        size = SIZES[fstype]
        sample = fstype == "ext4"
        yield pytest.param(fstype, size - STAMPS[0], marks=() if sample else pytest.mark.long)
        yield pytest.param(fstype, 0 if fstype == "xfs" else 65536 if fstype == "btrfs" else 1024,
                           marks=() if sample else pytest.mark.long)
        yield pytest.param(fstype, size - STAMPS[1], marks=pytest.mark.long)


@pytest.mark.parametrize("fstype, offset", list(write_cases()))
def test_a_write_error_ends_the_run_and_the_next_one_mends_it(host, fstype, offset):
    scene = Scene(host, fstype, below=failing("write", offset))
    result = host.run(scene.wanted)
    assert result.failed and result["msg"], result
    scene.check_fstab()
    heal(host, scene)
    scene.check_converges()


@pytest.mark.parametrize("number", [0, *(pytest.param(n, marks=pytest.mark.long)
                                         for n in range(1, 12))])
def test_a_disk_that_disappears_in_a_run_leaves_one_error_and_the_next_run_mends_it(host, number):
    seed = random.randrange(1 << 32)
    print(f"\nseed {seed}")
    draw = random.Random(seed)
    scene = Scene(host, FSTYPES[number % len(FSTYPES)])
    scene.start()
    time.sleep(draw.uniform(0, 4))
    host.guest.unplug(scene.disk)
    result = host.finish()
    assert not result.failed or result["msg"], result
    scene.check_fstab()
    heal(host, scene)
    scene.check_converges()
