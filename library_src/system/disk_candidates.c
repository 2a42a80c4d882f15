#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "cleanup.h"
#include "disk_identity.h"
#include "text.h"

static bool is_candidate(const struct disk_list *disks, const struct disk *disk)
{
    bool whole = disk_has_identity(disk) || text_equal(disk->type, "loop") ||
                 text_starts_with(disk->name, "md");

    return whole && !disk->parent && !disk->os && !disk_multipath_map(disks, disk);
}

static void add_candidate(struct text *text, const struct disk *disk)
{
    AUTO_FREE char *description = disk_describe(disk);
    AUTO_FREE char *content = content_describe(&disk->content);
    AUTO_FREE char *mounts = string_list_join(&disk->mounts, ", ");

    text_add(text, description);
    if (disk->content.kind != CONTENT_UNKNOWN)
        text_addf(text, " with %s", content);
    if (disk->mounts.count > 0)
        text_addf(text, " mounted at %s", mounts);
    if (disk->swap_active)
        text_add(text, " in use as swap");
}

int disks_not_found(const struct disk_list *disks, struct error *error, const char *format, ...)
{
    AUTO_TEXT struct text text = {0};
    json_t *candidates = json_array();
    size_t count = 0;
    va_list arguments;

    va_start(arguments, format);
    AUTO_FREE char *reason = text_vformat(format, arguments);
    va_end(arguments);
    for (size_t i = 0; i < disks->count; i++) {
        if (!is_candidate(disks, &disks->items[i]))
            continue;
        text_add(&text, count++ ? "; " : "");
        add_candidate(&text, &disks->items[i]);
        json_array_append_new(candidates, fields_to_json(&disk_fields, &disks->items[i]));
    }
    if (count == 0)
        error_set(error, -ENODEV, "%s; this host has no disk besides the one it runs from", reason);
    else
        error_set(error, -ENODEV, "%s; the disks here are: %s", reason, text.data);
    error->id = "disk-not-found";
    error_detail(error, "candidates", candidates);
    return -ENODEV;
}
