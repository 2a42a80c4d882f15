/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the user asks for: the parameters as typed, checked data. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "fields.h"

enum tier { TIER_SWAP, TIER_HOT, TIER_WARM, TIER_COLD, TIER_COUNT };

extern const char *const tier_names[TIER_COUNT + 1]; /* NULL-ended */

/* "tier-hot": 12 bytes at the most, what XFS can hold. Static. */
const char *tier_label(enum tier tier);

/* The tier whose label this is, TIER_COUNT: none of ours. */
enum tier tier_of_label(const char *label);

struct disk_request {
    char *name;
    enum tier tier;
    char *device, *serial, *wwn;
    char *fstype;         /* ext4, xfs, btrfs, swap; of `os`: NULL */
    bool fstype_explicit; /* given for this disk */
    struct string_list mkfs_options;
    char *mount_options; /* comma separated, without what the module appends */
    bool adopt;
    char *wipe;          /* token, NULL: nothing may be destroyed */
    char *owner, *group; /* NULL: unchanged */
    char *mode;          /* octal text or symbolic; NULL: unchanged */
    bool os;             /* the OS disk */
    bool shared;         /* the OS disk of a tier that a data disk serves */
};

struct request {
    struct {
        struct disk_request *items;
        size_t count;
    } disks;
    char *provider;    /* "auto" or a provider */
    char *root;        /* absolute, without trailing slash */
    int swap_priority; /* -1: not given */
    bool backup, full_scan, grow, prune;
    bool absent;        /* everything is taken away; no disks then */
    int device_timeout; /* seconds */
};

extern const struct fields disk_request_fields, request_fields;

/* The module's parse function: applies the storage strategy's rules; looks at nothing but `params`.
 */
int request_parse(const json_t *params, void **ret_request, struct error *error);
void request_free(void *request);

/* True for the names that a data disk of a provider can have: data-0, data-1 … */
bool request_has_identity(const struct disk_request *disk);

/* "/var/storage/hot". Owned by the caller. */
char *tier_path(const struct request *request, enum tier tier);
