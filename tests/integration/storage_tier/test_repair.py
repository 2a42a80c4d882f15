# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever was undone by hand is done again, without anything else, and without losing a file."""

import pytest
import system
from host import OS, ROOT, SIZES
from repairs import REPAIRS, prepared, swap_on_with_priority


@pytest.mark.parametrize("repair", REPAIRS, ids=lambda repair: repair.name)
def test_repaired(host, repair):
    wanted, devices = prepared(host, repair)
    (path, tier), = devices.items()
    uuid = system.blkid(path)["UUID"]
    result = host.converge(wanted)
    assert sorted(result.ops) == sorted(repair.ops)
    assert system.blkid(path)["UUID"] == uuid
    assert system.blkid(path)["LABEL"] == f"tier-{tier}"
    (line,) = host.fstab_lines()
    assert f"UUID={uuid} " in line
    if tier == "swap":
        assert path in system.swaps()
        return
    (mount,) = system.mounts_at(f"{ROOT}/hot")
    assert {"rw", "noatime"} <= set(mount["options"].split(","))
    assert not {"nodev", "noexec"} & set(mount["options"].split(","))
    assert system.is_immutable(host.below(f"{ROOT}/hot"))


def test_files_survive_every_repair_in_a_row(host):
    disk = host.add_disk()
    wanted = [OS, {"name": "data-0", "tier": "hot", "device": disk.path}]
    host.converge(wanted)
    (host.tier("hot") / "file").write_text("precious", encoding="utf-8")
    for repair in REPAIRS:
        if repair.fstype == "ext4":
            repair.harm(host, disk)
            host.converge(wanted)
            assert (host.tier("hot") / "file").read_text(encoding="utf-8") == "precious"
    system.tool("umount", f"{ROOT}/hot")
    system.check_filesystem(disk.path)


def test_priority_of_active_swap(host):
    disk = host.add_disk(size=SIZES["swap"])
    wanted = [OS, {"name": "data-0", "tier": "swap", "device": disk.path}]
    host.converge(wanted, swap_priority=3)
    assert system.swaps()[disk.path] == 3
    swap_on_with_priority(host, disk)
    result = host.converge(wanted, swap_priority=3)
    assert result.ops == [("swapoff", "swap"), ("swapon", "swap")]
    assert system.swaps()[disk.path] == 3


def test_mounted_twice_is_refused(host):
    disk = host.add_disk()
    wanted = [OS, {"name": "data-0", "tier": "hot", "device": disk.path}]
    host.converge(wanted)
    system.tool("mount", "--bind", f"{ROOT}/hot", f"{ROOT}/hot")
    result = host.run(wanted)
    assert result["error_id"] == "mounted-twice"
    system.tool("umount", f"{ROOT}/hot")
    assert host.run(wanted)["changed"] is False


def test_a_root_made_a_file_is_refused(host):
    open(ROOT, "x", encoding="utf-8").close()
    for root in (ROOT, f"{ROOT}/deeper"):
        result = host.run([OS], root=root)
        assert result["error_id"] == "root-is-no-directory" and ROOT in result["msg"]
