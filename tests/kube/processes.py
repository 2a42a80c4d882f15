# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that outlive whoever started them, and are stopped by id."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

STOP_SECONDS = 20


def stat_of(pid):
    """State and start time of a process, or None."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return fields[0], int(fields[19])


def start(name, command, log, environment=None):
    """Starts it in a session of its own; returns what `stop` and `is_running` take. Plain data."""
    with open(log, "ab") as output:
        process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, start_new_session=True,
                                   env={**os.environ, **(environment or {})})
    process.returncode = 0  # not waited for when the object goes: is_running does that
    return {"name": name, "pid": process.pid, "started": stat_of(process.pid)[1], "log": str(log)}


def is_running(process):
    found = stat_of(process["pid"])
    if not found or found[1] != process["started"]:
        return False
    if found[0] != "Z":
        return True
    try:
        return os.waitpid(process["pid"], os.WNOHANG)[0] == 0  # other threads of it are still ending
    except ChildProcessError:
        return False  # somebody else's child


def stop(process, with_signal=signal.SIGTERM):
    if is_running(process):
        os.kill(process["pid"], with_signal)
    if not wait_until(lambda: not is_running(process), STOP_SECONDS):
        os.kill(process["pid"], signal.SIGKILL)
        wait_until(lambda: not is_running(process), STOP_SECONDS)


def wait_until(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def last_lines(log, count=8):
    return "\n".join(Path(log).read_text(errors="replace").splitlines()[-count:])
