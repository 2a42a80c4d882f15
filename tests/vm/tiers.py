# SPDX-License-Identifier: GPL-3.0-or-later
"""storage_tier in a guest, and what became of the guest's disks by other means than the module's."""

import json
import os
import shlex
import shutil
import time
from pathlib import Path

import drives

LIBRARY = Path(__file__).parents[2] / "library"
MODULES = {"storage_tier": os.environ.get("STORAGE_TIER", LIBRARY / "storage_tier"),
           "storage_tier_info": os.environ.get("STORAGE_TIER_INFO", LIBRARY / "storage_tier_info")}
ROOT = "/var/storage"
OS = {"name": "os", "tier": "warm"}
RUN_SECONDS = 120


class Result:
    """What one run printed: exactly one JSON object."""

    def __init__(self, status, text):
        (line,) = [line for line in text.splitlines() if line]
        self.json = json.loads(line)
        assert status == (1 if self.json.get("failed") else 0), text

    def __getitem__(self, key):
        return self.json[key]

    def __repr__(self):
        return json.dumps({k: v for k, v in self.json.items()
                           if k not in ("invocation", "ansible_facts")}, indent=1)

    @property
    def failed(self):
        return self.json.get("failed", False)

    @property
    def ops(self):
        return [(a["op"], a["tier"]) for a in self["actions"]]


class Host:
    def __init__(self, guest, state=None):
        self.guest, self.state = guest, state
        self.images = guest.folder / "disks"
        self.images.mkdir(exist_ok=True)

    def install(self):
        for name, path in MODULES.items():
            self.guest.write(f"/usr/local/sbin/{name}", Path(path).read_bytes(), "755")
        self.guest.run("sync")

    def resume(self):
        """Right after a boot without data disks."""
        self.guest.power_on(self.state)
        self.guest.run(f"date -s @{time.time():.0f}")

    def boot(self):
        self.guest.power_on()
        return self.guest.wait_booted()

    def end(self):
        """The power goes, and the disks with it."""
        self.guest.cut()
        shutil.rmtree(self.guest.folder)

    def blank(self, name, size=64 * drives.MIB):
        return drives.blank(self.images / f"{name}.img", size)

    def plug(self, *new):
        """Returns when udev has seen them."""
        for drive in new:
            self.guest.plug(drive)
        self.settle(len(self.guest.drives))

    def settle(self, count):
        """Until this many data disks are there (the OS disk is one more)."""
        self.guest.run(f"""for _ in $(seq 200); do
            [ "$(lsblk -dn -o TYPE | grep -c disk)" -gt {count} ] && break; sleep 0.1; done
            udevadm settle""")

    def grow(self, drive, size):
        """Returns when the guest's kernel knows."""
        node = self.node(drive)
        self.guest.grow(drive, size)
        self.guest.run(f"for _ in $(seq 100); do [ $(blockdev --getsize64 {node}) = {size} ] && break; "
                       f"sleep 0.1; done; [ $(blockdev --getsize64 {node}) = {size} ]; udevadm settle")

    # The module

    def arguments(self, wanted, check=False, **options):
        return json.dumps({"disks": wanted, "device_timeout": 0, "_ansible_check_mode": check,
                           **options})

    def run(self, wanted, check=False, **options):
        text = shlex.quote(self.arguments(wanted, check, **options))
        done = self.guest.run(f"cd /run; printf %s {text} >arguments; storage_tier arguments",
                              check=False)
        assert done.err == "", done
        return Result(done.status, done.out)

    def start(self, wanted, **options):
        """A run in the background, for `finish`."""
        self.guest.write("/run/arguments", self.arguments(wanted, **options))
        self.guest.run("rm -f /run/result; systemd-run --quiet --unit=run --collect bash -c "
                       "'storage_tier /run/arguments >/run/out 2>&1; echo $? >/run/status; "
                       "mv /run/status /run/result'")

    def finish(self, seconds=RUN_SECONDS):
        done = self.guest.run(f"for _ in $(seq {seconds * 5}); do [ -e /run/result ] && break; "
                              "sleep 0.2; done; cat /run/result", check=False)
        assert done.status == 0, f"still running after {seconds} seconds"
        return Result(int(done.out), self.guest.read("/run/out"))

    def converge(self, wanted, **options):
        """A run that must succeed, and one after it that must find nothing to do."""
        first = self.run(wanted, **options)
        assert not first.failed, first
        second = self.run(wanted, **options)
        assert not second.failed and second["changed"] is False and second["actions"] == [], second
        return first

    def info(self):
        return Result(0, self.guest.run("echo '{}' >/run/arguments; "
                                        "storage_tier_info /run/arguments").out)

    # Looking

    def uptime(self):
        """Seconds by the guest's clock, which a busy machine doesn't slow down."""
        return float(self.guest.read("/proc/uptime").split()[0])

    def signature(self, device):
        """blkid's low-level probe."""
        text = self.guest.tool("blkid", "-p", "-o", "export", device, ok=(0, 2))
        return dict(line.replace("\\", "").split("=", 1) for line in text.splitlines()
                    if "=" in line)

    def source(self, tier):
        """The device mounted as this tier; None when nothing is."""
        text = self.guest.tool("findmnt", "-n", "-o", "SOURCE", "-M", f"{ROOT}/{tier}", ok=(0, 1))
        return text.strip() or None

    def mounts(self, device):
        """Every place at which the device is mounted."""
        return self.guest.tool("findmnt", "-n", "-o", "TARGET", "-S", device, ok=(0, 1)).split()

    def filesystem_size(self, device):
        return int(self.signature(device)["FSSIZE"])

    def swaps(self):
        lines = self.guest.read("/proc/swaps").splitlines()[1:]
        return [line.split()[0] for line in lines]

    def node(self, drive):
        """The kernel's name of a drive, by what only it has: its size."""
        size = drive.image.stat().st_size
        lines = self.guest.tool("lsblk", "-b", "-d", "-n", "-o", "PATH,SIZE").splitlines()
        (path,) = [line.split()[0] for line in lines if line.split()[1] == str(size)]
        return path

    def digest(self, drive):
        """Of the file, when the guest has written whatever it had to."""
        self.guest.run("sync; for disk in /dev/[sv]d? /dev/nvme?n1; do [ -b $disk ] && "
                       "blockdev --flushbufs $disk; done || true")
        return drive.digest()
