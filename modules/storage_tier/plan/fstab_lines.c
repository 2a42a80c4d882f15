/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/plan.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "filesystems.h"
#include "mount_options.h"
#include "text.h"

/* _netdev orders the mount after the network, where the disk is reached over it. */
char *fstab_options_text(const struct disk_request *want, const struct disk *disk)
{
    bool netdev = disk->network && !mount_options_has(want->mount_options, "_netdev");

    return text_format("%s%s,x-storage-tier=%s", want->mount_options, netdev ? ",_netdev" : "",
                       tier_names[want->tier]);
}

char *fstab_line_text(const struct request *request, const struct disk_request *want,
                      const struct disk *disk, const char *uuid, const char *fstype)
{
    AUTO_FREE char *path = tier_path(request, want->tier);
    AUTO_FREE char *priority = request->swap_priority >= 0
                                   ? text_format(",pri=%d", request->swap_priority)
                                   : alloc_string("");

    if (want->tier == TIER_SWAP)
        return text_format("UUID=%s none swap sw,nofail,x-systemd.device-timeout=10s%s,"
                           "x-storage-tier=swap 0 0",
                           uuid ? uuid : "<new>", priority);
    AUTO_FREE char *options = fstab_options_text(want, disk);
    return text_format("UUID=%s %s %s %s 0 %d", uuid ? uuid : "<new>", path, fstype, options,
                       filesystem_find(fstype)->fsck_pass);
}

static size_t fstab_next_field(const char **line)
{
    *line += strspn(*line, " \t\r");
    return strcspn(*line, " \t\r");
}

bool fstab_same_fields(const char *a, const char *b)
{
    for (;;) {
        size_t x = fstab_next_field(&a), y = fstab_next_field(&b);

        if (x != y || strncmp(a, b, x) != 0)
            return false;
        if (x == 0)
            return true;
        a += x;
        b += y;
    }
}

char *fstab_text_edit(const char *text, const char *old_line, const char *new_line)
{
    AUTO_TEXT struct text result = {0};
    size_t length = strlen(text);
    const char *p = text;

    if (!old_line) {
        text_add(&result, text);
        if (length > 0 && text[length - 1] != '\n')
            text_add(&result, "\n");
        text_addf(&result, "%s\n", new_line);
        return text_take(&result);
    }
    while (*p) {
        size_t line = strcspn(p, "\n");

        if (line == strlen(old_line) && strncmp(p, old_line, line) == 0) {
            text_add_bytes(&result, text, (size_t)(p - text));
            text_add(&result, new_line ? new_line : "");
            text_add(&result, p + line + (!new_line && p[line] == '\n'));
            return text_take(&result);
        }
        p += line + (p[line] == '\n');
    }
    errno = ENOENT;
    return NULL;
}

/* Without empty components, "." and "..". Owned by the caller. */
static char *fstab_plain_path(const char *path)
{
    char *plain = alloc_bytes(strlen(path) + 1);
    size_t length = 0, part;

    for (const char *p = path; *p; p += part) {
        p += strspn(p, "/");
        part = strcspn(p, "/");
        if (part == 2 && strncmp(p, "..", 2) == 0) {
            while (length > 0 && plain[--length] != '/')
                ;
        } else if (part > 0 && !(part == 1 && *p == '.')) {
            plain[length++] = '/';
            memcpy(plain + length, p, part);
            length += part;
        }
    }
    plain[length] = '\0';
    return plain;
}

static bool fstab_same_path(const char *a, const char *b)
{
    AUTO_FREE char *plain = a && *a == '/' ? fstab_plain_path(a) : NULL;

    return text_equal(plain, b);
}

static int fstab_refuse_line(const struct disk_request *want, const struct found *found,
                             const struct fstab_line *line, const char *what, struct error *error)
{
    return refuse_disk(error, "fstab-foreign-line", want, found,
                       "serves tier %s, but line %d of fstab, which is not this tier's, %s: %s. "
                       "Remove that line and run again%s",
                       tier_names[want->tier], line->number, what, line->text,
                       line->cloud_init ? " (cloud-init wrote it: configure `mounts` there)" : "");
}

static bool fstab_names_uuid(const struct fstab_line *line, const char *uuid)
{
    if (!uuid)
        return false;
    return (line->uuid && strcasecmp(line->uuid, uuid) == 0) ||
           (line->source && text_starts_with(line->source, "/dev/disk/by-uuid/") &&
            text_ends_with(line->source, uuid));
}

/* Other disks may have the same label: what is mounted tells whose line it is. */
static bool fstab_names_label(const struct fstab_line *line, const char *label,
                              const struct disk *disk)
{
    static const char links[] = "/dev/disk/by-label/";
    bool link = line->source && text_starts_with(line->source, links);
    const char *named = link ? line->source + strlen(links) : line->label;

    return named && text_equal(named, label) && (!line->devno || line->devno == disk->devno);
}

