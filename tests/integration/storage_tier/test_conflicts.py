# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the way of a mount, and what a disk must be to be taken for a tier's."""

import json
import os
from pathlib import Path

import pytest
import system
from disk import copy_sparse
from existing import FILES, refused, wanted_disk
from host import OS, ROOT, SIZES


def test_two_disks_with_one_uuid_are_refused(host):
    disk = host.add_disk()
    wanted = [OS, wanted_disk(disk)]
    host.converge(wanted)
    system.tool("umount", f"{ROOT}/hot")
    copy = host.add_disk("copy")
    copy_sparse(disk.image, copy.image)
    refused(host, wanted, [disk, copy], "duplicate-uuid", disk.path, copy.path, "tune2fs -U random")
    system.tool("tune2fs", "-U", "random", copy.path)
    host.converge(wanted)


def test_a_copy_of_what_the_host_runs_from_is_refused(host):
    disk, other = host.add_disk(), host.add_disk("data-1")
    system.tool("mkfs.ext4", "-q", disk.path)
    disk.sync()
    copy_sparse(disk.image, other.image)
    host.mount_private(disk.path, "/boot")
    wanted = [OS, wanted_disk(other, existing="adopt")]
    refused(host, wanted, [other], "duplicate-uuid", disk.path)


@pytest.mark.parametrize("kind", ("ext2", "ext3"))
def test_a_copy_of_an_older_filesystem_is_refused_too(host, kind):
    disk, other = host.add_disk(), host.add_disk("data-1")
    system.tool(f"mkfs.{kind}", "-q", disk.path)
    disk.sync()
    copy_sparse(disk.image, other.image)
    wanted = [OS, wanted_disk(disk, existing="adopt")]
    refused(host, wanted, [disk, other], "duplicate-uuid", other.path)


def test_directory_with_files_is_not_mounted_over(host):
    disk = host.add_disk()
    host.tier("hot").mkdir(parents=True)
    for name in ("photos", "letters"):
        (host.tier("hot") / name).touch()
    refused(host, [OS, wanted_disk(disk)], [disk], "mount-point-not-empty", f"{ROOT}/hot",
            "photos", "letters")


@pytest.mark.parametrize("kind", ["file", "symlink", "dangling"])
def test_mount_point_that_is_no_directory(host, kind):
    disk = host.add_disk()
    os.makedirs(ROOT)
    if kind == "file":
        host.tier("hot").touch()
    else:
        host.tier("hot").symlink_to("/var/lib" if kind == "symlink" else "/nowhere")
    refused(host, [OS, wanted_disk(disk)], [disk], "mount-point-no-directory", f"{ROOT}/hot")
    refused(host, [{"name": "os", "tier": "hot"}], [disk], "mount-point-no-directory")


def test_root_behind_a_symlink_is_refused(host):
    os.makedirs("/var/lib/elsewhere")
    os.symlink("/var/lib/elsewhere", ROOT)
    disk = host.add_disk()
    refused(host, [OS, wanted_disk(disk)], [disk], "root-is-a-link", "/var/lib/elsewhere")
    host.converge([OS, wanted_disk(disk)], root="/var/lib/elsewhere")


def test_something_else_mounted_at_the_path_is_refused(host):
    disk = host.add_disk()
    host.tier("hot").mkdir(parents=True)
    system.tool("mount", "-t", "tmpfs", "guest", f"{ROOT}/hot")
    refused(host, [OS, wanted_disk(disk)], [disk], "mount-point-in-use", "guest", f"{ROOT}/hot")


@pytest.mark.parametrize("tier, where", (("hot", f"{ROOT}/hot"), ("hot", f"{ROOT}/hot/"),
                                         ("warm", f"{ROOT}/warm")))
def test_a_unit_of_somebody_for_our_path_is_refused(host, tier, where):
    disk, unit = host.add_disk(), Path(f"/etc/systemd/system/var-storage-{tier}.mount")
    unit.parent.mkdir(parents=True)
    unit.write_text(f"[Mount]\nWhat=/dev/vdz\nWhere={where}\n", encoding="utf-8")
    refused(host, [OS, wanted_disk(disk)], [disk], "unit-conflict", f"tier {tier}", str(unit))


