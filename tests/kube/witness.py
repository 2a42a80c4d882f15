# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the writer, watches every version of every Node, and compares them with the writer's log."""

from __future__ import annotations

import bisect
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

from api import NODES, Api
from writer import foreign_state

WRITER = Path(__file__).parent / "writer.py"
THREADS = 3
CATCH_UP_SECONDS = 60


class Watch(threading.Thread):
    def __init__(self, cluster):
        super().__init__(daemon=True)
        api = Api(cluster)
        version = api.call("GET", NODES)["metadata"]["resourceVersion"]
        self.response = api.open("GET", NODES, watch=1, resourceVersion=version, timeoutSeconds=1800)
        self.seen = {}

    def run(self):
        for line in self.response:
            event = json.loads(line)
            metadata = event["object"]["metadata"]
            versions = self.seen.setdefault(metadata["name"], [])
            versions.append((int(metadata["resourceVersion"]), foreign_state(event["object"])))

    def has_all(self, nodes):
        """Of the Nodes as they are now, those that have changed since it began."""
        return all(int(node["metadata"]["resourceVersion"]) == self.seen[name][-1][0]
                   for name, node in nodes.items() if name in self.seen)


class Witness:
    """with Witness(…) as witness: the writer is at work."""

    def __init__(self, cluster, log, threads=THREADS, pause=0):
        self.log = Path(log)
        self.log.touch()
        self.watch = Watch(cluster)
        self.command = [sys.executable, WRITER, cluster.folder, log, str(threads), str(pause)]

    def __enter__(self):
        self.watch.start()
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        assert self.process.wait(120) == 0

    def lines(self):
        return self.log.read_text().splitlines()

    def wait_for_writes(self, count):
        while len(self.lines()) < count:
            assert self.process.poll() is None
            time.sleep(0.1)

    def writes(self):
        """{node: [(version, turn)]} in the order of versions."""
        found = {}
        for line in self.lines():
            name, version, turn = line.split()
            found.setdefault(name, []).append((int(version), turn))
        return {name: sorted(writes) for name, writes in found.items()}

    def compare(self, nodes):
        """How many versions there were, and those (node, version, found, expected) that lack what the
        writer's last write before them gave the Node. Takes all Nodes as they are after the end."""
        deadline = time.monotonic() + CATCH_UP_SECONDS
        while not self.watch.has_all(nodes):
            assert time.monotonic() < deadline, "the watch doesn't catch up"
            time.sleep(0.1)
        count, lost, writes = 0, [], self.writes()
        for name, versions in self.watch.seen.items():
            mine = writes.get(name, [])
            for version, state in versions:
                last = bisect.bisect_right(mine, (version, "~")) - 1
                expected = (mine[last][1],) * 3 if last >= 0 else (None, None)
                count += 1
                if state != expected:
                    lost.append((name, version, state, expected))
        return count, lost
