# SPDX-License-Identifier: GPL-3.0-or-later
"""The system by other means than the module's: util-linux, e2fsprogs, procfs, bytes."""

import json
import os
import subprocess


class Failed(Exception):
    pass


def tool(*argv, ok=(0,), **options):
    """Its standard output; other exit statuses than `ok` are an error."""
    done = subprocess.run([str(a) for a in argv], capture_output=True, check=False,
                          encoding="utf-8", errors="replace", **options)
    if done.returncode not in ok:
        raise Failed(f"{' '.join(map(str, argv))}: status {done.returncode}: "
                     f"{done.stdout}{done.stderr}")
    return done.stdout


def blkid(device):
    """{"TYPE": …, "UUID": …, "LABEL": …} of a low-level probe; {} where there is nothing."""
    text = tool("blkid", "-p", "-o", "export", device, ok=(0, 2))
    return dict(line.replace("\\", "").split("=", 1) for line in text.splitlines() if "=" in line)


def wipefs(device):
    """[(type, offset)]"""
    text = tool("wipefs", "--json", "--no-act", device)
    found = json.loads(text)["signatures"] if text else []
    return [(s["type"], int(s["offset"], 16)) for s in found]


def mounts():
    """Every entry of the mount table: target, source, fstype, options."""
    text = tool("findmnt", "--json", "--list", "-o", "TARGET,SOURCE,FSTYPE,OPTIONS")
    return json.loads(text)["filesystems"]


def mounts_at(target):
    return [m for m in mounts() if m["target"] == target]


def swaps():
    """{device: priority} of the areas whose device is in this /dev."""
    with open("/proc/swaps", encoding="utf-8") as file:
        lines = [line.split() for line in file.readlines()[1:]]
    return {line[0]: int(line[4]) for line in lines if os.path.exists(line[0])}


def swap_bytes(device):
    """The size that an active area has for the kernel."""
    with open("/proc/swaps", encoding="utf-8") as file:
        return next(int(line.split()[2]) * 1024 for line in file if line.startswith(f"{device} "))


def is_immutable(directory):
    return "i" in tool("lsattr", "-d", directory).split()[0]


def verify_fstab():
    """What `findmnt --verify` complains about."""
    done = subprocess.run(["findmnt", "--verify", "--tab-file", "/etc/fstab"], capture_output=True,
                          check=False, text=True, env={**os.environ, "LC_ALL": "C"})
    lines = (done.stdout + done.stderr).splitlines()
    return [line.strip() for line in lines if line.strip().startswith("[")]


def check_filesystem(device):
    """Raises when an unmounted filesystem is not in order."""
    kind = blkid(device)["TYPE"]
    if kind == "ext4":
        tool("e2fsck", "-f", "-n", device)
    elif kind == "xfs":
        tool("xfs_repair", "-n", device)
    elif kind == "btrfs":
        tool("btrfs", "check", "--readonly", device)
    elif kind == "swap":
        tool("swaplabel", device)
    else:
        raise Failed(f"{device} holds {kind}")
