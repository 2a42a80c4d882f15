# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual machine: started with given disks, told what to do, and ended in several ways.

QEMU is this process' child and dies with it. Nothing listens on the network: control and commands go
over UNIX sockets in the guest's folder.
"""

import base64
import ctypes
import fcntl
import json
import os
import shlex
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from drives import PORTS, Drive, scsi
from qmp import Qmp, connect

IMAGE = Path(__file__).parent / "guest-image"
MEMORY = "1G"
BOOT_SECONDS = 300  # 25 on a busy machine
# One processor: QEMU 7.2 emulating two runs into kernel code that the other is just changing. Its clock
# counts instructions, a nanosecond each: what times out in the guest doesn't depend on this machine.
CLOCK = ("-smp", "1", "-icount", "shift=0,sleep=on")
PR_SET_PDEATHSIG = 1


class Failed(Exception):
    """A command in the guest that did not succeed, or a guest that does not answer."""


@dataclass(frozen=True)
class Done:
    status: int
    out: str
    err: str


def build_image():
    """The directory of the guest's image, which stays as long as this process."""
    done = subprocess.run([IMAGE], check=True, stdout=subprocess.PIPE, text=True)
    image = Path(done.stdout.strip())
    fcntl.flock(os.open(image, os.O_RDONLY | os.O_CLOEXEC), fcntl.LOCK_SH)
    return image


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def overlay(path, base):
    """A new image with the content of another, which stays as it is."""
    base_format = "qcow2" if base.suffix == ".qcow2" else "raw"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", base.resolve(), "-F",
                    base_format, path], check=True)
    return path


