/* What words and names the outputs may hold. Pure. */
#pragma once

#include <stdbool.h>

/* Lists end with NULL. */
extern const char *const role_names[];
extern const char *const provider_names[];
extern const char *const tier_names[];
extern const char *const output_keys[]; /* of the outputs object */
extern const char *const node_keys[];   /* of one node */

bool word_in(const char *const *words, const char *word);

/* "a, b, c", owned by the caller; NULL when out of memory. */
char *words_joined(const char *const *words);

/* A host name by RFC 1123: labels of letters, digits and inner hyphens, 63 bytes each, 253 in all.
 */
bool name_is_host(const char *name);

/* Nothing but digits and dots: an address to every resolver, whatever its form. */
bool name_is_numeric(const char *name);

/* What ansible_host may be: IPv4, IPv6 without brackets (a zone after % is allowed), or a name. */
bool name_is_address(const char *name);

/* "data-N", N decimal without leading zeros. */
bool name_is_data_disk(const char *name);

/* What Ansible takes as the name of a variable. */
bool name_is_variable(const char *name);

/* `value` in double quotes for a message: control characters as \xNN, cut after 60 bytes. Owned by
 * the caller; NULL when out of memory. */
char *name_quoted(const char *value);
