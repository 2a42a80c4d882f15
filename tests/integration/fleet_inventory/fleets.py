# SPDX-License-Identifier: GPL-3.0-or-later
"""Random fleets that keep the rules, and what an inventory must say about them."""

import ipaddress
import json

TIERS = ["swap", "hot", "warm", "cold"]
ROLES = ["cdb", "cpl", "ops", "sts", "wkr"]
PROVIDERS = ["proxmox", "aws", "gcp", "oci", "generic"]

# Each of these is something else to a YAML reader, or to Ansible, when written carelessly.
ODD_STRINGS = [
    "yes", "no", "On", "off", "y", "N", "true", "False", "null", "Null", "~", "=", "<<", "-", "?",
    "0", "007", "1_000", "0o17", "0x1f", "1:20", "190:20:30", "12e03", "1e5", "1.5", ".5", ".inf",
    "-.INF", ".nan", "2024-01-01", "2001-12-14t21:59:43.10-05:00", "+1", "0b101", "685.230_15e+03",
    "!vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6131", "$ANSIBLE_VAULT;1.1;AES256", "!unsafe x",
    "@leading", "`tick", "%percent", "- dash", "? mark", ": colon", "a: b", "a #b", "#comment",
    "'single'", '"double"', "it's", 'say "hi"', "back\\slash", "\\n", "tab\tinside", "line\nbreak",
    "line\n\n  break\n", "5\n", "0x1f\n", "True\n", "null\n", "=\n", "<<\n", "~\n", "\n", "2020-01-02\t03:04:05",
    "\r\n", " leading", "trailing ", "   ", "ünïcödé", "日本語", "😀🚀",
    "\u2028sep\u2029", "\u0085", "\ufeffbom", "\x7f", "\x1b[31mred", "\x01", "\ud7ff\ue000\ufffd",
    "\ufffe", "&anchor", "*alias", "&", "*", "!", "|", ">", "--- doc", "...", "{}", "[]", "{'a': 1}", "[1, 2]",
    "{{ lookup('env', 'HOME') }}", "{{", "}}", "pa{{ss}}", "{% raw %}", "{# no comment #}", "{%",
    "a{{b}}'c\"d\n{{", "${HOME}", "$(id)", "x" * 500, "word " * 60,
]
ODD_HOSTS = ["no", "on", "yes", "null", "y", "1e5", "0x1f", "2024-01-01", "12e03", "a", "0-0",
             "7up", "web.example.com", "true.example", "l" * 63, "inf", "nan", "WKR-Upper"]


def hostname(rng, taken):
    while True:
        if rng.random() < 0.3:
            name = rng.choice(ODD_HOSTS)
        else:
            name = rng.choice(["node", "wkr-cloud", "db", "k3s"]) + f"-{rng.randrange(10000)}"
        if name.lower() not in taken:
            taken.add(name.lower())
            return name


def address(rng):
    kind = rng.randrange(4)
    if kind == 0:
        return str(ipaddress.IPv6Address(rng.getrandbits(128)))
    if kind == 1:
        return rng.choice(["fe80::1%eth0", "::1", "2001:db8::", "host.example.com", "no", "1e5"])
    return str(ipaddress.IPv4Address(rng.getrandbits(32)))


