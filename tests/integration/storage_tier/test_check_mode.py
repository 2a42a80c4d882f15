# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode says what the run does; and what the run says is what the system shows, both ways."""

import os

import pytest
import system
import visible
from host import FSTAB, OS, ROOT, SIZES
from repairs import REPAIRS, prepared
from tracing import changes_of, opens_for_writing, trace


def wanted_disks(host, fstype="ext4", **keys):
    """os, hot, and swap; and the tier of each device."""
    hot = host.add_disk("data-0", SIZES[fstype])
    swap = host.add_disk("data-1", SIZES["swap"])
    wanted = [OS, {"name": "data-0", "tier": "hot", "device": hot.path, "fstype": fstype, **keys},
              {"name": "data-1", "tier": "swap", "device": swap.path}]
    return wanted, {hot.path: "hot", swap.path: "swap"}


def check_then_run(host, wanted, devices, **options):
    """The actions of check mode, of the run, and those that can be seen, are the same."""
    digests = {disk: disk.digest() for disk in host.disks if not disk.is_in_use()}
    before = visible.look(host)
    predicted = host.run(wanted, check=True, **options)
    assert not predicted.failed, predicted
    assert visible.look(host) == before
    assert {disk: disk.digest() for disk in digests} == digests

    result = host.run(wanted, **options)
    assert not result.failed, result
    assert result.actions == predicted.actions
    assert result["changed"] == predicted["changed"] == bool(result.actions)
    after = visible.look(host)
    assert sorted(result.ops, key=str) == visible.changes(before, after, devices)
    assert visible.rest_of_fstab(before) == visible.rest_of_fstab(after)
    return result


@pytest.mark.parametrize("fstype", ["ext4", "xfs", "btrfs"])
def test_on_a_blank_host(host, fstype):
    wanted, devices = wanted_disks(host, fstype)
    check_then_run(host, wanted, devices)
    check_then_run(host, wanted, devices)


def test_on_the_os_disk_alone(host):
    assert check_then_run(host, [OS], {}).ops == [("mkdir", None), ("mkdir", "warm")]


def test_with_owner_group_and_mode(host):
    wanted, devices = wanted_disks(host, owner="daemon", group="mail", mode="2770")
    wanted[0] = {**OS, "owner": "nobody", "mode": "u=rwx,go="}
    result = check_then_run(host, wanted, devices)
    assert {("chown", "hot"), ("chmod", "hot"), ("chown", "warm"), ("chmod", "warm")} <= set(
        result.ops)
    assert visible.permissions(host.tier("hot"))[0] == 0o2770
    assert visible.permissions(host.tier("warm"))[0] == 0o700
    check_then_run(host, wanted, devices)


def test_with_mode_and_owner_changed_by_hand(host):
    wanted, devices = wanted_disks(host, owner="daemon", mode="0750")
    host.converge(wanted)
    os.chmod(host.tier("hot"), 0o777)
    os.chown(host.tier("hot"), 0, 0)
    assert check_then_run(host, wanted, devices).ops == [("chown", "hot"), ("chmod", "hot")]


def test_with_swap_priority(host):
    wanted, devices = wanted_disks(host)
    check_then_run(host, wanted, devices, swap_priority=7)
    result = check_then_run(host, wanted, devices, swap_priority=9)
    assert sorted(result.ops) == [("fstab", "swap"), ("swapoff", "swap"), ("swapon", "swap")]


def test_with_mount_options(host):
    wanted, devices = wanted_disks(host)
    check_then_run(host, wanted, devices)
    result = check_then_run(host, wanted, devices, mount_options="nodev,nosuid,nofail")
    assert sorted(result.ops) == [("fstab", "hot"), ("remount", "hot")]
    (mount,) = system.mounts_at(f"{ROOT}/hot")
    assert {"nodev", "nosuid", "rw", "relatime"} <= set(mount["options"].split(","))


@pytest.mark.parametrize("repair", REPAIRS, ids=lambda repair: repair.name)
def test_on_each_repair(host, repair):
    wanted, devices = prepared(host, repair)
    check_then_run(host, wanted, devices)


def test_for_a_wipe(host):
    wanted, devices = wanted_disks(host)
    system.tool("mkfs.xfs", "-q", host.add_disk("photos", SIZES["xfs"]).path)
    wanted[1]["device"] = host.disks[-1].path
    devices = {host.disks[-1].path: "hot", host.disks[1].path: "swap"}
    wanted[1]["wipe"] = host.run(wanted, check=True)["token"]
    host.remove_disk(host.disks[0])
    result = check_then_run(host, wanted, devices)
    assert result.ops[:2] == [("wipe", "hot"), ("mkfs", "hot")]


def test_opens_nothing_for_writing(host):
    wanted, _ = wanted_disks(host)
    fstab = FSTAB.read_bytes()
    result, calls = trace(host, wanted, check=True, diff=True)
    assert result["changed"] is True
    assert [call for call in calls if opens_for_writing(call)] == []
    assert changes_of(calls) == []
    assert FSTAB.read_bytes() == fstab
    assert not os.path.exists("/run/storage_tier.lock") and os.listdir("/var/lib") == []


def test_of_a_refusal_opens_nothing_for_writing(host):
    wanted, _ = wanted_disks(host)
    system.tool("mkfs.ext4", "-q", host.disks[0].path)
    for check in (True, False):
        result, calls = trace(host, wanted, check=check)
        assert result["error_id"] == "foreign-content"
        assert changes_of(calls) == []
