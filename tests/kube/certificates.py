# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster's certificate authority, and kubeconfigs that carry their certificates inside."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

CURVE = ("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
DAYS = 30
EXPIRED = -1  # the days of a certificate that ended yesterday

KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters:
- name: fleet
  cluster:
    server: {server}
    certificate-authority-data: {authority}
users:
- name: {name}
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
contexts:
- name: {name}
  context: {{cluster: fleet, user: {name}}}
current-context: {name}
"""


def openssl(*words, folder):
    done = subprocess.run(["openssl", *map(str, words)], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"openssl {words[0]}: {done.stderr.strip()}")


class Authority:
    """Keys and certificates as FOLDER/NAME.key and FOLDER/NAME.crt."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def create(self):
        self.folder.mkdir(mode=0o700)
        openssl("req", "-x509", "-newkey", *CURVE, "-keyout", "ca.key", "-out", "ca.crt", "-days", DAYS,
                "-subj", "/CN=fleet-ca", folder=self.folder)
        openssl("genrsa", "-out", "accounts.key", "2048", folder=self.folder)
        openssl("rsa", "-in", "accounts.key", "-pubout", "-out", "accounts.pub", folder=self.folder)

    def issue(self, name, subject, usage, names=None, days=DAYS):
        """A certificate for subject ("/O=…/CN=…"); usage is serverAuth or clientAuth, names its SANs."""
        extensions = f"keyUsage=critical,digitalSignature\nextendedKeyUsage={usage}\n"
        if names:
            extensions += f"subjectAltName={','.join(names)}\n"
        (self.folder / f"{name}.ext").write_text(extensions)
        openssl("req", "-new", "-newkey", *CURVE, "-keyout", f"{name}.key", "-out", f"{name}.csr",
                "-subj", subject, folder=self.folder)
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-days", days,
                "-extfile", f"{name}.ext", "-out", f"{name}.crt", folder=self.folder)

    def kubeconfig(self, name, subject, server, days=DAYS):
        """Writes FOLDER/NAME.kubeconfig, of mode 0600, for a new identity; returns its path."""
        self.issue(name, subject, "clientAuth", days=days)
        path = self.folder / f"{name}.kubeconfig"
        path.touch(mode=0o600)
        path.write_text(KUBECONFIG.format(name=name, server=server, authority=self.encoded("ca.crt"),
                                          certificate=self.encoded(f"{name}.crt"), key=self.encoded(f"{name}.key")))
        return path

    def encoded(self, file):
        return base64.b64encode((self.folder / file).read_bytes()).decode()
