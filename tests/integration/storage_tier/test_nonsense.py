# SPDX-License-Identifier: GPL-3.0-or-later
"""Nonsense in: one JSON object that says what to do about it, exit status 1, nothing written."""

import json
import os
import stat

import pytest
import system
from host import FSTAB, OS, ROOT

HOT = {"name": "data-0", "tier": "hot", "device": "DEVICE"}
COLD = {"name": "data-1", "tier": "cold", "device": "OTHER"}
SWAP = {"name": "data-2", "tier": "swap", "device": "OTHER"}

# name: (arguments, what the message names)
WRONG = {
    "disks-missing": ({}, ["disks"]),
    "disks-null": ({"disks": None}, ["disks"]),
    "disks-number": ({"disks": 7}, ["disks", "list"]),
    "disks-text": ({"disks": "os"}, ["dictionary"]),
    "disks-empty": ({"disks": []}, ["os"]),
    "disk-number": ({"disks": [OS, 7]}, ["disks", "7"]),
    "disk-null": ({"disks": [OS, None]}, ["disks", "None"]),
    "tier-hott": ({"disks": [OS, {**HOT, "tier": "hott"}]}, ["tier", "hott", "cold"]),
    "tier-missing": ({"disks": [OS, {"name": "data-0", "device": "DEVICE"}]}, ["tier"]),
    "tier-null": ({"disks": [{**OS, "tier": None}]}, ["tier"]),
    "name-missing": ({"disks": [OS, {"tier": "hot", "device": "DEVICE"}]}, ["name"]),
    "name-empty": ({"disks": [OS, {**HOT, "name": ""}]}, ["name", "empty"]),
    "name-twice": ({"disks": [OS, HOT, {**COLD, "name": "data-0"}]}, ["data-0", "twice"]),
    "two-swaps": ({"disks": [OS, SWAP, {**HOT, "tier": "swap"}]}, ["data-0", "data-2", "swap"]),
    "two-hot": ({"disks": [OS, HOT, {**COLD, "tier": "hot"}]}, ["data-0", "data-1", "hot"]),
    "two-os": ({"disks": [OS, {**OS, "tier": "hot"}]}, ["os", "twice"]),
    "os-as-swap": ({"disks": [{**OS, "tier": "swap"}, HOT]}, ["os", "swap", "root filesystem"]),
    "os-missing": ({"disks": [HOT]}, ["OS disk", "os"]),
    "five-disks": ({"disks": [OS, HOT, COLD, SWAP, {**HOT, "name": "data-3", "tier": "warm"}]},
                   ["5", "4"]),
    "shared-tier-fail": ({"disks": [{**OS, "tier": "hot"}, HOT], "shared_tier": "fail"},
                         ["shared_tier", "hot"]),
    "os-with-device": ({"disks": [{**OS, "device": "DEVICE"}]}, ["os", "device"]),
    "os-with-serial": ({"disks": [{**OS, "serial": "x"}]}, ["os", "serial"]),
    "os-with-wipe": ({"disks": [{**OS, "wipe": "ext4:1"}]}, ["os", "wipe"]),
    "os-with-fstype": ({"disks": [{**OS, "fstype": "xfs"}]}, ["os", "fstype"]),
    "os-adopted": ({"disks": [{**OS, "existing": "adopt"}]}, ["os", "adopt"]),
    "swap-with-fstype": ({"disks": [OS, {**SWAP, "fstype": "ext4"}]}, ["data-2", "fstype"]),
    "swap-with-owner": ({"disks": [OS, {**SWAP, "owner": "root"}]}, ["data-2", "owner"]),
    "swap-with-mount-options": ({"disks": [OS, {**SWAP, "mount_options": "ro"}]},
                                ["data-2", "mount_options"]),
    "adopt-with-wipe": ({"disks": [OS, {**HOT, "existing": "adopt", "wipe": "a:b"}]},
                        ["data-0", "wipe", "adopt"]),
    "adopt-with-mode": ({"disks": [OS, {**HOT, "existing": "adopt", "mode": "0700"}]},
                        ["data-0", "mode", "adopt"]),
    "existing-force": ({"disks": [OS, {**HOT, "existing": "force"}]}, ["existing", "adopt"]),
    "fstype-zfs": ({"disks": [OS, HOT], "fstype": "zfs"}, ["fstype", "ext4"]),
    "fstype-of-disk-ntfs": ({"disks": [OS, {**HOT, "fstype": "ntfs"}]}, ["fstype", "btrfs"]),
    "unknown-option": ({"disks": [OS], "force": True}, ["force"]),
    "unknown-key-of-disk": ({"disks": [OS, {**HOT, "size": "10G"}]}, ["size"]),
    "state-gone": ({"disks": [OS], "state": "gone"}, ["state", "absent"]),
    "provider-azure": ({"disks": [OS], "provider": "azure"}, ["provider", "aws"]),
    "root-relative": ({"disks": [OS], "root": "storage"}, ["root", "absolute"]),
    "root-empty": ({"disks": [OS], "root": ""}, ["root"]),
    "root-slash": ({"disks": [OS], "root": "/"}, ["root"]),
    "root-with-dots": ({"disks": [OS], "root": "/var/lib/../storage"}, ["root", ".."]),
    "root-with-blank": ({"disks": [OS], "root": "/var/my storage"}, ["root", "white space"]),
    "root-with-newline": ({"disks": [OS], "root": "/var/x\n/dev/sda / ext4"}, ["root"]),
    "mount-options-newline": ({"disks": [OS, HOT], "mount_options": "ro\nfoo"}, ["mount_options"]),
    "mount-options-blank": ({"disks": [OS, {**HOT, "mount_options": "ro nodev"}]},
                            ["mount_options", "white space"]),
    "mount-options-empty": ({"disks": [OS, HOT], "mount_options": ""}, ["mount_options", "empty"]),
    "mount-options-mark": ({"disks": [OS, HOT], "mount_options": "ro,x-storage-tier=cold"},
                           ["x-storage-tier"]),
    "mkfs-label": ({"disks": [OS, {**HOT, "mkfs_options": ["-L", "mine"]}]}, ["-L", "data-0"]),
    "mkfs-label-joined": ({"disks": [OS, {**HOT, "mkfs_options": ["-Lmine"]}]}, ["-Lmine"]),
    "mkfs-force": ({"disks": [OS, {**HOT, "mkfs_options": ["-F"]}]}, ["-F"]),
    "mkfs-force-xfs": ({"disks": [OS, {**HOT, "fstype": "xfs", "mkfs_options": ["-f"]}]}, ["-f"]),
    "mkfs-force-long": ({"disks": [OS, {**HOT, "fstype": "btrfs", "mkfs_options": ["--force"]}]},
                        ["--force"]),
    "mkfs-uuid": ({"disks": [OS, {**HOT, "mkfs_options": ["-U", "random"]}]}, ["-U"]),
    "mkfs-dry-run": ({"disks": [OS, {**HOT, "mkfs_options": ["-n"]}]}, ["-n"]),
    "mkfs-cluster": ({"disks": [OS, {**HOT, "mkfs_options": ["-qF"]}]}, ["-qF"]),
    "mode-words": ({"disks": [OS, {**HOT, "mode": "rw for all"}]}, ["mode", "0750"]),
    "mode-nine": ({"disks": [OS, {**HOT, "mode": "0999"}]}, ["mode"]),
    "mode-too-large": ({"disks": [OS, {**HOT, "mode": 99999}]}, ["mode"]),
    "mode-list": ({"disks": [OS, {**HOT, "mode": [7]}]}, ["mode"]),
    "mode-of-os": ({"disks": [{**OS, "mode": "u+q"}]}, ["mode"]),
    "owner-unknown": ({"disks": [OS, {**HOT, "owner": "nobody-here"}]}, ["nobody-here", "data-0"]),
    "group-unknown": ({"disks": [OS, {**HOT, "group": "no-such"}]}, ["no-such", "data-0"]),
    "priority-negative": ({"disks": [OS], "swap_priority": -1}, ["swap_priority", "32767"]),
    "priority-huge": ({"disks": [OS], "swap_priority": 40000}, ["swap_priority", "32767"]),
    "priority-words": ({"disks": [OS], "swap_priority": "high"}, ["swap_priority"]),
    "timeout-negative": ({"disks": [OS], "device_timeout": -5}, ["device_timeout"]),
    "device-missing": ({"disks": [OS, {**HOT, "device": "/dev/absent"}]}, ["/dev/absent"]),
    "device-relative": ({"disks": [OS, {**HOT, "device": "sda"}]}, ["sda"]),
    "device-empty": ({"disks": [OS, {**HOT, "device": ""}]}, ["device"]),
    "device-directory": ({"disks": [OS, {**HOT, "device": "/var"}]}, ["/var", "data-0"]),
    "device-character": ({"disks": [OS, {**HOT, "device": "/dev/zero"}]}, ["/dev/zero", "data-0"]),
    "device-file": ({"disks": [OS, {**HOT, "device": "/etc/passwd"}]}, ["/etc/passwd", "data-0"]),
    "same-device": ({"disks": [OS, HOT, {**COLD, "device": "DEVICE"}]}, ["data-0", "data-1"]),
    "serial-unknown": ({"disks": [OS, {"name": "data-0", "tier": "hot", "serial": "S-404"}]},
                       ["S-404", "data-0"]),
    "wwn-unknown": ({"disks": [OS, {"name": "data-0", "tier": "hot", "wwn": "0x404"}]},
                    ["0x404", "data-0"]),
    "serial-of-another": ({"disks": [OS, {**HOT, "serial": "S-404"}]}, ["serial", "data-0"]),
}


