# SPDX-License-Identifier: GPL-3.0-or-later
"""Owner, mode, priority, mount and mkfs options, roots elsewhere, the scan of a whole disk."""

import re

import pytest
import system
import visible
from disk import MIB
from host import OS, ROOT, SIZES


def wanted_disk(disk, **keys):
    return {"name": "data-0", "tier": "hot", "device": disk.path, **keys}


@pytest.mark.parametrize("mode, expected", [
    ("0750", 0o750), ("2770", 0o2770), ("1777", 0o1777), (0o711, 0o711), ("u=rwx,g=rx,o=", 0o750),
    ("go-rwx", 0o700), ("a+w", 0o777), ("g+s,o-rx", 0o2750), ("u=rwX,g=u,o=g", 0o777),
    ("+t", 0o1755)])
def test_mode(host, mode, expected):
    disk = host.add_disk()
    host.converge([{**OS, "mode": mode}, wanted_disk(disk, mode=mode)])
    assert visible.permissions(host.tier("hot"))[0] == expected
    assert visible.permissions(host.tier("warm"))[0] == expected
    system.tool("umount", f"{ROOT}/hot")
    assert visible.permissions(host.tier("hot")) == visible.NEW_DIRECTORY


@pytest.mark.parametrize("owner, group, expected", [
    ("daemon", "mail", (1, 8)), ("4242", None, (4242, 0)), (None, "4243", (0, 4243)),
    ("root", "root", (0, 0))])
def test_owner_and_group(host, owner, group, expected):
    disk = host.add_disk()
    keys = {key: value for key, value in (("owner", owner), ("group", group)) if value}
    result = host.converge([OS, wanted_disk(disk, **keys)])
    assert visible.permissions(host.tier("hot"))[1:] == expected
    assert (("chown", "hot") in result.ops) == (expected != (0, 0))


def test_mode_and_owner_of_a_mounted_tier_that_was_unmounted_by_hand(host):
    disk = host.add_disk()
    wanted = [OS, wanted_disk(disk, mode="0700", owner="daemon")]
    host.converge(wanted)
    system.tool("umount", f"{ROOT}/hot")
    host.converge(wanted)
    assert visible.permissions(host.tier("hot")) == (0o700, 1, 0)


def test_without_mode_and_owner_nothing_is_changed(host):
    disk = host.add_disk()
    wanted = [OS, wanted_disk(disk)]
    host.converge(wanted)
    system.tool("chmod", "0711", f"{ROOT}/hot")
    system.tool("chown", "daemon:mail", f"{ROOT}/hot")
    assert host.run(wanted)["changed"] is False
    assert visible.permissions(host.tier("hot")) == (0o711, 1, 8)


def test_swap_priority(host):
    disk = host.add_disk(size=SIZES["swap"])
    wanted = [OS, {"name": "data-0", "tier": "swap", "device": disk.path}]
    for priority in (0, 7, 32767):
        result = host.converge(wanted, swap_priority=priority)
        assert system.swaps()[disk.path] == priority
        assert result["storage"]["swap"]["priority"] == priority
        assert f",pri={priority}," in host.fstab_lines("swap")[0]


OPTIONS = ["defaults", "noatime,nodev,nosuid,noexec,nofail", "nodiratime,nofail", "relatime",
           "strictatime,nofail", "ro,noatime,nofail", "noatime,nofail,x-systemd.device-timeout=5s"]


def test_mount_options_from_each_to_the_next(host):
    disk = host.add_disk()
    for options in OPTIONS:
        host.converge([OS, wanted_disk(disk, mount_options=options)])
        shown = system.mounts_at(f"{ROOT}/hot")[0]["options"].split(",")
        asked = options.split(",")
        for flag in ("nodev", "nosuid", "noexec", "noatime", "ro"):
            assert (flag in shown) == (flag in asked), options
        assert f" {options},x-storage-tier=hot 0 2" in host.fstab_lines("hot")[0]


