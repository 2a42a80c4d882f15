/* The rules that outputs must keep before anything is made of them. Pure. */
#pragma once

#include <jansson.h>

#include "problems.h"

/* Every problem of the outputs, in their order. Without an error there, the other parts of the
 * program may rely on types and required keys. */
void check_outputs(const json_t *outputs, struct problems *problems);

/* The disks of one node; `node` is its place. See the strategy's rules and storage_tier's
 * parameters. */
void check_disks(const json_t *disks, const char *provider, const struct place *node,
                 struct problems *problems);

/* The string below `key`; NULL, with the problem noted, when there is none or it is empty. */
const char *check_text(const json_t *object, const char *key, const struct place *place,
                       struct problems *problems);

/* A key nobody here knows: `kept` says where it goes. An error when it has a meaning as a variable,
 * or when it or what is in its value can't be handed over as data. */
void check_unknown(const char *key, const json_t *value, const struct place *place,
                   const char *kept, struct problems *problems);

/* A key that becomes one of the inventory. */
void check_key(const char *key, const struct place *place, struct problems *problems);
