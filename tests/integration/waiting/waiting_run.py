# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of the module under strace, in the background, and a loop device whose disk comes later."""

import fcntl
import json
import os
import re
import signal
import subprocess
import time

from disk import Disk
from host import STORAGE_TIER, Result

SET_CAPACITY = 0x4C07  # linux/loop.h
CALL = re.compile(r"^\d+ +(\d+\.\d+) (\w+)\((.*)\) += (-?\d+)")
STOPPED = re.compile(r"^(\d+) .*--- stopped by SIGSTOP ---$")
WAIT = re.compile(r"^\[\{fd=-?\d+(, events=POLLIN)?\}\], 1, \d+$")


class LateDisk(Disk):
    """A device without a disk in it, of no size, as card readers have them: it is ours from the start,
    and no other process takes it meanwhile."""

    def come(self, size):
        """The time at which the kernel began to tell."""
        os.truncate(self.image, size)
        came = time.time()
        fcntl.ioctl(self.fd, SET_CAPACITY)
        return came


def add_late_disk(host):
    image = host.folder / "late.img"
    image.touch()
    disk = LateDisk("data-0", image, host.nodes, host.links)
    host.disks.append(disk)
    return disk


class Run:
    def __init__(self, host, disks, *inject, **options):
        self.log = host.folder / "strace.log"
        arguments = {"disks": disks, "provider": "generic", **options}
        argv = ["strace", "-f", "-ttt", "-s", "256", "-o", self.log,
                *[word for what in inject for word in ("-e", what)],
                STORAGE_TIER, host.arguments_file(json.dumps(arguments))]
        self.process = subprocess.Popen([str(word) for word in argv], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True,
                                        start_new_session=True)

    def finish(self):
        out, err = self.process.communicate()
        return Result(subprocess.CompletedProcess(self.process.args, self.process.returncode,
                                                  out, err))

    def kill(self):
        """strace with everything it started, where a test failed before the end of the run."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.communicate()

    def lines(self):
        return self.log.read_text(errors="replace").splitlines() if self.log.exists() else []

    def calls(self):
        """(time, name, arguments, result)"""
        matches = [match for match in map(CALL.match, self.lines()) if match]
        return [(float(m[1]), m[2], m[3], int(m[4])) for m in matches]

    def waits(self):
        """(time it began, whether an event ended it) of the module's waits for events."""
        return [(at, result > 0) for at, name, arguments, result in self.calls()
                if name == "poll" and WAIT.match(arguments)]

    def looks(self):
        """When it read the list of block devices."""
        return [at for at, name, arguments, _ in self.calls()
                if name == "openat" and '"/sys/class/block"' in arguments]

    def stopped(self):
        """The processes that were stopped so far, in order."""
        return [int(match[1]) for match in map(STOPPED.match, self.lines()) if match]

    def do_when_stopped(self, change):
        """`change` at the first stop; whatever stops goes on. False when nothing stopped."""
        went_on = 0
        while self.process.poll() is None:
            for pid in self.stopped()[went_on:]:
                if went_on == 0:
                    change()
                os.kill(pid, signal.SIGCONT)
                went_on += 1
            time.sleep(0.01)
        return went_on > 0


def lock(path):
    """Holds the lock until it is closed."""
    file = open(path, "w", encoding="ascii")  # pylint: disable=consider-using-with
    fcntl.flock(file, fcntl.LOCK_EX)
    return file
