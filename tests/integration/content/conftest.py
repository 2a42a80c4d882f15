# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of content_examine share: loop devices, wipefs, and the program under test."""

import hashlib
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

NO_SIGNATURES = {"signatures": []}


def tool(*argv):
    return subprocess.run([str(a) for a in argv], check=True, capture_output=True).stdout


@contextmanager
def loop_device(path, *options):
    """The device of an image; detached by its own name, whatever happens."""
    device = tool("losetup", "--find", "--show", *options, path).decode().strip()
    try:
        yield device
    finally:
        tool("losetup", "--detach", device)


def examine(path, *options):
    """content_fields as a dictionary."""
    return json.loads(tool(os.environ["CONTENT_DUMP"], path, *options))


def listed_by_wipefs(device):
    """[(type, offset), …]; labels may be no UTF-8."""
    text = tool("wipefs", "--json", "--no-act", device).decode(errors="replace")
    signatures = (json.loads(text) if text else NO_SIGNATURES)["signatures"]
    return [(s["type"], int(s["offset"], 16)) for s in signatures]


def listed(content):
    return [(s["type"], s["offset"]) for s in content["signatures"]]


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(
            hashlib, "file_digest") else hashlib.sha256(file.read()).hexdigest()


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "image"
    yield path
    path.unlink(missing_ok=True)
