/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What words and names the outputs may hold. Pure. */
#pragma once

#include <stdbool.h>

/* Lists end with NULL. */
extern const char *const role_names[];
extern const char *const provider_names[];
extern const char *const tier_names[];
/* Keys of a node that become variables under their own names, in the inventory's order. */
extern const char *const node_variables[];

bool word_in(const char *const *words, const char *word);

/* "a, b, c", owned by the caller. */
char *words_joined(const char *const *words);

/* A key of the outputs object that this program knows. */
bool name_is_output_key(const char *key);

/* The same for a node. */
bool name_is_node_key(const char *key);

/* A host name by RFC 1123: labels of letters, digits and inner hyphens, 63 bytes each, 253 in all.
 */
bool name_is_host(const char *name);

/* Nothing but digits and dots: an address to every resolver, whatever its form. */
bool name_is_numeric(const char *name);

/* What ansible_host may be: IPv4, IPv6 without brackets (a zone after % is allowed), or a name. */
bool name_is_address(const char *name);

/* "data-N", N decimal without leading zeros. */
bool name_is_data_disk(const char *name);

/* Letters, digits and " _.,:/@%+-" alone: neither Jinja nor YAML finds anything in such a string.
 */
bool name_is_plain(const char *string);

/* Those and whatever isn't ASCII. Ansible has no mark for a key that is data, in JSON none at all
 * and in YAML one that a loop over the keys loses, so that others would be templates. */
bool name_is_data_key(const char *key);

/* What Ansible takes as the name of a variable. */
bool name_is_variable(const char *name);

/* C0, DEL, C1 and the line separators: what would reach a terminal as more than text. */
bool name_has_controls(const char *string);

/* `value` in double quotes for a message: control characters as \xNN, cut after 60 bytes. Owned by
 * the caller. */
char *name_quoted(const char *value);
