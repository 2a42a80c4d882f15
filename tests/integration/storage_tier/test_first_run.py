# SPDX-License-Identifier: GPL-3.0-or-later
"""From blank disks to tiers, as the system shows them, and a second run that does nothing."""

import json

import pytest
import system
from host import FSTAB, OS, RECORDS, ROOT, SIZES, Host
from tracing import changes_of, trace

TIER_KEYS = {"path", "source", "device", "by_id", "serial", "uuid", "label", "fstype",
             "size_bytes", "available_bytes", "found_by"}
STAMP = b"storage_tier: a filesystem is being made here"
FOUR = {"hot": "ext4", "cold": "xfs", "swap": "swap"}


def four_disks(host: Host):
    """os, hot (ext4), cold (xfs) and swap."""
    disks = {tier: host.add_disk(f"data-{i}", SIZES[fstype])
             for i, (tier, fstype) in enumerate(FOUR.items())}
    wanted = [OS]
    for tier, disk in disks.items():
        wanted.append({"name": disk.name, "tier": tier, "device": disk.path})
        if FOUR[tier] == "xfs":
            wanted[-1]["fstype"] = "xfs"
    return disks, wanted


def check_mounted(host, disk, tier, fstype):
    (mount,) = system.mounts_at(f"{ROOT}/{tier}")
    assert (mount["source"], mount["fstype"]) == (disk.path, fstype)
    options = mount["options"].split(",")
    assert "rw" in options and "noatime" in options
    signature = system.blkid(disk.path)
    assert (signature["TYPE"], signature["LABEL"]) == (fstype, f"tier-{tier}")
    (line,) = host.fstab_lines(tier)
    assert line == (f"UUID={signature['UUID']} {ROOT}/{tier} {fstype} "
                    f"noatime,nofail,x-systemd.device-timeout=30s,x-storage-tier={tier} "
                    f"0 {2 if fstype == 'ext4' else 0}")
    assert system.is_immutable(host.below(f"{ROOT}/{tier}"))
    (host.tier(tier) / "file").write_text("usable", encoding="utf-8")


def test_four_disks_become_tiers(host):
    disks, wanted = four_disks(host)
    complaints = system.verify_fstab()
    result = host.run(wanted)
    assert not result.failed and result["changed"] is True

    check_mounted(host, disks["hot"], "hot", "ext4")
    check_mounted(host, disks["cold"], "cold", "xfs")
    assert disks["swap"].path in system.swaps()
    swap = system.blkid(disks["swap"].path)
    assert (swap["TYPE"], swap["LABEL"]) == ("swap", "tier-swap")
    assert host.fstab_lines("swap") == [
        f"UUID={swap['UUID']} none swap sw,nofail,x-systemd.device-timeout=10s,"
        "x-storage-tier=swap 0 0"]
    assert host.tier("warm").is_dir() and not system.mounts_at(f"{ROOT}/warm")
    assert not system.is_immutable(host.tier("warm"))
    assert system.verify_fstab() == complaints


@pytest.mark.parametrize("fstype", ["ext4", "xfs", "btrfs"])
def test_each_filesystem_is_in_order_and_keeps_data(host, fstype):
    disk = host.add_disk(size=SIZES[fstype])
    wanted = [OS, {"name": "data-0", "tier": "hot", "device": disk.path}]
    host.converge(wanted, fstype=fstype)
    check_mounted(host, disk, "hot", fstype)
    system.tool("umount", f"{ROOT}/hot")
    system.check_filesystem(disk.path)
    assert not disk.holds(STAMP)
    host.converge(wanted, fstype=fstype)
    assert (host.tier("hot") / "file").read_text(encoding="utf-8") == "usable"


def test_result_has_every_key_of_the_contract(host):
    disks, wanted = four_disks(host)
    for check in (True, False):
        result = host.run(wanted, check=check)
        assert set(result["storage"]) == {"tiers", "swap"}
        assert set(result["storage"]["tiers"]) == {"hot", "warm", "cold"}
        for tier in result["storage"]["tiers"].values():
            assert set(tier) == TIER_KEYS
        swap = result["storage"]["swap"]
        assert set(swap) == TIER_KEYS | {"priority", "active"}
        assert result["ansible_facts"] == {"storage_tier": result["storage"]}
        for action in result.actions:
            assert set(action) == {"op", "tier", "device", "detail"}
        assert result["restart_needed"] is True
        assert len(result["restart_reasons"]) == 1
        assert "diff" not in result.json

    tiers = result["storage"]["tiers"]
    for tier, fstype in (("hot", "ext4"), ("cold", "xfs")):
        signature = system.blkid(disks[tier].path)
        shown = tiers[tier]
        assert (shown["path"], shown["source"], shown["device"], shown["fstype"],
                shown["uuid"], shown["label"], shown["found_by"]) == (
            f"{ROOT}/{tier}", "disk", disks[tier].path, fstype, signature["UUID"],
            f"tier-{tier}", "device")
        space = json.loads(system.tool("findmnt", "--json", "--bytes", "-o", "SIZE,AVAIL",
                                       f"{ROOT}/{tier}"))["filesystems"][0]
        assert (shown["size_bytes"], shown["available_bytes"]) == (space["size"], space["avail"])
    assert (tiers["warm"]["path"], tiers["warm"]["source"], tiers["warm"]["fstype"]) == (
        f"{ROOT}/warm", "os", "tmpfs")
    assert swap["path"] is None and swap["active"] is True
    assert swap["priority"] == system.swaps()[disks["swap"].path]
    assert swap["size_bytes"] == SIZES["swap"] - 4096

    second = host.run(wanted)
    assert second["storage"] == result["storage"]
    assert (second["restart_needed"], second["restart_reasons"]) == (False, [])


def test_second_run_changes_nothing_and_starts_nothing(host):
    _, wanted = four_disks(host)
    assert not host.run(wanted).failed
    result, calls = trace(host, wanted)
    assert result["changed"] is False and result.actions == []
    assert changes_of(calls) == []
    assert [call.name for call in calls if call.name.startswith("exec")] == ["execve"]


def test_os_disk_alone(host):
    result = host.converge([{**OS, "tier": "hot"}])
    assert result.ops == [("mkdir", None), ("mkdir", "hot")]
    assert host.tier("hot").is_dir()
    assert result["storage"]["swap"] is None
    assert host.fstab_lines() == []
    assert not RECORDS.exists()


def test_order_of_declaration_does_not_matter(host):
    disks, wanted = four_disks(host)
    assert not host.run(wanted).failed
    again = host.run(wanted[::-1])
    assert again["changed"] is False
    assert again["storage"]["tiers"]["hot"]["device"] == disks["hot"].path


def test_diff_shows_fstab_and_tiers_and_no_uuid_that_is_yet_to_be_drawn(host):
    _, wanted = four_disks(host)
    before = FSTAB.read_text(encoding="utf-8")
    diff = host.run(wanted, check=True, diff=True)["diff"]
    assert diff[0]["before"] == before
    assert "UUID=<new> /var/storage/hot ext4" in diff[0]["after"]
    assert diff[0]["after"].startswith(before)
    assert "tier-cold" in diff[1]["after"]
    assert not host.run(wanted).failed
    assert not host.run(wanted, diff=True).json.get("diff")


def test_directory_of_disk_tier_is_root_only_writable_until_mounted(host):
    disk = host.add_disk()
    host.converge([OS, {"name": "data-0", "tier": "hot", "device": disk.path}])
    system.tool("umount", f"{ROOT}/hot")
    with pytest.raises(OSError):
        (host.tier("hot") / "stray").write_text("lost under the mount", encoding="utf-8")
