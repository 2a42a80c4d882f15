# SPDX-License-Identifier: GPL-3.0-or-later
"""A token destroys the one content that it names, and nothing else, ever."""

import json
import subprocess

import pytest
import system
from corpus import CASES, build, missing_tools
from disk import MIB
from host import FSTAB, OS, RECORDS, ROOT, SIZES, STORAGE_TIER

SAMPLE = [("ext4", "ext4"), ("xfs-foreign-label", "xfs"), ("btrfs", "btrfs"), ("swap", "ext4"),
          ("gpt", "ext4"), ("mbr", "xfs"), ("lvm2", "swap"), ("luks2", "ext4"),
          ("xfs-beside-gpt-backup", "ext4"), ("ext4-bad-checksum", "ext4"),
          ("all-ones", "ext4"), ("text-in-the-middle", "btrfs"), ("gpt-backup-only", "swap"),
          ("ext4-in-btrfs", "ext4"), ("zfs", "ext4"), ("md-1.0", "xfs")]


def case_named(name):
    return next(case for case in CASES if case.name == name)


def disk_with(host, name, fstype="ext4"):
    case = case_named(name)
    if missing := missing_tools(case):
        pytest.skip(f"not installed: {', '.join(missing)}")
    image = host.folder / f"{name}.img"
    build(case, image, max(case.size, SIZES[fstype], 64 * MIB))
    return host.add_disk(image=image)


def wanted_disk(disk, fstype="ext4", **keys):
    wanted = {"name": "data-0", "tier": "swap" if fstype == "swap" else "hot",
              "device": disk.path, **keys}
    return wanted if fstype == "swap" else {**wanted, "fstype": fstype}


@pytest.mark.parametrize("name, fstype", SAMPLE)
def test_its_token_makes_a_disk_a_tier(host, name, fstype):
    disk = disk_with(host, name, fstype)
    wanted = wanted_disk(disk, fstype)
    wanted["wipe"] = host.run([OS, wanted], check=True)["token"]
    make = "mkswap" if fstype == "swap" else "mkfs"
    result = host.converge([OS, wanted])  # the token stays in the inventory
    assert result.ops[:2] == [("wipe", wanted["tier"]), (make, wanted["tier"])]
    signature = system.blkid(disk.path)
    assert (signature["TYPE"], signature["LABEL"]) == (fstype, f"tier-{wanted['tier']}")
    assert [kind for kind, _ in system.wipefs(disk.path)] == [fstype] * len(
        system.wipefs(disk.path))
    if fstype == "swap":
        assert disk.path in system.swaps()
        return
    system.tool("umount", f"{ROOT}/hot")
    system.check_filesystem(disk.path)
    host.converge([OS, wanted])


def test_a_token_never_fires_on_other_content(host):
    """The next disk in the same slot, with the inventory as it was left."""
    disk = disk_with(host, "ext4-foreign-label")
    wanted = wanted_disk(disk)
    wanted["wipe"] = host.run([OS, wanted], check=True)["token"]
    host.converge([OS, wanted])
    system.tool("umount", f"{ROOT}/hot")
    system.tool("mkfs.ext4", "-q", "-F", "-L", "photos", disk.path)
    digest = disk.digest()
    result = host.run([OS, wanted])
    assert result["error_id"] == "foreign-content" and "names other content" in result["msg"]
    assert disk.digest() == digest


def test_a_token_of_raw_data_names_this_data(host):
    disk = disk_with(host, "text-at-head")
    wanted = wanted_disk(disk)
    wanted["wipe"] = host.run([OS, wanted], check=True)["token"]
    disk.write_at(5 * MIB, b"one more file")
    result = host.run([OS, wanted])
    assert result["error_id"] == "foreign-content" and disk.holds(b"one more file")
    assert result["token"] != wanted["wipe"]


def test_a_token_does_not_destroy_what_serves_already(host):
    """The UUID of the tier itself as token, by mistake: nothing is wiped."""
    disk = host.add_disk()
    wanted = wanted_disk(disk)
    host.converge([OS, wanted])
    (host.tier("hot") / "file").write_text("precious", encoding="utf-8")
    uuid = system.blkid(disk.path)["UUID"]
    for unmounted in (False, True):
        if unmounted:
            system.tool("umount", f"{ROOT}/hot")
        result = host.run([OS, {**wanted, "wipe": f"ext4:{uuid}"}])
        assert not result.failed and ("wipe", "hot") not in result.ops
        assert (host.tier("hot") / "file").read_text(encoding="utf-8") == "precious"


def test_to_and_from_swap_needs_a_token(host):
    disk = host.add_disk()
    host.converge([OS, wanted_disk(disk)])
    system.tool("umount", f"{ROOT}/hot")
    for line in host.fstab_lines():
        assert system.blkid(disk.path)["UUID"] in line
    digest = disk.digest()
    result = host.run([OS, wanted_disk(disk, "swap")])
    assert result.failed and disk.digest() == digest


def test_another_filesystem_needs_a_token_and_an_unmounted_disk(host):
    disk = host.add_disk(size=SIZES["xfs"])
    host.converge([OS, wanted_disk(disk)])
    wanted = wanted_disk(disk, "xfs")
    result = host.run([OS, wanted])
    assert result["error_id"] == "fstype-differs"
    wanted["wipe"] = result["token"]
    assert host.run([OS, wanted])["error_id"] == "in-use"
    system.tool("umount", f"{ROOT}/hot")
    host.converge([OS, wanted])
    assert system.blkid(disk.path)["TYPE"] == "xfs"
    (line,) = host.fstab_lines("hot")
    assert f"UUID={system.blkid(disk.path)['UUID']} {ROOT}/hot xfs " in line


def test_a_torn_filesystem_is_seen_behind_a_wipe_that_was_taken_back(host):
    """Of the run that made it half, no record is left: the wipe's own one makes the module look."""
    disk = host.add_disk(size=SIZES["xfs"])
    host.converge([OS, wanted_disk(disk, "xfs")])
    system.tool("umount", f"{ROOT}/hot")
    FSTAB.write_text("# none\n", encoding="utf-8")
    uuid = system.blkid(disk.path)["UUID"]
    group_blocks = int.from_bytes(disk.bytes_at(84, 4), "big")
    disk.write_at(group_blocks * 4096 + 512, bytes(1024))  # free space and inodes of group 1
    taken_back = [OS, wanted_disk(disk, "ext4", wipe=f"xfs:{uuid}")]
    arguments = host.arguments_file(json.dumps({"disks": taken_back, "provider": "generic"}))
    done = subprocess.run(["strace", "-o", host.folder / "log", "-e", "inject=pwrite64:signal=KILL:when=3",
                           STORAGE_TIER, arguments], capture_output=True, check=False)
    assert done.returncode and list(RECORDS.iterdir()), "the wipe wasn't cut short after its stamps"
    result = host.run([OS, wanted_disk(disk, "xfs")])
    assert (result["error_id"], result["token"]) == ("unfinished", f"xfs:{uuid}"), result
    host.converge([OS, wanted_disk(disk, "xfs", wipe=result["token"])])
    assert system.blkid(disk.path)["UUID"] != uuid