def test_our_disk_mounted_elsewhere_is_refused(host):
    disk = host.add_disk()
    wanted = [OS, wanted_disk(disk)]
    host.converge(wanted)
    system.tool("umount", f"{ROOT}/hot")
    (host.folder / "elsewhere").mkdir()
    system.tool("mount", disk.path, host.folder / "elsewhere")
    for check in (True, False):
        result = host.run(wanted, check=check)
        assert result["error_id"] == "mounted-elsewhere"
        assert str(host.folder / "elsewhere") in result["msg"]


@pytest.mark.parametrize("fstype", FILES)
def test_mounts_of_parts_of_a_tier_are_no_concern_of_an_unchanged_host(host, fstype):
    disk = host.add_disk(size=SIZES[fstype])
    wanted = [OS, wanted_disk(disk, fstype=fstype)]
    host.converge(wanted)
    part, elsewhere = host.tier("hot") / "pg", host.folder / "elsewhere"
    elsewhere.mkdir()
    if fstype == "btrfs":
        system.tool("btrfs", "subvolume", "create", part)
        system.tool("mount", "-o", "subvol=pg", disk.path, elsewhere)
    else:
        part.mkdir()
        system.tool("mount", "--bind", part, elsewhere)
    (host.tier("hot") / "within").mkdir()
    system.tool("mount", "--bind", part, host.tier("hot") / "within")
    for check in (True, False):
        result = host.run(wanted, check=check)
        assert not result.failed and result["changed"] is False, result
    result = host.run([OS, wanted_disk(disk, fstype=fstype, tier="cold")])
    assert result["error_id"] == "mounted-elsewhere" and str(elsewhere) in result["msg"]


@pytest.mark.parametrize("fstype", FILES)
def test_filesystem_larger_than_its_device_is_refused(host, fstype):
    disk = host.add_disk(size=SIZES[fstype] + (32 << 20))
    wanted = [OS, wanted_disk(disk, fstype=fstype)]
    host.converge(wanted)
    system.tool("umount", f"{ROOT}/hot")
    image = disk.image
    host.remove_disk(disk)
    os.truncate(image, SIZES[fstype])
    disk = host.add_disk(image=image)
    refused(host, [OS, wanted_disk(disk, fstype=fstype)], [disk], "larger-than-device", disk.path)


def test_other_filesystem_than_declared_is_refused(host):
    disk = host.add_disk(size=SIZES["xfs"])
    host.converge([OS, wanted_disk(disk)])
    system.tool("umount", f"{ROOT}/hot")
    refused(host, [OS, wanted_disk(disk, fstype="xfs")], [disk], "fstype-differs", "ext4", "xfs")


def test_disks_that_come_up_in_another_order_stay_what_they_are(host):
    """By serial there would be no question; by label it is the same."""
    disks = {"hot": host.add_disk(), "cold": host.add_disk("data-1")}
    wanted = [OS, *({"name": d.name, "tier": tier, "device": d.path} for tier, d in disks.items())]
    host.converge(wanted)
    uuids = {tier: system.blkid(d.path)["UUID"] for tier, d in disks.items()}
    images = {tier: d.image for tier, d in disks.items()}
    for tier, disk in disks.items():
        system.tool("umount", f"{ROOT}/{tier}")
        host.remove_disk(disk)
    again = {tier: host.add_disk(image=images[tier]) for tier in ("cold", "hot")}
    wanted = [OS, {"name": "data-0", "tier": "hot"}, {"name": "data-1", "tier": "cold"}]
    result = host.converge(wanted)
    assert sorted(result.ops) == [("mount", "cold"), ("mount", "hot")]
    for tier, disk in again.items():
        assert system.blkid(disk.path)["UUID"] == uuids[tier]
        assert system.mounts_at(f"{ROOT}/{tier}")[0]["source"] == disk.path
        assert result["storage"]["tiers"][tier]["found_by"] == "label"


def test_result_is_one_line_of_json_also_for_long_refusals(host):
    disk = host.add_disk()
    host.tier("hot").mkdir(parents=True)
    for i in range(300):
        (host.tier("hot") / f"{'x' * 100}{i}").touch()
    result = host.run([OS, wanted_disk(disk)])
    assert len(json.dumps(result.json)) < 6000
