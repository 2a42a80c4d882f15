/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checked outputs → Ansible's inventory, as JSON values. Pure; every function returns a new
 * reference.
 *
 * Strings of the outputs are data: unless they are plain (names.h) they are marked, whatever is in
 * them, as {"__ansible_unsafe": string}, of which Ansible makes a string that it never templates.
 * Those of the connection are trusted. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/* Variables of all hosts that don't come from the outputs; an empty one is left out. */
struct connection {
    const char *ssh_key, *python;
};

/* The inventory file: all → vars, children → role → hosts → variables; with `groups` also the
 * groups beside the roles. */
json_t *inventory_file(const json_t *outputs, const struct connection *connection, bool groups);

/* What an executable inventory prints for --list. */
json_t *inventory_list(const json_t *outputs, const struct connection *connection);

/* Variables of one host. */
json_t *inventory_host(const json_t *outputs, const json_t *node);

/* A copy of what the outputs have, its strings marked. */
json_t *inventory_data(const json_t *value);

/* The string of such a mark, borrowed; NULL for any other value. */
const json_t *inventory_marked_string(const json_t *value);
