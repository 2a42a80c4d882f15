# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory changes its mind: tiers move, are exchanged, go to the OS disk and back, are pruned,
taken away, grown. The files stay, the filesystem keeps its UUID, and nothing is left behind."""

import os
import subprocess

import pytest
import system
from disk import MIB
from existing import wanted_disk
from host import FSTAB, OS, RECORDS, ROOT, SIZES


def disk_of(host, tier, fstype="ext4", name="data-0"):
    disk = host.add_disk(name, SIZES[fstype])
    wanted = {"name": name, "tier": tier, "device": disk.path}
    if fstype != "swap":
        wanted["fstype"] = fstype
    return disk, wanted


def write(host, tier, text="precious"):
    (host.tier(tier) / "file").write_text(text, encoding="utf-8")


def read(host, tier):
    return (host.tier(tier) / "file").read_text(encoding="utf-8")


def check_and_run(host, wanted, **options):
    """What check mode announces is what the run does, and it converges."""
    complaints = system.verify_fstab()
    announced = host.run(wanted, check=True, **options)
    assert not announced.failed, announced
    result = host.converge(wanted, **options)
    assert announced.actions == result.actions
    assert set(system.verify_fstab()) <= set(complaints)
    assert not RECORDS.exists() or list(RECORDS.iterdir()) == []
    return result


@pytest.mark.parametrize("fstype", ("ext4", "xfs", "btrfs"))
def test_tier_moves_with_its_files(host, fstype):
    disk, wanted = disk_of(host, "hot", fstype)
    host.converge([OS, wanted])
    write(host, "hot")
    uuid = system.blkid(disk.path)["UUID"]
    result = check_and_run(host, [OS, dict(wanted, tier="cold")])
    assert not {"mkfs", "wipe"} & {op for op, _ in result.ops}
    assert read(host, "cold") == "precious"
    assert system.blkid(disk.path)["UUID"] == uuid
    assert system.blkid(disk.path)["LABEL"] == "tier-cold"
    assert not host.tier("hot").exists()
    assert host.fstab_lines("hot") == [] and len(host.fstab_lines("cold")) == 1
    assert system.mounts_at(f"{ROOT}/hot") == []


def test_two_tiers_are_exchanged(host):
    one, hot = disk_of(host, "hot")
    two, cold = disk_of(host, "cold", "xfs", "data-1")
    host.converge([OS, hot, cold])
    write(host, "hot", "was hot")
    write(host, "cold", "was cold")
    result = check_and_run(host, [OS, dict(hot, tier="cold"), dict(cold, tier="hot")])
    assert not {"mkfs", "wipe", "rmdir"} & {op for op, _ in result.ops}
    assert read(host, "cold") == "was hot" and read(host, "hot") == "was cold"
    assert system.blkid(one.path)["LABEL"] == "tier-cold"
    assert system.blkid(two.path)["LABEL"] == "tier-hot"
    assert len(host.fstab_lines()) == 2


def test_to_the_os_disk_and_back(host):
    disk, wanted = disk_of(host, "hot")
    os_hot = {"name": "os", "tier": "hot"}
    host.converge([OS, wanted])
    write(host, "hot")
    result = check_and_run(host, [os_hot])
    assert disk.path in " ".join(result["warnings"])
    assert host.tier("hot").is_dir() and list(host.tier("hot").iterdir()) == []
    assert not system.is_immutable(host.tier("hot"))
    write(host, "hot", "on the OS disk")
    refusal = host.run([OS, wanted])
    assert refusal["error_id"] == "mount-point-not-empty" and "file" in refusal["msg"]
    (host.tier("hot") / "file").unlink()
    check_and_run(host, [OS, wanted])
    assert read(host, "hot") == "precious"


def test_prune_only_where_asked_for(host):
    _, hot = disk_of(host, "hot")
    _, swap = disk_of(host, "swap", "swap", "data-1")
    host.converge([OS, hot, swap])
    write(host, "hot")
    result = host.converge([OS])
    assert result["changed"] is False
    assert "hot" in " ".join(result["warnings"]) and "swap" in " ".join(result["warnings"])
    assert len(system.mounts_at(f"{ROOT}/hot")) == 1
    result = check_and_run(host, [OS], prune=True)
    assert ("umount", "hot") in result.ops and ("swapoff", "swap") in result.ops
    assert host.fstab_lines() == [] and system.swaps() == {}
    assert not host.tier("hot").exists()
    host.converge([OS, hot, swap])
    assert read(host, "hot") == "precious"


def test_absent_leaves_nothing_but_the_data(host):
    fstab = FSTAB.read_bytes()
    _, hot = disk_of(host, "hot")
    _, swap = disk_of(host, "swap", "swap", "data-1")
    _, cold = disk_of(host, "cold", "btrfs", "data-2")
    host.converge([OS, hot, swap, cold])
    write(host, "cold")
    result = check_and_run(host, [], state="absent")
    assert result["storage"] == {"tiers": {}, "swap": None}
    assert FSTAB.read_bytes() == fstab
    assert not os.path.exists(ROOT) and system.swaps() == {}
    result = host.converge([OS, hot, swap, cold])
    assert not {"mkfs", "mkswap", "wipe"} & {op for op, _ in result.ops}
    assert read(host, "cold") == "precious"


def test_absent_keeps_files_of_the_os_disk(host):
    host.converge([OS])
    write(host, "warm")
    assert host.converge([], state="absent")["changed"] is False
    assert read(host, "warm") == "precious"


def test_files_to_swap_and_back_only_by_token(host):
    disk, hot = disk_of(host, "hot")
    swap = {"name": "data-0", "tier": "swap", "device": disk.path}
    host.converge([OS, hot])
    write(host, "hot")
    refusal = host.run([OS, swap])
    assert refusal["error_id"] == "needs-wipe" and refusal["token"] in refusal["msg"]
    assert read(host, "hot") == "precious"
    check_and_run(host, [OS, dict(swap, wipe=refusal["token"])])
    assert disk.path in system.swaps() and not host.tier("hot").exists()
    refusal = host.run([OS, hot])
    assert refusal["error_id"] == "needs-wipe"
    check_and_run(host, [OS, dict(hot, wipe=refusal["token"])])
    assert disk.path not in system.swaps() and len(system.mounts_at(f"{ROOT}/hot")) == 1


def test_a_busy_tier_does_not_move(host):
    _, wanted = disk_of(host, "hot")
    host.converge([OS, wanted])
    fstab = FSTAB.read_bytes()
    with subprocess.Popen(["sleep", "600"], cwd=host.tier("hot")) as user:
        for check in (True, False):
            refusal = host.run([OS, dict(wanted, tier="cold")], check=check)
            assert refusal["error_id"] == "mount-busy"
            assert f"{user.pid} (sleep)" in refusal["msg"]
        assert FSTAB.read_bytes() == fstab
        assert host.run([OS, wanted])["changed"] is False
        user.kill()
    check_and_run(host, [OS, dict(wanted, tier="cold")])


def test_a_bind_mount_elsewhere_is_found_after_umount(host):
    _, wanted = disk_of(host, "hot")
    host.converge([OS, wanted])
    elsewhere = host.folder / "elsewhere"
    elsewhere.mkdir()
    system.tool("mount", "--bind", f"{ROOT}/hot", elsewhere)
    result = host.run([OS, dict(wanted, tier="cold")])
    assert result.failed and str(elsewhere) in result["msg"]
    system.tool("umount", elsewhere)
    host.converge([OS, dict(wanted, tier="cold")])


@pytest.mark.parametrize("fstype", ("xfs", "btrfs"))
def test_filesystem_grows_with_its_device(host, fstype):
    disk, wanted = disk_of(host, "hot", fstype)
    host.converge([OS, wanted])
    write(host, "hot")
    before = os.statvfs(host.tier("hot")).f_blocks
    disk.enlarge(256 * MIB)
    assert host.run([OS, wanted], grow=False)["changed"] is False
    result = check_and_run(host, [OS, wanted])
    assert result.ops == [("grow", "hot")]
    assert os.statvfs(host.tier("hot")).f_blocks > before
    assert read(host, "hot") == "precious"
    disk.enlarge(256 * MIB)
    system.tool("umount", f"{ROOT}/hot")
    assert check_and_run(host, [OS, wanted]).ops == [("mount", "hot"), ("grow", "hot")]
    system.tool("umount", f"{ROOT}/hot")
    system.check_filesystem(disk.path)


def test_btrfs_grows_on_a_device_that_is_not_its_first(host):
    first = host.add_disk(size=300 * MIB)
    host.converge([OS, wanted_disk(first, fstype="btrfs")])
    disk = host.add_disk("data-1", size=300 * MIB)
    system.tool("btrfs", "device", "add", "-K", disk.path, f"{ROOT}/hot")
    system.tool("btrfs", "device", "remove", first.path, f"{ROOT}/hot")
    wanted = [OS, wanted_disk(disk, fstype="btrfs")]
    disk.enlarge(200 * MIB)
    assert host.converge(wanted).ops == [("grow", "hot")]


@pytest.mark.parametrize("fstype", ["ext4", "xfs"])
def test_a_read_only_tier_neither_grows_nor_gets_a_label(host, fstype):
    disk = host.add_disk(size=SIZES[fstype])
    host.converge([OS, wanted_disk(disk, fstype=fstype)])
    wanted = [OS, wanted_disk(disk, fstype=fstype, mount_options="ro,nofail")]
    host.converge(wanted)
    system.tool("umount", f"{ROOT}/hot")
    label = ["tune2fs", "-L", "mine"] if fstype == "ext4" else ["xfs_admin", "-L", "mine"]
    system.tool(*label, disk.path)
    disk.enlarge(64 * MIB)
    result = host.converge(wanted)
    assert result.ops == [("mount", "hot")]
    assert any("label mine" in warning for warning in result["warnings"])
    assert any("smaller" in warning for warning in result["warnings"])
    system.tool("umount", f"{ROOT}/hot")
    # ext4 takes CAP_SYS_RESOURCE, which not every machine for tests has.
    host.converge([OS, wanted_disk(disk, fstype=fstype)], grow=fstype == "xfs")
    assert system.blkid(disk.path)["LABEL"] == "tier-hot"


def test_swap_grows_under_its_uuid(host):
    disk, wanted = disk_of(host, "swap", "swap")
    host.converge([OS, wanted])
    uuid = system.blkid(disk.path)["UUID"]
    disk.enlarge(256 * MIB)
    result = check_and_run(host, [OS, wanted])
    assert result.ops == [("swapoff", "swap"), ("grow", "swap"), ("swapon", "swap")]
    assert system.blkid(disk.path)["UUID"] == uuid
    assert result["storage"]["swap"]["size_bytes"] > SIZES["swap"]


def test_adopted_filesystem_does_not_grow(host):
    disk, wanted = disk_of(host, "hot", "xfs")
    system.tool("mkfs.xfs", "-q", "-L", "photos", disk.path)
    disk.enlarge(256 * MIB)
    result = host.converge([OS, dict(wanted, existing="adopt")])
    assert ("grow", "hot") not in result.ops