class Guest:
    """`drives` may be changed while it is off; plug and unplug change it while it runs."""

    def __init__(self, folder, image, base=None):
        self.folder, self.image = Path(folder), image
        self.folder.mkdir(parents=True, exist_ok=True)
        root = overlay(self.folder / "root.qcow2", base or image / "root.img")
        self.root = scsi(0, root)
        self.drives = []
        self.process = self.qmp = self.agent = None

    # Starting

    def command(self):
        options = ["-nodefaults", "-no-user-config", "-display", "none",
                   "-machine", "q35", "-accel", "tcg", "-cpu", "max", *CLOCK, "-no-reboot",
                   "-m", MEMORY, "-kernel", self.image / "vmlinuz", "-initrd",
                   self.image / "initrd.img", "-append",
                   "root=LABEL=vmroot rw console=ttyS0 panic=-1 mitigations=off quiet",
                   "-chardev", f"file,id=console,path={self.folder}/console,append=on",
                   "-serial", "chardev:console",
                   "-qmp", f"unix:{self.folder}/qmp,server=on,wait=off",
                   "-device", "virtio-serial-pci",
                   "-chardev", f"socket,id=agent,path={self.folder}/agent,server=on,wait=off",
                   "-device", "virtserialport,chardev=agent,name=agent",
                   "-device", "virtio-scsi-pci,id=scsihw0"]
        for number, port in enumerate(PORTS, start=1):
            options += ["-device", f"pcie-root-port,id={port},chassis={number}"]
        for drive in (self.root, *self.drives):
            for blockdev in drive.blockdevs():
                options += ["-blockdev", json.dumps(blockdev)]
            options += ["-device", json.dumps(drive.frontend())]
        return ["qemu-system-x86_64", *map(str, options)]

    def power_on(self, state=None):
        """Boots, or goes on from a saved state; answers when the guest does."""
        incoming = ["-incoming", f"exec:cat {shlex.quote(str(state))}"] if state else []
        for name in ("qmp", "agent"):
            (self.folder / name).unlink(missing_ok=True)
        with open(self.folder / "qemu.log", "ab") as log:
            self.process = subprocess.Popen(self.command() + incoming, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, preexec_fn=die_with_parent)
        try:
            self.qmp = Qmp(self.folder / "qmp")
            self.agent = connect(self.folder / "agent", BOOT_SECONDS).makefile("rwb")
            if state:
                self.wait_running()
            self.run("true")
        except OSError as error:
            raise Failed(f"{error}\n{self.ending()}") from error
        return self

    def wait_running(self):
        while self.qmp.call("query-status")["status"] == "inmigrate":
            time.sleep(0.02)
        self.qmp.call("cont")

    def wait_booted(self):
        """systemd's word for it: running, or degraded."""
        return self.run("systemctl is-system-running --wait", check=False).out.strip()

    def ending(self):
        """What the guest and QEMU said last."""
        texts = [(self.folder / name).read_text(errors="replace")[-2000:]
                 for name in ("qemu.log", "console") if (self.folder / name).exists()]
        return "\n".join(texts)

    # Talking

    def run(self, script, check=True):
        """A shell script in the guest, until one of its commands fails."""
        data = script.encode()
        try:
            self.agent.write(b"%d\n%s" % (len(data), data))
            self.agent.flush()
            status, out, err = map(int, self.agent.readline().split())
            done = Done(status, self.agent.read(out).decode(errors="replace"),
                        self.agent.read(err).decode(errors="replace"))
        except (OSError, ValueError) as error:
            raise Failed(f"{script}: no answer\n{self.ending()}") from error
        if check and done.status:
            raise Failed(f"{script}: status {done.status}: {done.out}{done.err}")
        return done

    def tool(self, *argv, ok=(0,)):
        """Standard output of one program."""
        done = self.run(shlex.join(map(str, argv)), check=False)
        if done.status not in ok:
            raise Failed(f"{' '.join(map(str, argv))}: status {done.status}: {done.out}{done.err}")
        return done.out

    def write(self, path, data, mode="644"):
        """A file in the guest, from text or bytes."""
        data = data.encode() if isinstance(data, str) else data
        text = base64.encodebytes(data).decode()
        self.run(f"base64 -d >{shlex.quote(str(path))} <<'END'\n{text}END\n"
                 f"chmod {mode} {shlex.quote(str(path))}")

    def read(self, path):
        return self.tool("cat", path)

    # Disks

    def plug(self, drive: Drive):
        for blockdev in drive.blockdevs():
            self.qmp.call("blockdev-add", **blockdev)
        self.qmp.call("device_add", **drive.frontend())
        self.drives.append(drive)

    def unplug(self, drive: Drive):
        """The guest lets it go; its file can be used afterwards."""
        device = drive.frontend()["id"]
        self.qmp.call("device_del", id=device)
        self.qmp.wait_event("DEVICE_DELETED", device=device)
        for blockdev in reversed(drive.blockdevs()):
            self.qmp.call("blockdev-del", **{"node-name": blockdev["node-name"]})
        self.drives.remove(drive)

    def grow(self, drive: Drive, size):
        self.qmp.call("block_resize", **{"node-name": drive.name, "size": size})

    # Ending

    def save(self, state):
        """Everything but the disks' content into a file; the guest ends there."""
        self.qmp.call("stop")
        self.qmp.call("migrate", uri=f"exec:cat >{shlex.quote(str(state))}")
        while (status := self.qmp.call("query-migrate").get("status")) != "completed":
            if status == "failed":
                raise Failed(f"saving: {self.ending()}")
            time.sleep(0.05)
        self.qmp.call("quit")
        self.gone()

    def power_off(self):
        """As systemd does it."""
        self.run("systemctl poweroff --no-block")
        self.gone()

    def cut(self):
        """The power goes."""
        if self.process and self.process.poll() is None:
            self.process.kill()
        self.gone()

    def gone(self, seconds=120):
        """Waits for the end of QEMU."""
        if self.process:
            self.process.wait(seconds)
        for connection in (self.qmp, self.agent):
            if connection:
                connection.close()
        self.process = self.qmp = self.agent = None
