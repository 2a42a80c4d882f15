# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing that somebody may want back is formatted: the corpus of contents on real devices."""

import pytest
import system
from corpus import CASES, DATA, build, missing_tools
from disk import MIB
from host import FSTAB, OS, SIZES

RESULT_KEYS = {"error_id", "disk", "device", "serial", "wwn", "found", "token", "msg", "failed",
               "changed"}
# A real run refuses for the same reason as check mode, and a zeroed disk is really made.
FOR_REAL = ("gpt-backup-only", "ext4", "xfs-bad-checksum", "lvm2", "luks2", "md-1.2",
            "text-in-the-middle", "last-byte")


def disk_of(host, case):
    image = host.folder / f"{case.name}.img"
    build(case, image, max(case.size, 64 * MIB))
    disk = host.add_disk(image=image)
    return disk, {"name": "data-0", "tier": "hot", "device": disk.path}


def first_byte(disk):
    """Offset of the first byte that isn't zero."""
    with disk.image.open("rb") as file:
        at = 0
        while chunk := file.read(MIB):
            if rest := chunk.lstrip(b"\0"):
                return at + len(chunk) - len(rest)
            at += len(chunk)
    return None


def check_refusal(result, disk, case):
    """The message and the keys say which disk, what is on it and where, and what to write."""
    assert result.failed and result["error_id"] == "foreign-content"
    assert RESULT_KEYS <= set(result.json) and result["changed"] is False
    assert (result["disk"], result["device"]) == ("data-0", disk.path)
    message, token = result["msg"], result["token"]
    for part in ("disk data-0", disk.path, str(disk.image), "nothing was written",
                 f'wipe: "{token}"'):
        assert part in message
    expected = system.wipefs(disk.path)
    assert [(s["type"], s["offset"]) for s in result["found"]] == expected
    for kind, offset in expected:
        assert f"{kind} at offset {offset}" in message
    if case.expected == DATA:
        assert expected == []
        assert f"data without a known signature at offset {first_byte(disk)}" in message
    else:
        assert case.expected in [kind for kind, _ in expected]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_refused_untouched_and_accepted_when_zeroed(host, case):
    if missing := missing_tools(case):
        pytest.skip(f"not installed: {', '.join(missing)}")
    disk, wanted = disk_of(host, case)
    fstab, digest = FSTAB.read_bytes(), disk.digest()
    for_real = case.name in FOR_REAL
    for check in (True, False) if for_real else (True,):
        check_refusal(host.run([OS, wanted], check=check), disk, case)
    for token in ("data:" + "0" * 64, "force") if for_real else ("data:" + "0" * 64,):
        result = host.run([OS, {**wanted, "wipe": token}], check=not for_real)
        check_refusal(result, disk, case)
        assert "names other content" in result["msg"]
    assert disk.digest() == digest and FSTAB.read_bytes() == fstab
    assert not host.tier("").exists()

    disk.zero()
    result = host.run([OS, wanted], check=not for_real)
    assert not result.failed and ("mkfs", "hot") in result.ops
    if for_real:
        assert system.blkid(disk.path)["LABEL"] == "tier-hot"


def case_named(name):
    return next(case for case in CASES if case.name == name)


@pytest.mark.parametrize("tier", ["hot", "swap"])
@pytest.mark.parametrize("name", ["swap", "ext4", "gpt"])
def test_refused_as_any_tier(host, tier, name):
    case = case_named(name)
    if missing := missing_tools(case):
        pytest.skip(f"not installed: {', '.join(missing)}")
    disk, wanted = disk_of(host, case)
    digest = disk.digest()
    check_refusal(host.run([OS, {**wanted, "tier": tier}]), disk, case)
    assert disk.digest() == digest


def test_one_foreign_disk_stops_the_run_before_the_blank_one_is_made(host):
    blank = host.add_disk("data-0")
    digest = blank.digest()
    foreign, wanted = disk_of(host, case_named("ext4-foreign-label"))
    result = host.run([OS, {"name": "data-1", "tier": "cold", "device": blank.path}, wanted])
    check_refusal(result, foreign, case_named("ext4-foreign-label"))
    assert blank.digest() == digest


def test_a_filesystem_that_is_merely_named_like_a_tier_is_not_taken_for_another_tier(host):
    disk = host.add_disk()
    system.tool("mkfs.ext4", "-q", "-L", "tier-cold", disk.path)
    digest = disk.digest()
    result = host.run([OS, {"name": "data-0", "tier": "hot", "device": disk.path}])
    assert result["error_id"] == "labelled-otherwise" and disk.digest() == digest


@pytest.mark.parametrize("fstype", ["ext4", "xfs", "btrfs", "swap"])
def test_a_filesystem_in_use_is_not_touched(host, fstype):
    disk = host.add_disk(size=SIZES[fstype])
    wanted = [OS, {"name": "data-0", "tier": "cold", "device": disk.path}]
    if fstype == "swap":
        system.tool("mkswap", disk.path)
        system.tool("swapon", disk.path)
    else:
        system.tool(f"mkfs.{fstype}", "-q", disk.path)
        (host.folder / "elsewhere").mkdir()
        system.tool("mount", disk.path, host.folder / "elsewhere")
    signature = system.blkid(disk.path)
    for wipe in ({}, {"wipe": f"{signature['TYPE']}:{signature['UUID']}"}):
        result = host.run([OS, {**wanted[1], **wipe}])
        assert result.failed and result["error_id"] in ("in-use", "mounted-elsewhere")
        assert disk.path in result["msg"]
    assert system.blkid(disk.path) == signature
