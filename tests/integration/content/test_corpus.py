# SPDX-License-Identifier: GPL-3.0-or-later
"""No content of the corpus is ever called blank; the same disk, zeroed, is."""

import hashlib
import re
import shutil
import struct
import subprocess

import pytest
from conftest import digest, examine, listed, listed_by_wipefs, loop_device, tool
from corpus import BTRFS_SIZE, CASES, DATA, MIB, blank, build, missing_tools, peek

ID = re.compile(r"[0-9A-Za-z-]{4,}")


def first_byte(path):
    """Offset of the first byte that isn't zero."""
    at = 0
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            if chunk.count(0) != len(chunk):
                return at + len(chunk) - len(chunk.lstrip(b"\0"))
            at += len(chunk)
    return None


def digest_of_blocks(path):
    """The data: token by another hand, for images under 1 GiB."""
    size = path.stat().st_size
    sha = hashlib.sha256(struct.pack("<Q", size))
    with open(path, "rb") as file:
        for offset in range(0, size, 4096):
            block = file.read(4096)
            if block.count(0) != len(block):
                sha.update(struct.pack("<Q", offset) + block)
    return sha.hexdigest()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_content_is_found(case, image):
    if missing := missing_tools(case):
        pytest.skip(f"not installed: {', '.join(missing)}")
    build(case, image)
    before = digest(image)
    with loop_device(image) as device:
        content = examine(device)
        assert examine(device) == content
        assert examine(device, "--full") == content
        assert listed(content) == listed_by_wipefs(device)
    assert digest(image) == before

    if case.expected == DATA:
        assert (content["kind"], content["signatures"]) == ("data", [])
        assert content["data_offset"] == first_byte(image)
    else:
        assert content["kind"] in ("filesystem", "signatures")
        assert case.expected in [s["type"] for s in content["signatures"]]
        assert f"{case.expected} at offset " in content["description"]
    kind, _, name = content["token"].partition(":")
    if kind == "data":
        assert name == digest_of_blocks(image)
    else:
        assert kind == content["signatures"][0]["type"]
        assert name == content["signatures"][0]["uuid"] and ID.fullmatch(name)

    with loop_device(image) as device:
        tool("blkdiscard", "--zeroout", device)
        assert examine(device)["kind"] == "blank"


SHARED_ID = ["gpt-of-two-disks", "md-0.90", "md-1.0", "md-1.1", "md-1.2", "ddf-raid", "drbd", "zfs",
             "stratis"]


@pytest.mark.parametrize("name", SHARED_ID)
def test_an_id_that_other_disks_share_is_no_token(name, image):
    """A member's id is the array's: such a token would name the other members too."""
    case = next(c for c in CASES if c.name == name)
    if missing := missing_tools(case):
        pytest.skip(f"not installed: {', '.join(missing)}")
    build(case, image)
    assert examine(image)["token"] == f"data:{digest_of_blocks(image)}"


@pytest.mark.parametrize("size", sorted({case.size for case in CASES}) + [64 * MIB + 512, 65536])
def test_twin_of_zeros_is_blank(size, image):
    blank(image, size)
    with loop_device(image) as device:
        assert listed_by_wipefs(device) == []
        for options in ((), ("--full",)):
            assert examine(device, *options)["kind"] == "blank"


def test_discarded_disk_is_blank(image):
    image.write_bytes(b"\xff" * 64 * MIB)
    with loop_device(image) as device:
        tool("blkdiscard", device)
        assert examine(device)["kind"] == "blank"


@pytest.mark.parametrize("name", ["xfs", "ext4", "btrfs", "lvm2"])
def test_damaged_superblock_is_marked(name, image):
    """On every libblkid: 2.38 doesn't check those of ext4 and xfs by itself."""
    case = next(c for c in CASES if c.name == f"{name}-bad-checksum")
    if missing := missing_tools(case):
        pytest.skip(f"not installed: {', '.join(missing)}")
    build(case, image)
    content = examine(image)
    assert content["kind"] == "signatures"
    assert content["signatures"][0]["bad_checksum"]
    assert content["token"].startswith("data:")
    assert content["description"].startswith("damaged ")


CLEAN = ["ext2", "ext3", "ext4", "ext4-foreign-label", "xfs", "xfs-foreign-label",
         "xfs-without-checksums", "xfs-half-made", "btrfs", "swap", "swap-64k-pages"]


@pytest.mark.parametrize("name", CLEAN)
def test_undamaged_filesystem(name, image):
    case = next(c for c in CASES if c.name == name)
    if missing := missing_tools(case):
        pytest.skip(f"not installed: {', '.join(missing)}")
    build(case, image)
    content = examine(image)
    (signature,) = content["signatures"]
    assert content["kind"] == "filesystem"
    assert not signature["bad_checksum"]
    assert content["filesystem_bytes"] == case.size
    assert content["token"] == f"{signature['type']}:{signature['uuid']}"


@pytest.mark.parametrize("options", [[], ["--checksum", "xxhash"], ["--checksum", "sha256"]])
def test_btrfs_of_several_devices_has_no_id_of_its_own(options, tmp_path):
    images = [blank(tmp_path / name, BTRFS_SIZE) for name in ("one", "two")]
    tool("mkfs.btrfs", "-q", "-f", *options, *images)
    first, second = (examine(path) for path in images)
    assert first["kind"] == second["kind"] == "filesystem"
    assert first["signatures"][0]["uuid"] == second["signatures"][0]["uuid"]
    assert first["token"] != second["token"]
    assert first["token"].startswith("data:")
    assert first["filesystem_bytes"] == BTRFS_SIZE


def test_size_of_a_filesystem_larger_than_its_device(image):
    build(next(c for c in CASES if c.name == "ext4"), image, 128 * MIB)
    with open(image, "r+b") as file:
        file.truncate(100 * MIB)
    assert examine(image)["filesystem_bytes"] == 128 * MIB


@pytest.mark.skipif(not shutil.which("mdadm", path="/usr/sbin:/sbin"), reason="mdadm not installed")
@pytest.mark.parametrize("version", ["0.90", "1.0", "1.1", "1.2"])
def test_mdadm_knows_the_members(version, image):
    build(next(c for c in CASES if c.name == f"md-{version}"), image)
    done = subprocess.run(["/usr/sbin/mdadm", "--examine", image], capture_output=True, check=False)
    text = done.stdout.decode()
    assert re.search(r"Version : " + re.escape(version), text), text + done.stderr.decode()
    assert re.search(r"Checksum : \w+ - correct", text), text


def test_large_sectors(image):
    """A GPT lies at other offsets where sectors are larger."""
    blank(image, 64 * MIB)
    with loop_device(image, "--sector-size", "4096") as device:
        assert examine(device)["kind"] == "blank"
        subprocess.run(["sfdisk", "-q", device], input=b"label: gpt\n", check=True)
        content = examine(device)
        assert listed(content) == listed_by_wipefs(device)
        assert ("gpt", 4096) in listed(content)
        assert ("gpt", 64 * MIB - 4096) in listed(content)
    assert peek(image, 4096, 8) == b"EFI PART"