def anything(rng, depth=0):
    kind = rng.randrange(8 if depth < 4 else 6)
    if kind == 0:
        return rng.choice([None, True, False])
    if kind == 1:
        return rng.choice([0, -1, 2**63 - 1, -2**63, rng.randrange(-10**6, 10**6)])
    if kind == 2:
        return rng.choice([0.0, 1e22, 1e50, -2.5e-10, 1e16, 5e-324, 1.7e308, rng.gauss(0, 1e6)])
    if kind < 6:
        return rng.choice(ODD_STRINGS)
    if kind == 6:
        return [anything(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {rng.choice(["a", "b c", "no", "1", "ключ", "a/b", "%", "-", "- x", "1:20"]):
            anything(rng, depth + 1) for _ in range(rng.randrange(4))}


def extra(rng, into, names):
    for name in names:
        if rng.random() < 0.2:
            into[name] = anything(rng)


def disk(rng, name, tier):
    made = {"name": name, "tier": tier}
    options = {} if tier == "swap" else {"owner": "root", "group": "yes", "mode": "0750"}
    if name != "os":
        options.update(device="/dev/disk/by-id/x y", serial="007", wwn="0x5000c500a1b2c3d4",
                       mkfs_options=["-O", "^metadata_csum"], existing="fail", wipe="xfs:1-2")
        if tier != "swap":
            options["mount_options"] = "noatime,discard"
            options["fstype"] = rng.choice(["ext4", "xfs", "btrfs"])
    for key in rng.sample(sorted(options), k=rng.randrange(len(options) + 1)):
        made[key] = rng.choice([options[key], None])
    extra(rng, made, ["size_gb", "iops"])
    return dict(rng.sample(sorted(made.items(), key=str), k=len(made)))


def disks(rng):
    tiers = rng.sample(TIERS, k=len(TIERS))
    os_tier = next(tier for tier in tiers if tier != "swap")
    if rng.random() > 0.2:
        tiers.remove(os_tier)
    rest = [disk(rng, f"data-{n}", tier) for n, tier in enumerate(tiers[:rng.randrange(4)])]
    return [disk(rng, "os", os_tier), *rest]


def fleet(rng):
    taken, vms = set(), {}
    for role in rng.sample(ROLES, k=rng.randrange(len(ROLES) + 1)):
        vms[role] = []
        for _ in range(rng.randrange(4)):
            node = {"hostname": hostname(rng, taken), "ip": address(rng),
                    "provider": rng.choice(PROVIDERS), "disks": disks(rng)}
            extra(rng, node, ["zone", "labels", "k3s_labels", "k3s_taints", "password", "x-y"])
            for key, values in (("ansible_port", [22, 2222, "22", None]),
                                ("ansible_user", ["core", "{{u}}", "no", None])):
                if rng.random() < 0.2:
                    node[key] = rng.choice(values)
            vms[role].append(node)
    outputs = {"username": rng.choice(["ssh_user", "no", "DOM\\user", "ünï", "{{u}}"]),
               "password": rng.choice(ODD_STRINGS + ["", None]), "vms": vms}
    extra(rng, outputs, ["tailnet", "env", "k3s_version"])
    return outputs


def wrapped(rng, outputs):
    """The text in one of the forms in which Terraform gives it."""
    ascii_only = rng.random() < 0.5
    value = rng.choice([outputs, json.dumps(outputs, ensure_ascii=ascii_only)])
    output = {"ansible_inventory": {"sensitive": True, "type": "dynamic", "value": value},
              "other": {"sensitive": False, "type": "string", "value": "x"}}
    shown = {"format_version": "1.0", "terraform_version": "1.9.0",
             "values": {"outputs": output, "root_module": {}}}
    return json.dumps(rng.choice([outputs, value, output, shown]), ensure_ascii=ascii_only,
                      indent=rng.choice([None, 2]))


KNOWN_DISK_KEYS = ["name", "tier", "device", "serial", "wwn", "fstype", "mkfs_options",
                   "mount_options", "existing", "wipe", "owner", "group", "mode"]


NODE_KEYS = ["hostname", "ip", "provider", "disks"]
NODE_VARIABLES = ["ansible_port", "ansible_user", "k3s_labels", "k3s_taints", "k3s_node_name"]


def given(values, keys):
    return {key: values[key] for key in keys if values.get(key) is not None}


def others(values, keys):
    return given(values, [key for key in values if key not in keys])


def expected_terraform(common, node):
    """What the host sees as `terraform`, its own before that of all hosts."""
    disks = {one["name"]: others(one, KNOWN_DISK_KEYS) for one in node["disks"]}
    disks = {name: rest for name, rest in disks.items() if rest}
    seen = {**common, **others(node, NODE_KEYS + NODE_VARIABLES), **({"disks": disks} if disks else {})}
    return {"terraform": seen} if seen else {}


def expected_hosts(outputs):
    """host → variables, written down independently of the program."""
    common = {"ansible_user": outputs["username"]}
    if outputs["password"]:
        common["ansible_become_password"] = outputs["password"]
    common.update(ansible_ssh_private_key_file="/tmp/ssh_key",
                  ansible_python_interpreter="/usr/bin/python3.11")
    unknown = others(outputs, ["username", "password", "vms"])
    hosts = {}
    for nodes in outputs["vms"].values():
        for node in nodes:
            hosts[node["hostname"]] = {
                **common, "ansible_host": node["ip"], "provider": node["provider"],
                "disks": [given(one, KNOWN_DISK_KEYS) for one in node["disks"]],
                **given(node, NODE_VARIABLES), **expected_terraform(unknown, node)}
    return hosts


def expected_groups(outputs):
    """group → set of hosts, those beside the roles too."""
    groups = {"k3s_cluster": set()}
    for role, nodes in outputs["vms"].items():
        groups[role] = {node["hostname"] for node in nodes}
        for node in nodes:
            if role != "cdb":
                groups["k3s_cluster"].add(node["hostname"])
            groups.setdefault("provider_" + node["provider"], set()).add(node["hostname"])
            for one in node["disks"]:
                groups.setdefault("tier_" + one["tier"], set()).add(node["hostname"])
    return groups
