/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "disk_keys.h"

#include <stddef.h>

#include "text.h"

static const char *const fstypes[] = {"ext4", "xfs", "btrfs", NULL};
static const char *const existing[] = {"fail", "adopt", NULL};

const struct disk_key disk_keys[] = {
    {"name", .kind = DISK_KEY_TEXT, .required = true},
    {"tier", .kind = DISK_KEY_TEXT, .required = true},
    {"device", .kind = DISK_KEY_PATH, .not_for_os = true},
    {"serial", .kind = DISK_KEY_TEXT, .not_for_os = true},
    {"wwn", .kind = DISK_KEY_TEXT, .not_for_os = true},
    {"fstype", .kind = DISK_KEY_TEXT, .choices = fstypes, .not_for_os = true, .not_for_swap = true},
    {"mkfs_options", .kind = DISK_KEY_TEXTS, .not_for_os = true, .not_for_adopted = true},
    {"mount_options", .kind = DISK_KEY_TEXT, .not_for_os = true, .not_for_swap = true},
    {"existing", .kind = DISK_KEY_TEXT, .choices = existing},
    {"wipe", .kind = DISK_KEY_TEXT, .not_for_os = true, .not_for_adopted = true},
    {"owner", .kind = DISK_KEY_TEXT, .not_for_swap = true, .not_for_adopted = true},
    {"group", .kind = DISK_KEY_TEXT, .not_for_swap = true, .not_for_adopted = true},
    {"mode", .kind = DISK_KEY_MODE, .not_for_swap = true, .not_for_adopted = true},
    {0},
};

const struct disk_key *disk_key_find(const char *name)
{
    for (const struct disk_key *key = disk_keys; key->name; key++)
        if (text_equal(key->name, name))
            return key;
    return NULL;
}
