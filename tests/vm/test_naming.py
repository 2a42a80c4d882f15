# SPDX-License-Identifier: GPL-3.0-or-later
"""Which disk is which, with the devices of real hypervisors in a guest."""

import time

from drives import MIB, nvme, scsi, virtio
from tiers import OS

EXT4_LABEL = (1024 + 120, 16)  # linux/fs/ext4/ext4.h, s_volume_name
SWAP_LABEL = (1024 + 28, 16)  # linux/include/linux/swap.h


def label(drive, place=EXT4_LABEL):
    """The label in the bytes of the disk's file."""
    offset, length = place
    with drive.image.open("rb") as file:
        file.seek(offset)
        return file.read(length).rstrip(b"\0").decode()


def data(number, tier, **keys):
    return {"name": f"data-{number}", "tier": tier, **keys}


def test_info_in_a_guest_names_every_disk(host):
    disk = scsi(1, host.blank("a"))
    host.plug(disk)
    found = {d["path"]: d for d in host.info()["disks"]}
    assert set(found) == {"/dev/sda", host.node(disk)}


def test_proxmox_scsi_drives_are_found_by_slot_whatever_their_order(host):
    disks = {n: scsi(n, host.blank(f"scsi{n}", (64 + n) * MIB)) for n in (3, 1, 2)}
    for disk in disks.values():  # one by one: sdb is scsi3
        host.plug(disk)
    assert host.node(disks[3]) < host.node(disks[1]) < host.node(disks[2])
    wanted = [OS, data(0, "hot"), data(1, "cold"), data(2, "swap")]
    host.converge(wanted)
    host.guest.run("sync")
    assert [label(disks[1]), label(disks[2])] == ["tier-hot", "tier-cold"]
    assert label(disks[3], SWAP_LABEL) == "tier-swap"
    assert (host.source("hot"), host.source("cold")) == (host.node(disks[1]), host.node(disks[2]))
    assert host.swaps() == [host.node(disks[3])]


def test_proxmox_scsi_drive_with_a_wwn_is_still_found_by_slot_and_by_wwn(host):
    disk = scsi(1, host.blank("a"), wwn=0x5000C500A1B2C3D4)
    host.plug(disk)
    links = host.guest.tool("ls", "/dev/disk/by-id").split()
    assert "wwn-0x5000c500a1b2c3d4" in links
    host.converge([OS, data(0, "hot")])
    host.converge([OS, data(0, "hot", wwn="0x5000c500a1b2c3d4")])
    assert host.source("hot") == host.node(disk)


def test_virtio_blk_without_serial_is_refused_untouched(host):
    disk = virtio(1, host.blank("a"))
    host.plug(disk)
    digest = host.digest(disk)
    result = host.run([OS, data(0, "hot")])
    assert result.failed and result["error_id"] == "virtio-blk-unidentified", result
    assert host.digest(disk) == digest


def test_virtio_blk_is_found_by_its_serial_of_twenty_bytes(host):
    other = virtio(1, host.blank("a", 65 * MIB), serial="disk-0123456789-abcX")
    disk = virtio(2, host.blank("b"), serial="disk-0123456789-abcd")
    host.plug(other, disk)
    digest = host.digest(other)
    host.converge([OS, data(0, "hot", serial="disk-0123456789-abcd")])
    assert host.source("hot") == host.node(disk)
    assert host.digest(other) == digest


def test_nvme_is_found_by_its_volume_id_with_and_without_dash(host):
    disk = nvme(1, host.blank("a"), "vol0abc1234567890def")
    host.plug(disk, nvme(2, host.blank("b", 65 * MIB), "vol0fff1234567890def"))
    for serial in ("vol-0abc1234567890def", "vol0abc1234567890def"):
        host.converge([OS, data(0, "hot", serial=serial)])
        assert host.source("hot") == host.node(disk)


def test_a_disk_attached_while_the_run_waits_is_taken_at_once(host):
    disk = scsi(1, host.blank("a"))
    host.start([OS, data(0, "hot")], device_timeout=100)
    time.sleep(3)
    assert host.guest.run("test -e /run/result", check=False).status != 0
    host.guest.plug(disk)
    begin = host.uptime()
    result = host.finish()
    assert not result.failed and ("mkfs", "hot") in result.ops, result
    assert host.uptime() - begin < 30
    assert host.source("hot") == host.node(disk)


def test_a_disk_that_never_comes_ends_the_wait_at_its_timeout(host):
    host.start([OS, data(0, "hot")], device_timeout=5)
    begin = host.uptime()
    result = host.finish()
    assert result.failed and 3 < host.uptime() - begin < 20, result
