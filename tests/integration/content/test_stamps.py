# SPDX-License-Identifier: GPL-3.0-or-later
"""Stamps of an interrupted run count as zeros only where they are expected, and whole."""

import uuid

import pytest
from conftest import examine, loop_device
from corpus import MIB, blank, poke

UUID = str(uuid.UUID(int=0x5EED))
OTHER = str(uuid.UUID(int=0xBAD))


def stamp(name):
    return f"storage_tier: a filesystem is being made here\nuuid={name}\n".encode().ljust(4096, b"\0")


@pytest.mark.parametrize("size", [64 * MIB, 2048 * MIB, 2048 * MIB + 512])
def test_stamps(size, image):
    offsets = size - 5 * MIB, size - 3 * MIB
    expected = [word for offset in offsets for word in ("--stamp", offset, UUID)]
    blank(image, size)
    with loop_device(image) as device:
        for offset in offsets:
            poke(image, offset, stamp(UUID))
            assert examine(device, *expected)["kind"] == "blank"
            assert examine(device)["data_offset"] == offsets[0]
        poke(image, offsets[0], stamp(OTHER))
        assert examine(device, *expected)["data_offset"] == offsets[0]
        poke(image, offsets[0], stamp(UUID)[:-1] + b"x")
        assert examine(device, *expected)["kind"] == "data"


def test_token_leaves_expected_stamps_out(image):
    size = 64 * MIB
    blank(image, size)
    poke(image, 1 * MIB, b"data")
    with loop_device(image) as device:
        token = examine(device)["token"]
        poke(image, size - 3 * MIB, stamp(UUID))
        assert examine(device, "--stamp", size - 3 * MIB, UUID)["token"] == token
        assert examine(device)["token"] != token
