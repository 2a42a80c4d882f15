# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that bear something already: kept, adopted, found again on a rebuilt host, or refused."""

import shutil

import pytest
import system
from existing import FILES, foreign, refused, wanted_disk
from host import FSTAB, OS, RECORDS, ROOT, SIZES


@pytest.mark.parametrize("fstype", FILES)
def test_adopted_and_left_as_it_is(host, fstype):
    disk = foreign(host, fstype)
    signature = system.blkid(disk.path)
    wanted = [OS, wanted_disk(disk, existing="adopt", fstype=fstype)]
    result = host.converge(wanted)
    assert not {"mkfs", "wipe", "label", "chown", "chmod", "grow"} & {op for op, _ in result.ops}
    assert result["storage"]["tiers"]["hot"]["label"] == "photos"
    assert (host.tier("hot") / "file").read_text(encoding="utf-8") == "precious"
    (line,) = host.fstab_lines("hot")
    assert f"UUID={signature['UUID']} " in line
    assert not RECORDS.exists()
    system.tool("umount", f"{ROOT}/hot")
    assert system.blkid(disk.path) == signature
    system.check_filesystem(disk.path)
    assert host.converge(wanted).ops == [("mount", "hot")]


@pytest.mark.parametrize("fstype", ["ext2", "ext3"])
def test_older_ext_filesystems_can_be_adopted(host, fstype):
    disk = host.add_disk()
    system.tool(f"mkfs.{fstype}", "-q", disk.path)
    signature = system.blkid(disk.path)
    host.converge([OS, wanted_disk(disk, existing="adopt")])
    system.tool("umount", f"{ROOT}/hot")
    assert system.blkid(disk.path) == signature


def test_adopting_writes_nothing_that_mounting_does_not(host):
    """Read-only, so that not even the kernel writes: no byte of the disk changes."""
    disk = foreign(host, "ext4")
    digest = disk.digest()
    host.converge([OS, wanted_disk(disk, existing="adopt", mount_options="ro,noload,nofail")])
    system.tool("umount", disk.path)
    assert disk.digest() == digest


def test_adoption_refuses_what_is_no_filesystem_of_a_tier(host):
    disk = host.add_disk()
    system.tool("mkswap", disk.path)
    refused(host, [OS, wanted_disk(disk, existing="adopt")], [disk], "foreign-content")
    disk = host.add_disk()
    refused(host, [OS, wanted_disk(disk, existing="adopt", fstype="xfs")], [disk], "too-small")


def test_adoption_of_another_filesystem_than_declared_is_refused(host):
    disk = foreign(host, "ext4")
    refused(host, [OS, wanted_disk(disk, existing="adopt", fstype="xfs")], [disk],
            "fstype-differs", "ext4", "xfs")


def test_adopted_swap(host):
    disk = host.add_disk()
    system.tool("mkswap", "-L", "mine", disk.path)
    signature = system.blkid(disk.path)
    host.converge([OS, {**wanted_disk(disk, existing="adopt"), "tier": "swap"}])
    assert disk.path in system.swaps() and system.blkid(disk.path) == signature


def rebuild(host):
    """A new machine with the old data disks: nothing of the old root filesystem is left."""
    system.tool("umount", f"{ROOT}/hot")
    host.swap_off()
    system.tool("chattr", "-i", host.tier("hot"))
    shutil.rmtree(ROOT)
    shutil.rmtree("/var/lib/storage_tier", ignore_errors=True)
    FSTAB.write_text("# a new machine\n", encoding="utf-8")


@pytest.mark.parametrize("fstype", FILES)
def test_rebuilt_host_gets_its_old_disk_back(host, fstype):
    disk, swap = host.add_disk(size=SIZES[fstype]), host.add_disk("data-1", SIZES["swap"])
    wanted = [OS, wanted_disk(disk, fstype=fstype),
              {"name": "data-1", "tier": "swap", "device": swap.path}]
    host.converge(wanted)
    (host.tier("hot") / "file").write_text("precious", encoding="utf-8")
    before = [system.blkid(d.path)["UUID"] for d in (disk, swap)]
    rebuild(host)
    result = host.converge(wanted)
    assert not {"mkfs", "mkswap", "wipe"} & {op for op, _ in result.ops}
    assert (host.tier("hot") / "file").read_text(encoding="utf-8") == "precious"
    assert [system.blkid(d.path)["UUID"] for d in (disk, swap)] == before


def test_rebuilt_host_with_an_adopted_disk_needs_the_word_again(host):
    disk = foreign(host, "ext4")
    host.converge([OS, wanted_disk(disk, existing="adopt")])
    rebuild(host)
    refused(host, [OS, wanted_disk(disk)], [disk], "foreign-content", "existing: adopt")
    host.converge([OS, wanted_disk(disk, existing="adopt")])
    assert (host.tier("hot") / "file").read_text(encoding="utf-8") == "precious"


def test_disk_of_another_host_is_refused(host):
    """Our label, but fstab says that the tier is another filesystem."""
    disk = host.add_disk()
    wanted = [OS, wanted_disk(disk)]
    host.converge(wanted)
    system.tool("umount", f"{ROOT}/hot")
    other = foreign(host, "ext4", label="tier-hot")
    result = refused(host, [OS, wanted_disk(other)], [disk, other], "fstab-names-another",
                     disk.path, other.path, "line", "adopt")
    assert result["disk"] == "data-0"
    FSTAB.write_text("# the line is deleted\n", encoding="utf-8")
    host.converge([OS, wanted_disk(other)])
    assert (host.tier("hot") / "file").read_text(encoding="utf-8") == "precious"


def test_blank_disk_while_the_tier_is_on_another_is_refused(host):
    disk, blank = host.add_disk(), host.add_disk("data-1")
    host.converge([OS, wanted_disk(disk)])
    system.tool("umount", f"{ROOT}/hot")
    refused(host, [OS, wanted_disk(blank)], [disk, blank], "tier-on-another-disk", disk.path,
            blank.path)


def test_blank_disk_in_the_place_of_one_that_is_gone_is_made(host):
    disk = host.add_disk()
    host.converge([OS, wanted_disk(disk)])
    old = system.blkid(disk.path)["UUID"]
    system.tool("umount", f"{ROOT}/hot")
    host.remove_disk(disk)
    blank = host.add_disk()
    result = host.converge([OS, wanted_disk(blank)])
    assert ("mkfs", "hot") in result.ops
    (line,) = host.fstab_lines("hot")
    assert old not in line and system.blkid(blank.path)["UUID"] in line
