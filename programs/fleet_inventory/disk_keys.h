/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What storage_tier knows about a disk, in the order in which the inventory has it. */
#pragma once

#include <stdbool.h>

struct disk_key {
    const char *name;
    enum { DISK_KEY_TEXT, DISK_KEY_PATH, DISK_KEY_TEXTS, DISK_KEY_MODE } kind;
    const char *const *choices; /* NULL: any */
    bool required, not_for_os, not_for_swap, not_for_adopted;
};

/* Ends with a NULL name. */
extern const struct disk_key disk_keys[];

/* NULL for a key that storage_tier doesn't know. */
const struct disk_key *disk_key_find(const char *name);
