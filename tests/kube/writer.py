# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody else's controller: reads each Node in turn, changes a label, an annotation and a taint of its
own on it, and writes it back with the version it read.

  writer.py CLUSTER LOG THREADS PAUSE    until standard input ends, with PAUSE seconds between writes; LOG
                                         gets a line for each that was accepted: Node, version, turn
"""

import sys
import threading

from api import Api, Refused
from cluster import Cluster

LABEL, NOTE, TAINT = "example.org/turn", "example.org/note", "example.org/moving"


def foreign_state(found):
    """What the writer owns on a Node: its three turns."""
    metadata = found["metadata"]
    taints = [t.get("value") for t in found["spec"].get("taints", []) if t["key"] == TAINT]
    return metadata.get("labels", {}).get(LABEL), metadata.get("annotations", {}).get(NOTE), *taints


def write_once(api, name, turn):
    """The version of the Node after it, or None where another was faster."""
    found = api.node(name)
    metadata = found["metadata"]
    metadata.setdefault("labels", {})[LABEL] = turn
    metadata.setdefault("annotations", {})[NOTE] = turn
    others = [t for t in found["spec"].get("taints", []) if t["key"] != TAINT]
    found["spec"]["taints"] = [*others, {"key": TAINT, "value": turn, "effect": "PreferNoSchedule"}]
    try:
        return api.replace(found)["metadata"]["resourceVersion"]
    except Refused as refusal:
        if refusal.status != 409:
            raise
        return None


def work(cluster, names, log, stop, pause):
    api, turn = Api(cluster), 0
    while not stop.is_set():
        turn += 1
        for name in names:
            version = write_once(api, name, str(turn))
            if version:
                log.write(f"{name} {version} {turn}\n")
            if stop.wait(pause):
                break


def main():
    cluster, threads, pause = Cluster(sys.argv[1]), int(sys.argv[3]), float(sys.argv[4])
    names, stop = sorted(Api(cluster).nodes()), threading.Event()
    with open(sys.argv[2], "w", encoding="ascii", buffering=1) as log:
        workers = [threading.Thread(target=work, args=(cluster, names[n::threads], log, stop, pause))
                   for n in range(threads)]
        for worker in workers:
            worker.start()
        sys.stdin.read()
        stop.set()
        for worker in workers:
            worker.join()


if __name__ == "__main__":
    main()
