# SPDX-License-Identifier: GPL-3.0-or-later
"""QEMU's control socket."""

import json
import socket
import time


class Refused(Exception):
    """QEMU answered with an error."""


class Qmp:
    def __init__(self, path, timeout=60):
        self.socket = connect(path, timeout)
        self.stream = self.socket.makefile("rwb")
        self.events = []
        json.loads(self.stream.readline())  # the greeting
        self.call("qmp_capabilities")

    def call(self, command, **arguments):
        """What the command returns; events that come before it are kept."""
        request = {"execute": command, "arguments": arguments}
        self.stream.write(json.dumps(request).encode() + b"\n")
        self.stream.flush()
        while True:
            answer = self.receive()
            if "error" in answer:
                raise Refused(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
            self.events.append(answer)

    def receive(self):
        line = self.stream.readline()
        if not line:
            raise ConnectionError("QEMU has closed its control socket")
        return json.loads(line)

    def wait_event(self, name, **data):
        """The first event of this name with these data, and all before it are forgotten."""
        while True:
            event = self.events.pop(0) if self.events else self.receive()
            if event.get("event") == name and data.items() <= event.get("data", {}).items():
                return event

    def close(self):
        self.stream.close()
        self.socket.close()


def connect(path, timeout):
    """A connection to a UNIX socket that a program is about to make."""
    deadline = time.monotonic() + timeout
    while True:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(timeout)
        try:
            connection.connect(str(path))
            return connection
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
