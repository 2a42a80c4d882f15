#include "disk_identity.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"
#include "disks.h"
#include "text.h"

struct span {
    const char *start;
    size_t length;
};

static struct span trimmed(const char *string)
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

static void skip_prefix(struct span *span, const char *prefix)
{
    size_t n = strlen(prefix);

    if (span->length < n || strncasecmp(span->start, prefix, n) != 0)
        return;
    span->start += n;
    span->length -= n;
}

static bool is_hex(struct span span)
{
    for (size_t i = 0; i < span.length; i++)
        if (!isxdigit((unsigned char)span.start[i]))
            return false;
    return true;
}

/* What follows "vol-" or "vol" in a volume id; an empty span for everything else. */
static struct span volume_id(struct span serial)
{
    if (serial.length > 3 && strncmp(serial.start, "vol", 3) == 0) {
        size_t n = serial.start[3] == '-' ? 4 : 3;
        struct span id = {serial.start + n, serial.length - n};
        if (is_hex(id))
            return id;
    }
    return (struct span){serial.start, 0};
}

static bool same(struct span a, struct span b)
{
    return a.length == b.length && a.length > 0 && memcmp(a.start, b.start, a.length) == 0;
}

bool serial_equal(const char *a, const char *b)
{
    if (!a || !b)
        return false;
    struct span left = trimmed(a), right = trimmed(b);
    return same(left, right) || same(volume_id(left), volume_id(right));
}

static struct span bare_wwn(const char *wwn)
{
    static const char *const prefixes[] = {"wwn-", "naa.", "eui.", "uuid.", "nvme.", "0x"};
    struct span span = trimmed(wwn);

    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
        skip_prefix(&span, prefixes[i]);
    return span;
}

enum wwn_match wwn_compare(const char *given, const char *wwn)
{
    if (!given || !wwn)
        return WWN_DIFFERENT;
    struct span a = bare_wwn(given), b = bare_wwn(wwn);
    if (a.length == 0 || a.length > b.length || strncasecmp(a.start, b.start, a.length) != 0)
        return WWN_DIFFERENT;
    if (a.length == b.length)
        return WWN_SAME;
    return a.length == 16 && b.length == 32 && is_hex(a) && is_hex(b) ? WWN_FIRST_HALF
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
