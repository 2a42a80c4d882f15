# SPDX-License-Identifier: GPL-3.0-or-later
"""A Kubernetes control plane: PostgreSQL, kine and kube-apiserver; on request its controllers and nodes.

    with Cluster(folder) as cluster:         # up() and down()
        cluster.kubectl("get", "nodes")      # as an administrator

`folder` must not exist yet. It holds keys, kubeconfigs, logs and the audit log, and stays after down().
What was started is on record there, so that another process can take it down: Cluster(folder).down().

The API server has Node and RBAC authorization, NodeRestriction, client certificates, and writes each
request on Nodes to its audit log. It listens on loopback at a free port, unless told otherwise.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from certificates import DAYS, Authority
from processes import is_running, last_lines, start, stop, wait_until

BUILD = Path(__file__).resolve().parent / "build"
START_SECONDS = 90
SERVICES = "10.43.0.0/16"
AUDIT = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  resources: [{group: "", resources: [nodes, nodes/status]}]
- level: None
"""


class ClusterError(Exception):
    pass


class CantBuild(ClusterError):
    """This machine can't have the programs; the text says why."""


def programs():
    """The folder with kubectl, kube-apiserver, kubelet …, built where it isn't there yet."""
    done = subprocess.run([BUILD], capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["build failed"]
        raise (CantBuild if done.returncode == 77 else ClusterError)("\n".join(lines[-20:]))
    return Path(done.stdout.strip())


def postgresql():
    """The folder of the newest PostgreSQL's programs."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not versions:
        raise CantBuild("PostgreSQL isn't installed")
    return versions[-1]


def free_port(address):
    with socket.socket() as listener:
        listener.bind((address, 0))
        return listener.getsockname()[1]


class Cluster:
    """address: where the API server listens, 127.0.0.1 by default. port: 0 for a free one.
    netns: the network namespace (of `ip netns`) in which all of it runs; takes an address and a port."""

    def __init__(self, folder, address="127.0.0.1", port=0, netns=None):
        self.folder = Path(folder).resolve()
        self.record = self.folder / "cluster.json"
        self.state = {"address": address, "port": port, "netns": netns, "private": None, "processes": []}
        if self.record.exists():
            self.state = json.loads(self.record.read_text())
        self.authority = Authority(self.folder / "pki")

    def __enter__(self):
        self.up()
        return self

    def __exit__(self, *_):
        self.down()

    # --- what it is made of ---

    @property
    def server(self):
        return f"https://{self.state['address']}:{self.state['port']}"

    @property
    def programs(self):
        return Path(self.state["programs"])

    @property
    def admin(self):
        """Path of the administrator's kubeconfig."""
        return self.authority.folder / "admin.kubeconfig"

    def identity(self, name, user, groups=(), days=DAYS):
        """Path of a kubeconfig, FOLDER/pki/NAME.kubeconfig, for a user; made on each call. It holds the
        keys itself: copy it to wherever it is needed. days=EXPIRED: a certificate that has ended."""
        subject = "".join(f"/O={group}" for group in groups) + f"/CN={user}"
        return self.authority.kubeconfig(name, subject, self.server, days)

    def node_identity(self, node):
        """Path of a kubeconfig for system:node:NODE, with which a kubelet registers that Node."""
        return self.identity(f"node-{node}", f"system:node:{node}", ["system:nodes"])

    def kubectl(self, *words, text=None, kubeconfig=None, check=True):
        """Its standard output; check=False: the whole subprocess.CompletedProcess."""
        command = self.inside([self.programs / "kubectl", "--kubeconfig", kubeconfig or self.admin, *words])
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise ClusterError(f"kubectl {' '.join(map(str, words))}: {done.stderr.strip()}")
        return done.stdout if check else done

    def inside(self, command):
        enter = ["ip", "netns", "exec", self.state["netns"]] if self.state["netns"] else []
        return [*enter, *map(str, command)]

    def audit(self):
        """Each request on Nodes so far: {verb, user: {username}, objectRef: {name}, responseStatus: {code} …}."""
        return [json.loads(line) for line in (self.folder / "audit.log").read_text().splitlines()]

    # --- up ---

    def up(self, controllers=False):
        """Starts it and returns when it answers. controllers: kube-controller-manager too, which taints
        Nodes whose kubelet is silent. Whatever was started is stopped when something fails."""
        self.state["programs"] = str(programs())
        self.folder.mkdir(mode=0o700, parents=True)
        try:
            self.state["private"] = tempfile.mkdtemp(prefix="ecoma-kube.")  # short, for sockets
            self.save()
            self.state["port"] = self.state["port"] or free_port(self.state["address"])
            self.make_files()
            self.start_database()
            self.start_kine()
            self.start_apiserver()
            if controllers:
                self.start_controllers()
        except BaseException:
            self.down()
            raise

    def make_files(self):
        (self.folder / "log").mkdir()
        self.authority.create()
        names = ["DNS:kubernetes.default.svc", f"IP:{self.state['address']}", "IP:127.0.0.1"]
        self.authority.issue("apiserver", "/CN=kube-apiserver", "serverAuth", names)
        self.identity("admin", "admin", ["system:masters"])
        (self.folder / "audit.yaml").write_text(AUDIT)

    def start_database(self):
        postgres, binaries = pwd.getpwnam("postgres"), postgresql()
        private = Path(self.state["private"])
        os.chown(private, postgres.pw_uid, postgres.pw_gid)
        as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        subprocess.run([*as_postgres, binaries / "initdb", "-D", private / "data", "-U", "postgres", "-A", "trust",
                        "-E", "UTF8", "--no-locale", "--no-sync"], check=True, stdout=subprocess.DEVNULL, cwd="/")
        # A test's database needn't survive a power cut.
        settings = {"listen_addresses": "", "unix_socket_directories": private, "fsync": "off",
                    "full_page_writes": "off", "max_connections": "100"}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.start("postgres", [*as_postgres, binaries / "postgres", "-D", private / "data", *options])
        self.wait("postgres", [binaries / "pg_isready", "-q", "-h", private])

    def start_kine(self):
        private = Path(self.state["private"])
        database = f"postgres://postgres@/kine?host={private}&sslmode=disable"
        self.start("kine", [self.programs / "kine", "--database", database, "--socket", private / "kine.sock"])
        self.wait("kine", ["test", "-S", private / "kine.sock"])

    def start_apiserver(self):
        """Also after a stop_process("kube-apiserver")."""
        pki, address = self.authority.folder, self.state["address"]
        # Loopback can't be advertised; nothing here asks for what is.
        advertised = "192.0.2.1" if address.startswith("127.") else address
        settings = {
            "etcd-servers": f"unix://{self.state['private']}/kine.sock",
            "bind-address": address, "secure-port": self.state["port"], "advertise-address": advertised,
            "endpoint-reconciler-type": "none", "service-cluster-ip-range": SERVICES,
            "authorization-mode": "Node,RBAC", "enable-admission-plugins": "NodeRestriction",
            "anonymous-auth": "false", "client-ca-file": pki / "ca.crt",
            "tls-cert-file": pki / "apiserver.crt", "tls-private-key-file": pki / "apiserver.key",
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-account-key-file": pki / "accounts.pub",
            "service-account-signing-key-file": pki / "accounts.key",
            "audit-policy-file": self.folder / "audit.yaml", "audit-log-path": self.folder / "audit.log",
        }
        self.start("kube-apiserver", [self.programs / "kube-apiserver",
                                      *(f"--{name}={value}" for name, value in settings.items())])
        self.wait("kube-apiserver", [self.programs / "kubectl", "--kubeconfig", self.admin, "get", "--raw=/readyz"])

    def start_controllers(self):
        pki = self.authority.folder
        kubeconfig = self.identity("controllers", "system:kube-controller-manager")
        settings = {
            "kubeconfig": kubeconfig, "authentication-kubeconfig": kubeconfig,
            "authorization-kubeconfig": kubeconfig, "secure-port": "0", "leader-elect": "false",
            "service-account-private-key-file": pki / "accounts.key", "root-ca-file": pki / "ca.crt",
            "use-service-account-credentials": "true", "node-monitor-grace-period": "12s",
        }
        self.start("kube-controller-manager", [self.programs / "kube-controller-manager",
                                               *(f"--{name}={value}" for name, value in settings.items())])

    def start_node(self, name, labels=None, taints=(), wait=True):
        """Kubelet code with the identity system:node:NAME and no container runtime; registers that Node,
        with labels {key: value} and taints ["key=value:Effect"], and keeps it Ready."""
        folder = self.folder / "nodes" / name
        folder.mkdir(parents=True, exist_ok=True)
        command = [self.programs / "fake-node", "--kubeconfig", self.node_identity(name), "--name", name,
                   "--folder", folder]
        if labels:
            command += ["--node-labels", ",".join(f"{key}={value}" for key, value in labels.items())]
        if taints:
            command += ["--register-with-taints", ",".join(taints)]
        self.start(f"node-{name}", command, {"TMPDIR": self.state["private"]})
        if wait:
            self.wait(f"node-{name}", [self.programs / "kubectl", "--kubeconfig", self.admin, "get", "node", name])

    def start(self, name, command, environment=None):
        log = self.folder / "log" / f"{name}.log"
        self.state["processes"].append(start(name, self.inside(command), log, environment))
        self.save()

    def wait(self, name, question):
        """Until a command succeeds; fails at once when the process has ended."""
        process = next(p for p in reversed(self.state["processes"]) if p["name"] == name)

        def answered():
            if not is_running(process):
                raise ClusterError(f"{name} ended:\n{last_lines(process['log'])}")
            return subprocess.run(self.inside(question), capture_output=True, check=False).returncode == 0

        if not wait_until(answered, START_SECONDS):
            raise ClusterError(f"{name} doesn't answer:\n{last_lines(process['log'])}")

    def save(self):
        partial = self.record.with_suffix(".partial")
        partial.write_text(json.dumps(self.state, indent=2))
        partial.rename(self.record)

    # --- down ---

    def stop_process(self, name):
        """One of them: "kube-apiserver", "node-NAME" …"""
        for process in [p for p in self.state["processes"] if p["name"] == name]:
            # PostgreSQL's SIGTERM waits for its clients to leave.
            stop(process, signal.SIGINT if name == "postgres" else signal.SIGTERM)
            self.state["processes"].remove(process)
        self.save()

    def down(self):
        """Stops all of it, last started first: an API server without its database wouldn't end. May be repeated."""
        while self.state["processes"]:
            self.stop_process(self.state["processes"][-1]["name"])
        if self.state["private"]:
            shutil.rmtree(self.state["private"], ignore_errors=True)