/* A path, or the tag of a partition or of hardware: what has been found for it counts. */
static bool fstab_leads_to_device(const char *source)
{
    return *source == '/' || text_starts_with(source, "PART") || text_starts_with(source, "ID=");
}

static bool fstab_names_disk(const struct fstab_line *line, const struct disk *disk)
{
    for (size_t i = 0; i < disk->content.signatures.count; i++)
        if (fstab_names_uuid(line, disk->content.signatures.items[i].uuid) ||
            fstab_names_label(line, disk->content.signatures.items[i].label, disk))
            return true;
    return line->source &&
           (text_equal(line->source, disk->path) || text_equal(line->source, disk->by_id) ||
            (fstab_leads_to_device(line->source) && line->devno && line->devno == disk->devno));
}

/* Also by what is on the disk and its partitions now, and won't be after a wipe: the line would
 * hold the next boot. */
static bool fstab_names_device(const struct fstab_line *line, const struct found *found,
                               const char *uuid)
{
    for (size_t i = 0; i < found->parts.count; i++)
        if (fstab_names_disk(line, &found->parts.items[i]))
            return true;
    return fstab_names_uuid(line, uuid) || fstab_names_disk(line, &found->disk);
}

/* Of another tier's line the device may be this tier's: then it moves here. */
static bool fstab_is_of_a_tier(const struct fstab_line *line)
{
    for (int t = 0; t < TIER_COUNT; t++)
        if (text_equal(line->tier, tier_names[t]) && !line->cloud_init)
            return true;
    return false;
}

const struct fstab_line *fstab_line_of_others(const struct fstab *fstab, const char *path)
{
    for (size_t i = 0; i < fstab->lines.count; i++)
        if (!fstab_is_of_a_tier(&fstab->lines.items[i]) &&
            fstab_same_path(fstab->lines.items[i].target, path))
            return &fstab->lines.items[i];
    return NULL;
}

static int fstab_check_lines(const struct disk_request *want, const struct found *found,
                             const struct surroundings *around, const char *uuid,
                             struct error *error)
{
    const struct fstab *fstab = around->fstab;
    const struct fstab_line *ours = NULL;

    for (size_t i = 0; i < fstab->lines.count; i++) {
        const struct fstab_line *line = &fstab->lines.items[i];

        if (text_equal(line->tier, tier_names[want->tier]) && !line->cloud_init) {
            if (ours)
                return refuse_disk(error, "fstab-duplicate-lines", want, found,
                                   "serves tier %s, for which fstab has two lines (%d and %d); "
                                   "remove the wrong one",
                                   line->tier, ours->number, line->number);
            ours = line;
        } else if (want->tier != TIER_SWAP && fstab_same_path(line->target, around->target)) {
            return fstab_refuse_line(want, found, line, "mounts something at its path", error);
        } else if (!want->os && !fstab_is_of_a_tier(line) &&
                   fstab_names_device(line, found, uuid)) {
            return fstab_refuse_line(want, found, line, "uses the same device", error);
        } else if (!want->os && !want->adopt && !fstab_is_of_a_tier(line) &&
                   fstab_names_label(line, tier_label(want->tier), &found->disk)) {
            return fstab_refuse_line(want, found, line, "names the label that the disk gets",
                                     error);
        }
    }
    return 0;
}

static bool fstab_goes_on(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("._-", c));
}

/* As a whole: /var/storage/hotel and /var/storage/hot/pg don't name /var/storage/hot. */
static bool fstab_names_path(const char *line, const char *path)
{
    for (const char *p = line; (p = strstr(p, path)); p++) {
        const char *end = p + strlen(path);

        end += strspn(end, "/");
        if (!fstab_goes_on(*end) && (p == line || !fstab_goes_on(p[-1])))
            return true;
    }
    return false;
}

int fstab_check(const struct disk_request *want, const struct found *found,
                const struct surroundings *around, const char *uuid, struct error *error)
{
    const struct fstab *fstab = around->fstab;

    for (size_t i = 0; i < fstab->broken.count; i++)
        if ((want->tier != TIER_SWAP && fstab_names_path(fstab->broken.items[i], around->target)) ||
            (uuid && strstr(fstab->broken.items[i], uuid)))
            return refuse_disk(
                error, "fstab-broken-line", want, found,
                "serves tier %s, and fstab has a line that can't be parsed and names "
                "it: line %s. Repair or remove that line",
                tier_names[want->tier], fstab->broken.items[i]);
    return fstab_check_lines(want, found, around, uuid, error);
}