def check_failure(result, parts=()):
    assert result.failed and result["changed"] is False
    assert len(result["msg"]) > 15
    for part in parts:
        assert part in result["msg"]


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments(host, name):
    arguments, parts = WRONG[name]
    disk, other = host.add_disk(), host.add_disk("data-1")
    text = json.dumps({"provider": "generic", "device_timeout": 0, **arguments})
    text = text.replace("DEVICE", disk.path).replace("OTHER", other.path)
    fstab, digests = FSTAB.read_bytes(), [d.digest() for d in host.disks]
    for check in ("false", "true"):
        check_failure(host.run_text(f'{{"_ansible_check_mode": {check}, {text[1:]}'), parts)
    assert FSTAB.read_bytes() == fstab and [d.digest() for d in host.disks] == digests
    assert not os.path.exists(ROOT) and os.listdir("/var/lib") == []


NO_JSON = {"empty": b"", "blank": b" \n", "words": b"disks=os", "cut": b'{"disks": [{"name": "o',
           "list": b"[]", "number": b"7", "null": b"null", "latin-1": b'{"disks": "\xff"}',
           "nul": b"\0" * 100, "deep": b"[" * 100000, "twice": b"{} {}",
           "wantjson": b"<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>"}


@pytest.mark.parametrize("name", NO_JSON)
def test_argument_file_that_is_no_json_object(host, name):
    check_failure(host.run_text(NO_JSON[name]))


