# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes every result as a line of JSON to the file that RECORDS names."""

from __future__ import annotations

import json
import os
import time

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: records
type: aggregate
short_description: results as lines of JSON
description: For the tests.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "records"

    def v2_playbook_on_task_start(self, task, is_conditional):
        self.started = time.monotonic()

    def record(self, event, result):
        line = {
            "started": getattr(self, "started", None),
            "ended": time.monotonic(),
            "event": event,
            "host": result._host.get_name(),
            "task": result._task.get_name(),
            "result": result._result,
        }
        with open(os.environ["RECORDS"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=str) + "\n")

    def v2_runner_on_ok(self, result):
        self.record("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.record("failed", result)

    def v2_runner_on_unreachable(self, result):
        self.record("unreachable", result)