def test_mount_options_of_the_filesystem(host):
    disk = host.add_disk()
    host.converge([OS, wanted_disk(disk)])
    host.converge([OS, wanted_disk(disk, mount_options="noatime,nofail,commit=7")])
    assert "commit=7" in system.mounts_at(f"{ROOT}/hot")[0]["options"]
    disk = host.add_disk("data-1", SIZES["btrfs"])
    cold = {"name": "data-1", "tier": "cold", "device": disk.path, "fstype": "btrfs",
            "mount_options": "compress=zstd,nofail"}
    host.converge([OS, cold])
    assert "compress=zstd" in system.mounts_at(f"{ROOT}/cold")[0]["options"]


USUAL = ["defaults", "noatime,nofail,x-systemd.device-timeout=30s", "relatime,lazytime,_netdev",
         "nodev,nosuid,noexec,nofail", "rw,noauto,x-mount.mkdir,comment=x", "discard", "nodiscard"]
USUAL_OF = {"ext4": ["errors=remount-ro,user_xattr,acl", "commit=5", "commit=60,discard,noatime",
                     "data=ordered,journal_checksum", "nobarrier,nodelalloc", "barrier=1"],
            "xfs": ["inode64,logbufs=8", "noquota,attr2", "largeio,allocsize=64k"],
            "btrfs": ["compress=zstd", "compress=zstd:5,commit=60", "ssd,space_cache=v2",
                      "autodefrag,discard=async", "compress-force=lzo,commit=30"]}


@pytest.mark.parametrize("fstype", USUAL_OF)
def test_a_host_with_usual_options_stays_unchanged(host, fstype):
    disk = host.add_disk(size=SIZES[fstype])
    for options in USUAL + USUAL_OF[fstype]:
        wanted = [OS, wanted_disk(disk, fstype=fstype, mount_options=options)]
        result = host.run(wanted)
        assert not result.failed, result
        assert host.run(wanted)["changed"] is False, options
        system.tool("umount", f"{ROOT}/hot")
        assert host.run(wanted).ops == [("mount", "hot")]
        assert host.run(wanted)["changed"] is False, options


def test_options_that_are_taken_back(host):
    disk = host.add_disk()
    host.converge([OS, wanted_disk(disk, mount_options="noatime,discard,commit=55,lazytime")])
    result = host.converge([OS, wanted_disk(disk, mount_options="noatime")])
    assert "warnings" not in result.json
    shown = system.mounts_at(f"{ROOT}/hot")[0]["options"]
    assert not any(option in shown for option in ("discard", "commit", "lazytime"))
    xfs = host.add_disk("data-1", SIZES["xfs"])
    cold = {"name": "data-1", "tier": "cold", "device": xfs.path, "fstype": "xfs"}
    host.converge([OS, {**cold, "mount_options": "discard"}])
    result = host.converge([OS, {**cold, "mount_options": "noatime"}])
    assert "discard" in result["warnings"][0] and "next mount" in result["warnings"][0]


def test_options_that_fstab_has_and_the_mount_has_not(host):
    disk = host.add_disk()
    wanted = [OS, wanted_disk(disk, mount_options="noatime,discard,commit=55")]
    host.converge(wanted)
    system.tool("mount", "-o", "remount,nodiscard,commit=7", disk.path, f"{ROOT}/hot")
    assert host.converge(wanted).ops == [("remount", "hot")]
    assert {"discard", "commit=55"} <= set(
        system.mounts_at(f"{ROOT}/hot")[0]["options"].split(","))


def test_discard_on_a_device_that_cannot(host):
    """As loop devices can't on ramfs. ext4 drops the option there, and doesn't show it."""
    folder = host.folder / "ramfs"
    folder.mkdir()
    system.tool("mount", "-t", "ramfs", "ramfs", folder)
    image = folder / "image"
    image.write_bytes(bytes(SIZES["ext4"]))
    wanted = [OS, wanted_disk(host.add_disk(image=image), mount_options="noatime,discard")]
    system.tool("umount", "--lazy", folder)  # with the disk it goes
    host.converge(wanted)
    system.tool("umount", f"{ROOT}/hot")
    host.converge(wanted)