def test_argument_file_of_50_mb(host):
    check_failure(host.run_text(b'{"disks": "' + b"x" * 50_000_000 + b'"}'))
    check_failure(host.run_text(b"\0" * 50_000_000))


def test_a_device_that_comes_is_waited_for_and_one_that_stays_away_is_named(host):
    absent = {**HOT, "device": "/dev/absent"}
    process = host.start([OS, absent], device_timeout=10)
    disk = host.add_disk()
    number = os.stat(disk.path).st_rdev
    os.mknod(host.nodes / "absent", stat.S_IFBLK | 0o600, number)
    result = host.finish(process)
    assert not result.failed and system.blkid(disk.path)["LABEL"] == "tier-hot"
    result = host.run([OS, {**HOT, "serial": "S-404", "device": None}], device_timeout=1)
    check_failure(result, ["S-404", disk.path])
    assert [c["path"] for c in result["candidates"] if c["path"] == disk.path]


def partitioned(host):
    disk = host.add_disk(partitions=True)
    system.tool("sfdisk", "-q", disk.path, input="label: gpt\nstart=2048,size=32M\n")
    return disk, disk.add_partition(1, 2048, 65536)


def test_a_partition_is_a_tier_only_where_it_is_named(host):
    disk, partition = partitioned(host)
    result = host.run([OS, {**HOT, "device": disk.path}])
    check_failure(result, [disk.path, "gpt"])
    before = disk.bytes_at(0, 1 << 20)
    host.converge([OS, {**HOT, "device": partition}])
    assert system.blkid(partition)["LABEL"] == "tier-hot"
    assert disk.bytes_at(0, 1 << 20) == before
    result = host.run([OS, {**HOT, "device": disk.path}])
    check_failure(result, [disk.path])


def test_a_partition_of_a_disk_that_is_in_use_as_a_whole(host):
    disk = host.add_disk(partitions=True)
    system.tool("mkfs.ext4", "-q", disk.path)
    partition = disk.add_partition(1, 65536, 65536)
    assert system.blkid(partition) == {}
    (host.folder / "whole").mkdir()
    system.tool("mount", disk.path, host.folder / "whole")
    for check in (True, False):
        result = host.run([OS, {**HOT, "device": partition}], check=check)
        check_failure(result, [partition, "in use"])
        assert result["error_id"] == "in-use"
    system.tool("umount", host.folder / "whole")
    system.check_filesystem(disk.path)


def test_a_disk_whose_partition_is_in_use(host):
    disk, partition = partitioned(host)
    system.tool("mkfs.ext4", "-q", partition)
    (host.folder / "part").mkdir()
    system.tool("mount", partition, host.folder / "part")
    token = host.run([OS, {**HOT, "device": disk.path}])["token"]
    signature = system.blkid(disk.path)
    result = host.run([OS, {**HOT, "device": disk.path, "wipe": token}])
    check_failure(result, [disk.path])
    assert system.blkid(disk.path) == signature


def test_a_read_only_device(host):
    image = host.folder / "image"
    with image.open("wb") as file:
        file.truncate(64 << 20)
    disk = host.add_disk(image=image, read_only=True)
    check_failure(host.run([OS, {**HOT, "device": disk.path}]), [disk.path, "read-only"])


@pytest.mark.parametrize("size, fstype", [(8, "ext4"), (8, "swap"), (64, "xfs"), (64, "btrfs")])
def test_a_disk_that_is_too_small(host, size, fstype):
    disk = host.add_disk(size=size << 20)
    tier = {"tier": "swap"} if fstype == "swap" else {"fstype": fstype}
    result = host.run([OS, {**HOT, "device": disk.path, **tier}])
    assert result["error_id"] == "too-small"
    check_failure(result, [disk.path, fstype])
