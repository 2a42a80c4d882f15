# SPDX-License-Identifier: GPL-3.0-or-later
"""Large disks (sparse files): the places are found, and blank ones are proven blank in time."""

import random
import struct
import subprocess
import time

import pytest
from conftest import examine, loop_device, tool
from corpus import blank, peek, poke

KIB, MIB, GIB, TIB = (1 << shift for shift in (10, 20, 30, 40))
SIZES = {"2GiB": 2 * GIB, "100GiB": 100 * GIB, "5TiB": 5 * TIB, "odd": 3 * GIB - 512}


def places(size):
    """Offsets where a byte must be found, from the formats' own rules."""
    yield from (0, 1, 4 * MIB, 8 * MIB - 1, 64 * MIB + 64)
    yield from (size - 1, size - 512, size - 64 * KIB, size - 8 * MIB)
    for block in (KIB, 2 * KIB, 4 * KIB):
        for group in (1, 3, 5, 7, 9, 25, 27, 49):
            yield (group * 8 * block + (block == KIB)) * block + (0 if block == KIB else 1024) + 56
    yield 256 * GIB + 64
    if size >= 2 * TIB:
        yield from (n * (TIB - 4096) for n in range(1, size // TIB))


@pytest.mark.parametrize("name", SIZES)
def test_one_byte_at_each_place(name, image):
    size = SIZES[name]
    blank(image, size)
    with loop_device(image) as device:
        assert examine(device)["kind"] == "blank"
        for offset in places(size):
            if offset >= size:
                continue
            poke(image, offset, b"\x01")
            content = examine(device)
            assert (content["kind"], content["data_offset"]) == ("data", offset)
            poke(image, offset, b"\0")
        assert examine(device)["kind"] == "blank"


@pytest.mark.parametrize("size", [2 * GIB, 100 * GIB, 5 * TIB])
def test_every_allocation_group_of_xfs(size, image):
    """Geometry by the real mkfs.xfs, each secondary superblock alone."""
    blank(image, size)
    tool("mkfs.xfs", "-q", image)
    (block,) = struct.unpack(">I", peek(image, 4, 4))
    blocks, count = struct.unpack(">II", peek(image, 84, 8))
    superblock = peek(image, 0, 512)
    blank(image, size)
    with loop_device(image) as device:
        for group in range(1, count):
            poke(image, group * blocks * block, superblock)
            assert examine(device)["data_offset"] == group * blocks * block
            poke(image, group * blocks * block, bytes(512))


def test_spread_data_is_found(image):
    """Whatever fills two of the 4,096 parts covers a whole one, wherever it starts."""
    chance = random.Random(4)
    for size in (2 * GIB, 100 * GIB):
        length = 2 * size // 4096
        for _ in range(5):
            blank(image, size)
            poke(image, chance.randrange(9 * MIB, size - length), b"\xff" * length)
            with loop_device(image) as device:
                content = examine(device)
                assert content["kind"] == "data"
                assert examine(device)["token"] == content["token"]
                assert examine(device, "--full")["token"] == content["token"]


def test_full_scan_finds_a_single_byte(image):
    """The places are a sample: one byte between them is what `full_scan` is for."""
    size, chance, missed = 2 * GIB, random.Random(5), 0
    tokens = set()
    for _ in range(4):
        offset = chance.randrange(9 * MIB, size - 9 * MIB)
        blank(image, size)
        poke(image, offset, b"\x01")
        with loop_device(image) as device:
            missed += examine(device)["kind"] == "blank"
            content = examine(device, "--full")
        assert (content["kind"], content["data_offset"]) == ("data", offset)
        tokens.add(content["token"])
    assert missed >= 3
    assert len(tokens) == 4


def test_a_blank_tebibyte_takes_seconds(image):
    blank(image, TIB)
    with loop_device(image) as device:
        start = time.monotonic()
        assert examine(device)["kind"] == "blank"
        assert time.monotonic() - start < 20


def test_what_the_page_cache_hides(image):
    """Written past the device's cache, as through a partition or another path of it."""
    blank(image, 2 * GIB)
    with loop_device(image) as device, open(device, "rb") as held:
        held.read(1 * MIB)  # kept in the cache as long as the device is open
        poke(image, 512 * KIB, b"data")
        assert examine(device)["data_offset"] == 512 * KIB
        poke(image, 512 * KIB, bytes(4))
        subprocess.run(["mkswap", image], check=True, capture_output=True)
        assert examine(device)["signatures"][0]["type"] == "swap"
