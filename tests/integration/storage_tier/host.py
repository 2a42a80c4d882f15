# SPDX-License-Identifier: GPL-3.0-or-later
"""A host: private /etc, /var, /run, /dev and list of block devices, loop disks, and the module run
on it."""

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path

import system
from disk import MIB, Disk

STORAGE_TIER = os.environ.get("STORAGE_TIER", "storage_tier")
STORAGE_TIER_INFO = os.environ.get("STORAGE_TIER_INFO", "storage_tier_info")
SIZES = {"ext4": 64 * MIB, "swap": 32 * MIB, "xfs": 300 * MIB, "btrfs": 110 * MIB}
ROOT = "/var/storage"
FSTAB = Path("/etc/fstab")
RECORDS = Path("/var/lib/storage_tier/intent")
PRIVATE = ("/etc", "/var", "/run")
ETC_FILES = ("passwd", "group", "nsswitch.conf", "ld.so.cache", "mke2fs.conf", "localtime")
NODES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9),
         "tty": (5, 0), "btrfs-control": (10, 234), "loop-control": (10, 237)}
OS = {"name": "os", "tier": "warm"}


class Result:
    """What one run printed: exactly one JSON object."""

    def __init__(self, done):
        self.status = done.returncode
        self.output = done.stdout
        self.json = {}
        assert done.stderr == ""
        (line,) = [line for line in self.output.splitlines() if line]
        self.json = json.loads(line)
        assert isinstance(self.json, dict)
        assert self.status == (1 if self.json.get("failed") else 0)

    def __getitem__(self, key):
        return self.json[key]

    def __repr__(self):
        shown = {k: v for k, v in self.json.items() if k not in ("invocation", "ansible_facts")}
        return json.dumps(shown, indent=1)

    @property
    def failed(self):
        return self.status == 1

    @property
    def actions(self):
        return self.json["actions"]

    @property
    def ops(self):
        return [(a["op"], a["tier"]) for a in self.actions]


class Host:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.nodes, self.links = self.folder / "dev", self.folder / "block"
        self.disks = []
        self.counter = 0
        self.mounted = []

    # Setting up and taking down

    def set_up(self):
        etc = {name: Path("/etc", name).read_bytes() for name in ETC_FILES
               if Path("/etc", name).exists()}
        for path in PRIVATE:
            self.mount_private("-t", "tmpfs", "-o", "mode=755,size=64M", "host", path)
        for name, data in etc.items():
            Path("/etc", name).write_bytes(data)
        os.symlink("/proc/self/mounts", "/etc/mtab")
        for path in ("/var/lib", "/var/tmp", "/var/empty"):
            os.mkdir(path)
        FSTAB.write_text("# /etc/fstab\nLABEL=vmroot / ext4 errors=remount-ro 0 1\n",
                         encoding="utf-8")
        self.make_dev()
        self.make_list_of_devices()
        below = self.folder / "below"
        below.mkdir()
        self.mount_private("--bind", "/var", below)  # without what will be mounted in it

    def mount_private(self, *argv):
        system.tool("mount", *argv)
        self.mounted.append(str(argv[-1]))

    def make_dev(self):
        self.nodes.mkdir()
        for name, number in NODES.items():
            os.mknod(self.nodes / name, stat.S_IFCHR | 0o666, os.makedev(*number))
        os.symlink("/proc/self/fd", self.nodes / "fd")
        self.mount_private("--bind", self.nodes, "/dev")

    def make_list_of_devices(self):
        """All but the loop devices, which are other tests'."""
        self.links.mkdir()
        for device in Path("/sys/class/block").iterdir():
            if not device.name.startswith("loop"):
                (self.links / device.name).symlink_to(device.resolve())
        self.mount_private("--bind", self.links, "/sys/class/block")

    def take_down(self):
        problems = []
        for step in (self.swap_off, self.unmount_all, self.detach_all):
            try:
                step()
            except (OSError, system.Failed) as problem:
                problems.append(problem)
        assert not problems, problems
        shutil.rmtree(self.folder)

    def swap_off(self):
        active = system.swaps()
        for disk in self.disks:
            for path in disk.paths:
                if path in active:
                    system.tool("swapoff", path)

    def unmount_all(self):
        """Whatever was mounted since the private directories, and these, in reverse."""
        first = self.mounted[0] if self.mounted else None
        targets = [m["target"] for m in system.mounts()]
        if first in targets:
            for target in reversed(targets[targets.index(first):]):
                system.tool("umount", target)
        self.mounted.clear()

    def detach_all(self):
        for disk in self.disks:
            disk.detach()
        self.disks.clear()

    # Disks

    def add_disk(self, name="data-0", size=SIZES["ext4"], image=None, **options):
        self.counter += 1
        if image is None:
            image = self.folder / f"{self.counter}-{name}.img"
            with image.open("wb") as file:
                file.truncate(size)
        disk = Disk(name, image, self.nodes, self.links, **options)
        self.disks.append(disk)
        return disk

    def remove_disk(self, disk):
        disk.detach()
        self.disks.remove(disk)

    # Running the module

    def run(self, disks, check=False, diff=False, prefix=(), **options):
        arguments = {"disks": disks, "provider": "generic", "device_timeout": 0, **options,
                     "_ansible_check_mode": check, "_ansible_diff": diff}
        return self.run_text(json.dumps(arguments), prefix)

    def arguments_file(self, text):
        self.counter += 1
        path = self.folder / f"args-{self.counter}.json"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def run_text(self, text, prefix=()):
        argv = [*map(str, prefix), STORAGE_TIER, str(self.arguments_file(text))]
        return Result(subprocess.run(argv, capture_output=True, check=False, text=True,
                                     stdin=subprocess.DEVNULL))

    def start(self, disks, **options):
        """A run in the background; give what it returns to `finish`."""
        arguments = {"disks": disks, "provider": "generic", "device_timeout": 0, **options}
        return subprocess.Popen([STORAGE_TIER, str(self.arguments_file(json.dumps(arguments)))],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    @staticmethod
    def finish(process):
        out, err = process.communicate()
        return Result(subprocess.CompletedProcess(process.args, process.returncode, out, err))

    def converge(self, disks, **options):
        """A run that must succeed, and one after it that must find nothing to do."""
        first = self.run(disks, **options)
        assert not first.failed, first
        second = self.run(disks, **options)
        assert not second.failed and second["changed"] is False and second.actions == [], second
        return first

    # Looking

    def below(self, path):
        """The same path below what is mounted there."""
        return self.folder / "below" / Path(path).relative_to("/var")

    @staticmethod
    def tier(name):
        return Path(ROOT, name)

    @staticmethod
    def fstab_lines(tier=None):
        lines = FSTAB.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if f"x-storage-tier={tier or ''}" in line]