def test_a_mount_option_that_a_mounted_filesystem_refuses_is_not_written_to_fstab(host):
    disk = host.add_disk()
    host.converge([OS, wanted_disk(disk)])
    lines = host.fstab_lines("hot")
    for options in ("noatime,nofail,commti=5", "ro,nofail,commti=5"):
        result = host.run([OS, wanted_disk(disk, mount_options=options)])
        assert result.json.get("error_id") == "mount-options" and options in result["msg"], result
        assert result["changed"] is False and host.fstab_lines("hot") == lines
    assert host.run([OS, wanted_disk(disk)])["changed"] is False


def test_an_option_that_counts_at_mount_only(host):
    disk = host.add_disk()
    host.converge([OS, wanted_disk(disk)])
    wanted = [OS, wanted_disk(disk, mount_options="noatime,nofail,data=writeback")]
    result = host.run(wanted)
    assert not result.failed and "next mount" in result["warnings"][0], result
    assert "data=writeback" in host.fstab_lines("hot")[0]
    assert host.run(wanted)["changed"] is False


def test_an_option_that_counts_at_mount_only_with_others(host):
    disk = host.add_disk()
    host.converge([OS, wanted_disk(disk)])
    lines = host.fstab_lines("hot")
    result = host.run([OS, wanted_disk(disk, mount_options="noatime,data=writeback,commti=5")])
    assert result.json.get("error_id") == "mount-options" and result["changed"] is False, result
    assert host.fstab_lines("hot") == lines
    wanted = [OS, wanted_disk(disk, mount_options="noatime,nodev,data=writeback")]
    result = host.converge(wanted)
    assert "next mount" in result["warnings"][0]
    assert "nodev" in system.mounts_at(f"{ROOT}/hot")[0]["options"]
    assert "data=writeback" in host.fstab_lines("hot")[0]


def test_a_mount_option_that_the_kernel_refuses_is_said_and_the_run_can_go_on_later(host):
    disk = host.add_disk()
    result = host.run([OS, wanted_disk(disk, mount_options="nonsense=1,nofail")])
    assert result["error_id"] == "mount-options"
    assert f"{ROOT}/hot" in result["msg"] and disk.path in result["msg"]
    assert host.fstab_lines("hot") == []
    assert {a["op"] for a in result["actions_done"]} >= {"mkfs", "fstab"}
    assert result["changed"] is True
    uuid = system.blkid(disk.path)["UUID"]
    host.converge([OS, wanted_disk(disk)])
    assert system.blkid(disk.path)["UUID"] == uuid


def test_a_line_that_cannot_be_mounted_does_not_stay(host):
    """Without nofail it would hold the next boot."""
    disk = host.add_disk(size=SIZES["btrfs"])
    wanted = wanted_disk(disk, fstype="btrfs")
    result = host.run([OS, dict(wanted, mount_options="noatime,subvol=nope")])
    assert result.failed and "fstab is without that line again" in result["msg"], result
    assert host.fstab_lines("hot") == []
    uuid = system.blkid(disk.path)["UUID"]
    host.converge([OS, wanted])
    assert system.blkid(disk.path)["UUID"] == uuid
    lines = host.fstab_lines("hot")
    system.tool("umount", f"{ROOT}/hot")
    assert host.run([OS, dict(wanted, mount_options="subvol=nope")]).failed
    assert host.fstab_lines("hot") == lines


