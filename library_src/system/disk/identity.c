/* SPDX-License-Identifier: BSD-2-Clause */
#include "disk/disk.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"
#include "text.h"

struct disk *disks_find(const struct disk_list *disks, uint64_t devno)
{
    for (size_t i = 0; i < disks->count; i++)
        if (disks->items[i].devno == devno)
            return &disks->items[i];
    return NULL;
}

struct disk *disks_find_name(const struct disk_list *disks, const char *kernel_name)
{
    for (size_t i = 0; i < disks->count; i++)
        if (text_equal(disks->items[i].name, kernel_name))
            return &disks->items[i];
    return NULL;
}

struct span {
    const char *start;
    size_t length;
};

static struct span span_trimmed(const char *string)
{
    struct span span = {string, strlen(string)};

    while (span.length > 0 && isspace((unsigned char)span.start[span.length - 1]))
        span.length--;
    while (span.length > 0 && isspace((unsigned char)*span.start)) {
        span.start++;
        span.length--;
    }
    return span;
}

static void span_skip_prefix(struct span *span, const char *prefix)
{
    size_t n = strlen(prefix);

    if (span->length < n || strncasecmp(span->start, prefix, n) != 0)
        return;
    span->start += n;
    span->length -= n;
}

static bool span_is_hex(struct span span)
{
    for (size_t i = 0; i < span.length; i++)
        if (!isxdigit((unsigned char)span.start[i]))
            return false;
    return true;
}

/* What follows "vol-" or "vol" in a volume id; an empty span for everything else. */
static struct span span_volume_id(struct span serial)
{
    if (serial.length > 3 && strncmp(serial.start, "vol", 3) == 0) {
        size_t n = serial.start[3] == '-' ? 4 : 3;
        struct span id = {serial.start + n, serial.length - n};
        if (span_is_hex(id))
            return id;
    }
    return (struct span){serial.start, 0};
}

static bool span_equal(struct span a, struct span b)
{
    return a.length == b.length && a.length > 0 && memcmp(a.start, b.start, a.length) == 0;
}

bool serial_equal(const char *a, const char *b)
{
    if (!a || !b)
        return false;
    struct span left = span_trimmed(a), right = span_trimmed(b);
    return span_equal(left, right) || span_equal(span_volume_id(left), span_volume_id(right));
}

static struct span span_bare_wwn(const char *wwn)
{
    static const char *const prefixes[] = {"wwn-", "naa.", "eui.", "uuid.", "nvme.", "0x"};
    struct span span = span_trimmed(wwn);

    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
        span_skip_prefix(&span, prefixes[i]);
    return span;
}

enum wwn_match wwn_compare(const char *given, const char *wwn)
{
    if (!given || !wwn)
        return WWN_DIFFERENT;
    struct span a = span_bare_wwn(given), b = span_bare_wwn(wwn);
    if (a.length == 0 || a.length > b.length || strncasecmp(a.start, b.start, a.length) != 0)
        return WWN_DIFFERENT;
    if (a.length == b.length)
        return WWN_SAME;
    return a.length == 16 && b.length == 32 && span_is_hex(a) && span_is_hex(b) ? WWN_FIRST_HALF
                                                                                : WWN_DIFFERENT;
}

bool disk_has_identity(const struct disk *disk)
{
    return text_equal(disk->type, "disk") || text_equal(disk->type, "mpath");
}

const struct disk *disk_multipath_map(const struct disk_list *disks, const struct disk *disk)
{
    for (size_t i = 0; i < disk->holders.count; i++) {
        const struct disk *holder = disks_find_name(disks, disk->holders.items[i]);
        if (holder && text_equal(holder->type, "mpath"))
            return holder;
    }
    return NULL;
}

static bool disk_is_candidate(const struct disk_list *disks, const struct disk *disk)
{
    bool whole = disk_has_identity(disk) || text_equal(disk->type, "loop") ||
                 text_starts_with(disk->name, "md");

    return whole && !disk->parent && !disk->os && !disk_multipath_map(disks, disk);
}

static void text_add_candidate(struct text *text, const struct disk *disk)
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
        if (!disk_is_candidate(disks, &disks->items[i]))
            continue;
        text_add(&text, count++ ? "; " : "");
        text_add_candidate(&text, &disks->items[i]);
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
