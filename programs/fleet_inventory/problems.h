/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is wrong with the outputs: collected, each with its place, so that all is said at once. */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "text.h"

/* A place in the outputs, kept on the stack: a key or, without one, an index below `parent`. The
 * outputs themselves are NULL. */
struct place {
    const struct place *parent;
    const char *key;
    size_t index;
};

#define PLACE_KEY(parent_, key_) (&(struct place){.parent = (parent_), .key = (key_)})
#define PLACE_ITEM(parent_, index_) (&(struct place){.parent = (parent_), .index = (index_)})

/* "vms.wkr[0].disks[1].tier", owned by the caller. */
char *place_text(const struct place *place);

/* All zero to begin with. */
struct problems {
    struct text lines;
    size_t errors, warnings;
};

/* One line: "error: PLACE: …". Values go through name_quoted first, and never a secret. */
void problem_error(struct problems *problems, const struct place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One line: "warning: PLACE: …". */
void problem_warning(struct problems *problems, const struct place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void problems_release(struct problems *problems);

/* "a string", "an object", … */
const char *json_type_name(const json_t *value);

/* The string below `key`; NULL, with the problem noted, when there is none or it is empty. */
const char *check_text(const json_t *object, const char *key, const struct place *place,
                       struct problems *problems);

/* What lies in a value: keys that can't be handed over as data, nested too deep. */
void check_value(const json_t *value, const struct place *place, struct problems *problems);

/* A key nobody here knows: `kept` says where it goes. An error when it has a meaning as a variable,
 * or when it or what is in its value can't be handed over as data. */
void check_unknown(const char *key, const json_t *value, const struct place *place,
                   const char *kept, struct problems *problems);

/* A key that becomes one of the inventory. */
void check_key(const char *key, const struct place *place, struct problems *problems);
