/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reserved.h"

#include "names.h"
#include "text.h"

/* clang-format off */

/* Ansible's connection, become and shell plugins, its settings and facts; then our roles, whose
 * variables carry their names. */
static const char *const prefixes[] = {"ansible_", "_ansible_", "k3s_role_", "storage_", NULL};

/* Variables that our roles read from the inventory, without their names in front. */
static const char *const role_variables[] = {
    "disks", "k3s_labels", "k3s_node_name", "k3s_taints", "provider", NULL,
};

/* https://docs.ansible.com/ansible/latest/reference_appendices/special_variables.html */
static const char *const magic_variables[] = {
    "environment", "group_names", "groups", "hostvars", "inventory_dir", "inventory_file",
    "inventory_hostname", "inventory_hostname_short", "omit", "play_hosts", "playbook_dir",
    "role_name", "role_names", "role_path", "role_uuid", "vars", NULL,
};

/* Keywords and globals, from ansible/vars/reserved.py of ansible-core 2.14 to 2.21. Not among them:
 * name, namespace, order, serial, tags and timeout, which machines have as well, and which are
 * nothing to Ansible as variables. */
static const char *const keywords[] = {
    "action", "always", "any_errors_fatal", "args", "async", "async_val", "become", "become_exe",
    "become_flags", "become_method", "become_user", "block", "changed_when", "check_mode",
    "collections", "connection", "cycler", "debugger", "delay", "delegate_facts", "delegate_to",
    "dict", "diff", "fact_path", "failed_when", "force_handlers", "gather_facts", "gather_subset",
    "gather_timeout", "handlers", "hosts", "ignore_errors", "ignore_unreachable", "joiner",
    "lipsum", "local_action", "lookup", "loop", "loop_control", "loop_with", "max_fail_percentage",
    "module_defaults", "no_log", "notify", "now", "poll", "port", "post_tasks", "pre_tasks", "q",
    "query", "range", "register", "remote_user", "rescue", "retries", "roles", "run_once",
    "strategy", "tasks", "throttle", "undef", "until", "vars_files", "vars_prompt", "when", "with_",
    NULL,
};

/* clang-format on */

bool name_is_reserved(const char *name)
{
    for (const char *const *prefix = prefixes; *prefix; prefix++)
        if (text_starts_with(name, *prefix))
            return true;
    return word_in(role_variables, name) || word_in(magic_variables, name) ||
           word_in(keywords, name);
}
