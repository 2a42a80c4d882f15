# SPDX-License-Identifier: GPL-3.0-or-later
"""Real Ansible reads the YAML and the executable, and sees the same, true fleet."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fleets

ansible = pytest.importorskip("ansible", reason="ansible-core is not importable")

from ansible.inventory.manager import InventoryManager  # noqa: E402
from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.template import Templar  # noqa: E402

FLEETS, BY_COMMAND = 200, 4
MAGIC = ("inventory_file", "inventory_dir", "inventory_hostname", "inventory_hostname_short",
         "group_names")


def read_in_process(source):
    """host → variables as a task would see them after templating; group → its hosts."""
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[str(source)])
    hosts = {}
    for host in inventory.get_hosts("all"):
        variables = {**inventory.groups["all"].get_vars(), **host.get_vars()}
        templar = Templar(loader=loader, variables=variables)
        hosts[host.name] = {key: templar.template(value) for key, value in variables.items()
                            if key not in MAGIC}
    groups = {name: {host.name for host in group.get_hosts()}
              for name, group in inventory.groups.items() if name not in ("all", "ungrouped")}
    return hosts, groups


def plain(value):
    """Ansible's own types as Python's; 1, 1.0 and True told apart."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return str(value)
    kind = next(kind for kind in (bool, int, float, type(None)) if isinstance(value, kind))
    return kind.__name__, value


def command(name):
    """The program of the ansible-core that is imported here."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        pytest.skip(f"no {name} in PATH")
    return found


def read_by_command(source):
    done = subprocess.run([command("ansible-inventory"), "-i", str(source), "--list"],
                          capture_output=True, text=True, check=True)
    # YAML has no mark for a few strings that JSON has one for: yaml_text.c
    return json.loads(done.stdout, object_hook=lambda value: value.get("__ansible_unsafe", value))


def test_200_fleets(run, program, rng, tmp_path, monkeypatch):
    file, outputs_file = tmp_path / "inventory.yaml", tmp_path / "outputs.json"
    monkeypatch.setenv("FLEET_OUTPUTS", str(outputs_file))
    monkeypatch.setenv("ANSIBLE_INVENTORY_PLUGIN_SCRIPT_STDERR", "false")
    for variable in ("FLEET_SSH_KEY", "FLEET_PYTHON"):
        monkeypatch.delenv(variable, raising=False)
    for number in range(FLEETS):
        outputs = fleets.fleet(rng)
        outputs_file.write_text(fleets.wrapped(rng, outputs))
        made = run("--yaml", "--groups", "--output", str(file), str(outputs_file))
        assert made.status == 0, made.err

        from_file, from_program = read_in_process(file), read_in_process(program)
        expected = plain(fleets.expected_hosts(outputs))
        assert plain(from_file[0]) == plain(from_program[0]) == expected
        assert from_file[1] == from_program[1] == fleets.expected_groups(outputs)

        if number < BY_COMMAND:
            assert read_by_command(file) == read_by_command(program)
            run("--yaml", "--output", str(file), str(outputs_file))
            without_groups = read_by_command(file)
            assert without_groups["_meta"] == read_by_command(program)["_meta"]


@pytest.mark.parametrize("form", ["yaml", "executable"])
def test_strings_reach_the_host_as_typed(run, program, seed, tmp_path, form):
    """`ansible -m debug` prints what a task gets; one host's variable holds them all, since a
    password at a time would take minutes."""
    seed["vms"] = {"cdb": seed["vms"]["cdb"]}
    seed["vms"]["cdb"][0]["odd"] = fleets.ODD_STRINGS
    for password in ("{{ 1 + 1 }}'\"\\ü\n!vault | {% x %}", "@{{lookup('pipe', 'id')}}"):
        seed["password"] = password
        outputs_file, source = tmp_path / "outputs.json", tmp_path / "inventory.yaml"
        outputs_file.write_text(json.dumps(seed))
        if form == "executable":
            source = program
        else:
            run("--yaml", "--output", str(source), str(outputs_file))
        for variable, value in (("ansible_become_password", password),
                                ("terraform.odd", fleets.ODD_STRINGS)):
            done = subprocess.run(
                [command("ansible"), "-i", str(source), "cdb-1", "-c", "local", "-m", "debug",
                 "-a", f"var={variable}"],
                env={**os.environ, "FLEET_OUTPUTS": str(outputs_file), "ANSIBLE_NOCOLOR": "1"},
                capture_output=True, text=True, check=True)
            assert json.loads(done.stdout.split("=>", 1)[1])[variable] == value


@pytest.mark.parametrize("password", fleets.ODD_STRINGS)
def test_password_as_the_become_plugin_gets_it(run, seed, tmp_path, password):
    seed["password"] = password
    file = tmp_path / "inventory.yaml"
    assert run("--yaml", "--output", str(file), outputs=seed).status == 0
    hosts, _ = read_in_process(file)
    assert plain(hosts["cdb-1"]["ansible_become_password"]) == password


def test_empty_role_is_an_empty_group(run, seed, tmp_path):
    seed["vms"] = {"cdb": [], "sts": []}
    file = tmp_path / "inventory.yaml"
    assert run("--yaml", "--output", str(file), outputs=seed).status == 0
    assert read_in_process(file) == ({}, {"cdb": set(), "sts": set()})


def test_empty_fleet(run, seed, tmp_path):
    seed["vms"] = {}
    file = tmp_path / "inventory.yaml"
    assert run("--yaml", "--output", str(file), outputs=seed).status == 0
    assert read_in_process(file) == ({}, {})
    assert json.loads(run("--list", outputs=seed).out)["k3s_cluster"] == {"children": []}
    assert run("--table", outputs=seed).out.count("\n") == 1


def test_refused_outputs_stop_ansible(program, changed, tmp_path):
    """An executable that fails is an error for Ansible, with the place in its message."""
    outputs_file = tmp_path / "outputs.json"
    outputs_file.write_text(json.dumps(changed(
        lambda outputs: outputs["vms"]["wkr"][0]["disks"][1].update(tier="hott"))))
    done = subprocess.run(
        [command("ansible-inventory"), "-i", program, "--list"],
        capture_output=True, text=True, check=False,
        env={**os.environ, "FLEET_OUTPUTS": str(outputs_file),
             "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"})
    assert done.returncode != 0
    message = " ".join(done.stderr.split())
    assert "vms.wkr[0].disks[1].tier" in message
