# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that are parts of something larger are refused untouched, open and closed; what lies on top of
them serves as a tier when `device` names it."""

import pytest
from drives import MIB, scsi
from kinds import KINDS, NO_ASSEMBLY
from tiers import OS, ROOT

WWN = 0x5000C500A1B2C3D4
MULTIPATH = """defaults {
  find_multipaths yes
  user_friendly_names yes
}
"""


def sampled(kinds):
    return [pytest.param(kind, id=kind.name, marks=() if kind.in_sample else pytest.mark.long)
            for kind in kinds]


def kind_named(name):
    return next(kind for kind in KINDS if kind.name == name)


def hot(device, **keys):
    return [OS, {"name": "data-0", "tier": "hot", "device": device, **keys}]


def plug_disks(host, count):
    disks = [scsi(n, host.blank(f"disk{n}", (64 + n) * MIB)) for n in range(1, count + 1)]
    host.plug(*disks)
    return disks, [host.node(disk) for disk in disks]


def refused(host, wanted, disks, *errors):
    """With one of these ids, in check mode and for real, and no byte of any disk changed."""
    before = [host.digest(disk) for disk in disks]
    fstab = host.guest.read("/etc/fstab")
    for check in (True, False):
        result = host.run(wanted, check=check)
        assert result.failed and result["error_id"] in errors, result
        assert result["changed"] is False
    assert [host.digest(disk) for disk in disks] == before
    assert host.guest.read("/etc/fstab") == fstab
    return result


@pytest.mark.parametrize("kind", sampled(KINDS))
def test_parts_are_refused_open_and_closed_and_made_with_their_token(host, kind):
    host.guest.run(NO_ASSEMBLY)
    disks, nodes = plug_disks(host, kind.disks + 1)
    *parts, twin = disks
    *part_nodes, twin_node = nodes
    host.guest.run(kind.script(kind.make, part_nodes))
    for node in part_nodes:
        refused(host, hot(node), disks, "in-use")
    host.guest.run(kind.script(kind.close, part_nodes))
    for node in part_nodes:
        result = refused(host, hot(node), disks, "foreign-content")
        assert kind.found in [found["type"] for found in result["found"]]
    token = result["token"]
    host.converge(hot(part_nodes[-1], wipe=token))
    assert host.signature(part_nodes[-1])["LABEL"] == "tier-hot"
    host.guest.run(f"umount {ROOT}/hot")
    others = [host.digest(disk) for disk in parts[:-1]]
    assert ("mkfs", "cold") in host.run([OS, {"name": "data-1", "tier": "cold",
                                              "device": twin_node}]).ops  # a blank one beside
    assert [host.digest(disk) for disk in parts[:-1]] == others


def test_a_disk_held_by_a_plain_map_is_in_use_and_blank_without_it(host):
    (disk,), (node,) = plug_disks(host, 1)
    host.guest.run(f"dmsetup create plain --table \"0 2048 linear {node} 0\"")
    refused(host, hot(node), [disk], "in-use")
    host.guest.run("dmsetup remove plain")
    host.converge(hot(node))


@pytest.mark.parametrize("name, device", [("luks2", "/dev/mapper/opened"),
                                          ("lvm-volume-group", "/dev/group/volume")])
def test_what_is_opened_serves_as_a_tier_when_device_names_it(host, name, device):
    kind = kind_named(name)
    _, (node,) = plug_disks(host, 1)
    host.guest.run(kind.script(kind.make, [node]))
    host.guest.run(f"blkdiscard -z {device}")
    result = host.run([OS, {"name": "data-0", "tier": "hot"}], provider="proxmox")
    assert result.failed and result["error_id"] in ("in-use", "foreign-content"), result
    host.converge(hot(device))
    assert host.guest.tool("realpath", host.source("hot")) == host.guest.tool("realpath", device)
    assert host.signature(device)["LABEL"] == "tier-hot"
    assert host.run([OS, {"name": "data-1", "tier": "cold", "device": node}])["error_id"] == "in-use"


@pytest.mark.long
def test_a_logical_volume_is_mounted_after_a_reboot(make_host):
    host = make_host()
    host.resume()
    kind = kind_named("lvm-volume-group")
    _, (node,) = plug_disks(host, 1)
    host.guest.run(kind.script(kind.make, [node]))
    host.converge(hot("/dev/group/volume"))
    host.guest.power_off()
    assert host.boot() == "running"
    assert host.guest.tool("realpath", host.source("hot")) == host.guest.tool(
        "realpath", "/dev/group/volume")
    assert host.run(hot("/dev/group/volume"))["changed"] is False


def test_a_partition_serves_only_when_device_names_it(host):
    (disk,), (node,) = plug_disks(host, 1)
    host.guest.run(f"echo ,,L | sfdisk -q --label gpt {node}; udevadm settle")
    refused(host, hot(node), [disk], "foreign-content")
    host.converge(hot(f"{node}1"))
    assert host.source("hot") == f"{node}1"


def test_two_paths_are_refused_and_their_map_is_taken(host):
    image = host.blank("disk")
    paths = [scsi(n, image, shared=True, wwn=WWN, serial="one-disk") for n in (1, 2)]
    host.plug(*paths)
    by_wwn = [OS, {"name": "data-0", "tier": "hot", "wwn": hex(WWN)}]
    for wanted in (hot("/dev/sdb"), hot("/dev/sdc"), by_wwn):
        refused(host, wanted, paths, "identity-ambiguous")
    host.guest.write("/etc/multipath.conf", MULTIPATH)
    host.guest.run("systemctl unmask -q multipathd.service multipathd.socket; "
                   "modprobe -a dm-multipath dm-round-robin; systemctl start multipathd; "
                   "for _ in $(seq 50); do [ -e /dev/mapper/mpatha ] && break; sleep 0.2; done; "
                   "udevadm settle; test -e /dev/mapper/mpatha")
    for wanted in (hot("/dev/sdb"), hot("/dev/sdc")):
        refused(host, wanted, paths, "multipath-member")
    host.converge(hot("/dev/mapper/mpatha"))
    host.converge(by_wwn)
    assert host.source("hot") == "/dev/mapper/mpatha"
