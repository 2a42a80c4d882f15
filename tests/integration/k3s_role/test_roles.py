# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles offer what their modules do, and say so."""

import subprocess
from pathlib import Path

import pytest
import yaml
from conftest import K3S_ROLE, STORAGE_TIER

ROLES = Path(__file__).resolve().parents[3] / "roles"


def options(module):
    shown = subprocess.run([module, "--doc"], capture_output=True, check=True).stdout
    return yaml.safe_load(shown)["DOCUMENTATION"]["options"].keys()


def asked(role, module, *files):
    tasks = [task for file in files for task in yaml.safe_load((ROLES / role / "tasks" / file).read_text())]
    return {option: value for task in tasks for option, value in task.get(module, {}).items()}


@pytest.mark.parametrize("role, program, files", [("storage", STORAGE_TIER, ["main.yml"]),
                                                  ("k3s_role", K3S_ROLE, ["main.yml", "nodes.yml"])])
def test_every_option_is_a_variable(role, program, files):
    """But for state: a role sets up."""
    module = Path(program).name
    assert asked(role, module, *files).keys() == options(program) - {"state"}
    defaults = (ROLES / role / "defaults/main.yml").read_text()
    specs = yaml.safe_load((ROLES / role / "meta/argument_specs.yml").read_text())["argument_specs"].values()
    for option, value in asked(role, module, *files).items():
        name = f"{role}_name" if option == "role" else f"{role}_{option}"
        assert name in value and any(name in spec["options"] for spec in specs), option
        assert name in defaults, name
