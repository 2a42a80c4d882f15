# SPDX-License-Identifier: GPL-3.0-or-later
"""The API by other means than the module's: HTTPS with a client certificate, one connection kept open."""

from __future__ import annotations

import http.client
import json
import ssl
from urllib.parse import urlencode

NODES = "/api/v1/nodes"
MERGE, JSON_PATCH, APPLY = "application/merge-patch+json", "application/json-patch+json", "application/apply-patch+yaml"


class Refused(Exception):
    """status: of HTTP; the text is the server's message."""

    def __init__(self, status, message):
        super().__init__(f"{status}: {message}")
        self.status, self.message = status, message


class Api:
    """As one of the cluster's identities: the NAME of Cluster.identity()."""

    def __init__(self, cluster, name="admin"):
        pki = cluster.authority.folder
        context = ssl.create_default_context(cafile=pki / "ca.crt")
        context.load_cert_chain(pki / f"{name}.crt", pki / f"{name}.key")
        self.connection = http.client.HTTPSConnection(cluster.state["address"], cluster.state["port"],
                                                      context=context, timeout=60)

    def open(self, method, path, body=None, kind="application/json", **query):
        """The response, unread."""
        words = f"?{urlencode(query)}" if query else ""
        data = None if body is None else json.dumps(body)
        self.connection.request(method, path + words, data, {"Content-Type": kind})
        return self.connection.getresponse()

    def call(self, method, path, body=None, kind="application/json", **query):
        response = self.open(method, path, body, kind, **query)
        answer = json.loads(response.read())
        if response.status >= 400:
            raise Refused(response.status, answer.get("message", ""))
        return answer

    def node(self, name):
        return self.call("GET", f"{NODES}/{name}")

    def nodes(self):
        """Every Node by its name."""
        return {node["metadata"]["name"]: node for node in self.call("GET", NODES)["items"]}

    def create(self, node, **query):
        return self.call("POST", NODES, node, **query)

    def replace(self, node, **query):
        return self.call("PUT", f"{NODES}/{node['metadata']['name']}", node, **query)

    def patch(self, name, body, kind=MERGE, **query):
        return self.call("PATCH", f"{NODES}/{name}", body, kind, **query)

    def delete_all(self):
        self.call("DELETE", NODES)


def node_object(name, labels=None, annotations=None, taints=None):
    metadata = {"name": name, "labels": labels or {}, "annotations": annotations or {}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": {"taints": taints or []}}


def labels_of(node):
    return node["metadata"].get("labels", {})


def annotations_of(node):
    return node["metadata"].get("annotations", {})


def taints_of(node):
    return node["spec"].get("taints", [])


def state_of(node):
    """What this project may change, as text whose bytes can be compared."""
    return json.dumps([labels_of(node), annotations_of(node), taints_of(node)], indent=1)


def taint(text):
    """key=value:Effect or key:Effect, as the API has it."""
    words, _, effect = text.rpartition(":")
    key, equals, value = words.partition("=")
    return {"key": key, **({"value": value} if equals else {}), "effect": effect}
