# SPDX-License-Identifier: GPL-3.0-or-later
"""Which device a declared disk is: by what it says of itself, and never by guessing."""

import json
from pathlib import Path

import pytest
import system
from existing import refused, wanted_disk
from host import FSTAB, OS, ROOT, SIZES

SEED = Path(__file__).parent.parent.parent / "lab" / "seed_fleet.json"


def test_generic_without_identity_finds_its_own_label(host):
    disk, blank = host.add_disk(), host.add_disk("data-1")
    host.converge([OS, {"name": "data-0", "tier": "hot", "device": disk.path}])
    result = host.run([OS, {"name": "data-0", "tier": "hot"}])
    assert result["changed"] is False
    assert result["storage"]["tiers"]["hot"]["found_by"] == "label"
    assert result["storage"]["tiers"]["hot"]["device"] == disk.path
    assert system.blkid(blank.path) == {}


def test_generic_without_identity_and_label_lists_the_candidates(host):
    blank = host.add_disk()
    foreign = host.add_disk("photos")
    system.tool("mkfs.ext4", "-q", "-L", "photos", foreign.path)
    digests = [d.digest() for d in host.disks]
    result = host.run([OS, {"name": "data-0", "tier": "hot"}])
    assert result.failed and result["changed"] is False
    for part in ("data-0", blank.path, foreign.path, "ext4"):
        assert part in result["msg"]
    assert result["error_id"] == "disk-not-found"
    by_path = {c["path"]: c for c in result["candidates"]}
    assert by_path[foreign.path]["content"]["signatures"][0]["type"] == "ext4"
    assert by_path[blank.path]["size_bytes"] == SIZES["ext4"]
    assert [d.digest() for d in host.disks] == digests


def test_two_disks_with_our_label_are_ambiguous(host):
    for name in ("data-0", "data-1"):
        system.tool("mkfs.ext4", "-q", "-L", "tier-hot", host.add_disk(name).path)
    result = host.run([OS, {"name": "data-0", "tier": "hot"}])
    assert result["error_id"] == "identity-ambiguous"
    for disk in host.disks:
        assert disk.path in result["msg"]


def test_what_is_found_by_its_label_has_to_be_usable(host):
    disk = host.add_disk()
    host.converge([OS, wanted_disk(disk)])
    system.tool("umount", f"{ROOT}/hot")
    FSTAB.write_text("", encoding="utf-8")
    host.remove_disk(disk)
    disk = host.add_disk(image=disk.image, read_only=True)
    refused(host, [OS, {"name": "data-0", "tier": "hot"}], [disk], "read-only-device", disk.path)


@pytest.mark.parametrize("provider", ["aws", "gcp", "oci"])
def test_provider_that_does_not_know_the_disk_guesses_nothing_and_takes_an_identity(host, provider):
    disk = host.add_disk()
    result = host.run([OS, {"name": "data-0", "tier": "hot"}], provider=provider)
    assert result.failed and result["changed"] is False and "data-0" in result["msg"]
    assert system.blkid(disk.path) == {}
    host.converge([OS, {"name": "data-0", "tier": "hot", "device": disk.path}], provider=provider)
    assert system.blkid(disk.path)["LABEL"] == "tier-hot"


def test_proxmox_without_its_disks_says_which_drive_is_missing(host):
    disk = host.add_disk()
    result = host.run([OS, {"name": "data-1", "tier": "hot"}], provider="proxmox")
    assert result.failed and "drive-scsi2" in result["msg"] and disk.path in result["msg"]
    result = host.run([OS, {"name": "logs", "tier": "hot"}], provider="proxmox")
    assert result["error_id"] == "disk-name" and "logs" in result["msg"]


def test_link_below_dev_is_followed(host):
    disk = host.add_disk()
    links = host.nodes / "disk" / "by-id"
    links.mkdir(parents=True)
    (links / "lab-data-0").symlink_to(f"../../{disk.kernel_name}")
    wanted = [OS, {"name": "data-0", "tier": "hot", "device": "/dev/disk/by-id/lab-data-0"}]
    result = host.converge(wanted)
    assert system.mounts_at(f"{ROOT}/hot")[0]["source"] == disk.path
    assert result["storage"]["tiers"]["hot"]["by_id"] == "/dev/disk/by-id/lab-data-0"


def seed_node(name):
    """The disks of a node as the seed declares them."""
    found = []

    def search(value):
        if isinstance(value, dict):
            if value.get("name") == name or value.get("hostname") == name:
                found.append(value)
            for key, inner in value.items():
                if key == name and isinstance(inner, dict):
                    found.append(inner)
                search(inner)
        elif isinstance(value, list):
            for inner in value:
                search(inner)

    search(json.loads(SEED.read_text(encoding="utf-8")))
    return next(node for node in found if "disks" in node)["disks"]


def shared(host, name="wkr-cloud-1"):
    """The seed's worker, whose data disk has the tier of its OS disk."""
    disk = host.add_disk()
    declared = [{"name": d["name"], "tier": d["tier"]} for d in seed_node(name)]
    assert [d["tier"] for d in declared] == ["hot", "hot"]
    for entry in declared:
        if entry["name"] != "os":
            entry["device"] = disk.path
    return disk, declared


def test_shared_tier_is_served_by_the_data_disk_with_a_warning(host):
    disk, declared = shared(host)
    result = host.converge(declared)
    assert any("os" in w and "data-0" in w and "hot" in w for w in result["warnings"])
    assert system.mounts_at(f"{ROOT}/hot")[0]["source"] == disk.path
    assert result["storage"]["tiers"].keys() == {"hot"}
    assert result["storage"]["tiers"]["hot"]["source"] == "disk"


def test_shared_tier_can_be_made_an_error(host):
    disk, declared = shared(host)
    digest = disk.digest()
    result = host.run(declared, shared_tier="fail")
    assert result.failed and "shared_tier" in result["msg"] and disk.digest() == digest


def test_shared_tier_hides_no_file_of_the_os_disk(host):
    disk, declared = shared(host)
    host.converge([{"name": "os", "tier": "hot"}])
    (host.tier("hot") / "file").write_text("precious", encoding="utf-8")
    result = host.run(declared)
    assert result["error_id"] == "mount-point-not-empty" and "file" in result["msg"]
    assert system.blkid(disk.path) == {}
