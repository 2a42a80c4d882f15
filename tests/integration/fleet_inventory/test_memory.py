# SPDX-License-Identifier: GPL-3.0-or-later
"""Every allocation made to fail in turn: one line on standard error, nothing on standard output, never a crash."""
import os
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
OUTPUTS = HERE / "seed_outputs.json"


@pytest.fixture(name="preload")
def preload_fixture():
    library = os.environ.get("FAILING_MALLOC")
    if not library:
        pytest.skip("FAILING_MALLOC names no library to preload (AddressSanitizer brings its own malloc)")
    return library


@pytest.mark.parametrize("mode", ["--yaml", "--list", "--check", "--table"])
def test_out_of_memory(program, preload, tmp_path, mode):
    count = tmp_path / "count"

    def run(**environment):
        return subprocess.run([program, mode, OUTPUTS], capture_output=True, text=True, check=False,
                              env={"PATH": os.environ["PATH"], "LD_PRELOAD": preload, **environment})

    whole = run(COUNT_FILE=str(count))
    assert whole.returncode == 0
    allocations = int(count.read_text())
    assert allocations > 50
    ended = 0
    for number in range(1, allocations + 1):
        done = run(FAIL_AT=str(number))
        if done.returncode == 0:  # the C library does without
            assert done.stdout == whole.stdout
            continue
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.splitlines()[-1] in ("fleet_inventory: out of memory",) or "annot allocate" in done.stderr
        ended += 1
    assert ended > allocations // 2