@pytest.mark.parametrize("root", ["/srv/storage", "/var/a/b/c", "/var/storage/", "/mnt"])
def test_root_elsewhere(host, root):
    for path in ("/srv", "/mnt"):
        host.mount_private("-t", "tmpfs", "-o", "mode=755", "host", path)
    disk = host.add_disk()
    result = host.converge([OS, wanted_disk(disk)], root=root)
    root = root.rstrip("/")
    assert result["storage"]["tiers"]["hot"]["path"] == f"{root}/hot"
    assert system.mounts_at(f"{root}/hot")[0]["source"] == disk.path
    assert visible.permissions(root) == visible.NEW_DIRECTORY
    assert visible.permissions(f"{root}/warm") == visible.NEW_DIRECTORY


@pytest.mark.parametrize("root", ["/proc/x", "/sys/x"])
def test_root_where_there_are_no_files(host, root):
    disk = host.add_disk()
    for check in (True, False):
        result = host.run([OS, wanted_disk(disk)], root=root, check=check)
        assert result["error_id"] == "root-unwritable" and result["changed"] is False, result


def test_a_priority_that_is_taken_back(host):
    disk = host.add_disk(size=SIZES["swap"])
    wanted = [OS, {"name": "data-0", "tier": "swap", "device": disk.path}]
    host.converge(wanted, swap_priority=5)
    host.converge(wanted)
    assert system.swaps()[disk.path] < 0


def superblock(disk):
    return dict(re.findall(r"^([^:]+): +(.*)$", system.tool("dumpe2fs", "-h", disk.path), re.M))


@pytest.mark.parametrize("options", [["-E", "stride=16,stripe_width=64"],
                                     ["-Estride=16", "-E", "stripe_width=64"]])
def test_mkfs_options_of_ext4_are_merged(host, options):
    disk = host.add_disk()
    host.converge([OS, wanted_disk(disk, mkfs_options=[*options, "-m", "0", "-b", "4096"])])
    shown = superblock(disk)
    assert (shown["RAID stride"], shown["RAID stripe width"]) == ("16", "64")
    assert (shown["Block size"], shown["Reserved block count"]) == ("4096", "0")


def test_mkfs_options_of_others(host):
    xfs = host.add_disk("data-0", SIZES["xfs"])
    btrfs = host.add_disk("data-1", SIZES["btrfs"])
    swap = host.add_disk("data-2", SIZES["swap"])
    host.converge([
        {**OS, "tier": "warm"},
        wanted_disk(xfs, fstype="xfs", mkfs_options=["-i", "size=1024"]),
        {"name": "data-1", "tier": "cold", "device": btrfs.path, "fstype": "btrfs",
         "mkfs_options": ["--nodesize", "32768"]},
        {"name": "data-2", "tier": "swap", "device": swap.path, "mkfs_options": ["-p", "4096"]}])
    assert "isize=1024" in system.tool("xfs_info", f"{ROOT}/hot")
    assert re.search(r"nodesize\s+32768",
                     system.tool("btrfs", "inspect-internal", "dump-super", btrfs.path))


def test_mkfs_options_do_not_count_for_what_is_made_already(host):
    disk = host.add_disk()
    host.converge([OS, wanted_disk(disk)])
    assert host.run([OS, wanted_disk(disk, mkfs_options=["-m", "0"])])["changed"] is False


def test_full_scan_finds_what_the_sample_misses(host):
    """A byte in the middle of 3 GiB: the docs call the proof for raw data a heuristic."""
    disk = host.add_disk(size=3 << 30)
    disk.write_at((1 << 30) + 77 * MIB + 4096 * 3 + 5, b"!")
    wanted = [OS, wanted_disk(disk)]
    assert not host.run(wanted, check=True).failed
    digest = disk.digest()
    for check in (True, False):
        result = host.run(wanted, full_scan=True, check=check)
        assert result["error_id"] == "foreign-content"
        assert f"offset {(1 << 30) + 77 * MIB + 4096 * 3 + 5}" in result["msg"]
    assert disk.digest() == digest
    wanted[1]["wipe"] = result["token"]
    host.converge(wanted, full_scan=True)
