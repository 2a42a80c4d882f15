/* Checked outputs → Ansible's inventory, as JSON values. Pure; every function returns a new
 * reference, NULL when out of memory. */
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

/* What an executable inventory prints for --list. Not marked yet. */
json_t *inventory_list(const json_t *outputs, const struct connection *connection);

/* Variables of one host. Not marked yet. */
json_t *inventory_host(const json_t *node);

/* True for a string in which Ansible would see a template. */
bool inventory_is_template(const char *string);

/* A copy in which such strings are {"__ansible_unsafe": string}: Ansible's JSON reader makes a
 * string of it that is never templated. */
json_t *inventory_marked(const json_t *value);
