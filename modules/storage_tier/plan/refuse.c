/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/plan.h"

#include <errno.h>
#include <stdarg.h>

#include "alloc.h"
#include "cleanup.h"
#include "filesystems.h"
#include "text.h"

int refuse_disk(struct error *error, const char *id, const struct disk_request *want,
                const struct found *found, const char *format, ...)
{
    AUTO_FREE char *device = disk_describe(&found->disk);
    va_list arguments;

    va_start(arguments, format);
    AUTO_FREE char *text = text_vformat(format, arguments);
    va_end(arguments);
    error_refuse(error, id, "disk %s: %s %s", want->name, device, text);
    error_detail(error, "disk", json_text(want->name));
    error_detail(error, "device", json_text(found->disk.path));
    error_detail(error, "serial", json_text(found->disk.serial));
    error_detail(error, "wwn", json_text(found->disk.wwn));
    AUTO_JSON json_t *content = fields_to_json(&content_fields, &found->disk.content);
    error_detail(error, "found", json_incref(json_object_get(content, "signatures")));
    error_detail(error, "token", json_text(found->disk.content.token));
    return -EPERM;
}

/* By our record, or by a label such as ours. */
static bool refuse_is_our_half_made(const struct found *found)
{
    const struct signature *fs = found_filesystem(found);

    return found->in_progress && fs &&
           (found->intents.count || tier_of_label(fs->label) != TIER_COUNT);
}

static int refuse_half_made(const struct disk_request *want, const struct found *found,
                            const char *description, struct error *error)
{
    const char *token = found->disk.content.token;
    const struct signature *fs = found_filesystem(found);
    const struct filesystem *filesystem = fs ? filesystem_find(fs->type) : NULL;

    if (!found->orphan_stamp)
        return refuse_disk(error, "half-made", want, found,
                           "was half-made by storage_tier: it holds %s, whose %s did not "
                           "finish. To let it be made anew write wipe: \"%s\" for this disk",
                           description,
                           filesystem && filesystem->mkfs ? filesystem->mkfs[0] : "mkfs", token);
    return refuse_disk(error, "half-made", want, found,
                       "was half-made by storage_tier (stamp %s), but this host has no record of "
                       "it; found: %s. To let it be made anew write wipe: \"%s\" for this disk",
                       found->orphan_stamp, description, token);
}

int refuse_foreign(const struct disk_request *want, const struct found *found, struct error *error)
{
    const struct content *content = &found->disk.content;
    const struct signature *fs = found_filesystem(found);
    AUTO_FREE char *description = content_describe(content);
    AUTO_FREE char *adopt =
        fs && tier_can_adopt(fs->type, want->tier) && !found->in_progress
            ? text_format("; to keep it and use it as tier %s write existing: adopt",
                          tier_names[want->tier])
            : alloc_string("");

    if (content->kind == CONTENT_UNREADABLE)
        return refuse_disk(
            error, "unreadable", want, found,
            "has %s and is not touched; replace the disk, or repair it and run again", description);
    if (!content->token)
        return refuse_disk(error, "foreign-content", want, found,
                           "holds %s, which storage_tier did not make; nothing was written%s. "
                           "Unmount it and run again: then its token can be told",
                           description, adopt);
    if (found->orphan_stamp || refuse_is_our_half_made(found))
        return refuse_half_made(want, found, description, error);
    return refuse_disk(error, "foreign-content", want, found,
                       "holds %s, which storage_tier did not make; nothing was written. To destroy "
                       "it write wipe: \"%s\" for this disk%s%s",
                       description, content->token, adopt,
                       want->wipe ? ". The token given names other content" : "");
}

int refuse_unfinished(const struct disk_request *want, const struct found *found,
                      struct error *error)
{
    return refuse_disk(error, "unfinished", want, found,
                       "bears a filesystem that an interrupted run of this module made and that is "
                       "not in order: %s. Repair it, or write wipe: \"%s\" to have it made anew",
                       found->unfinished, found->disk.content.token);
}

int refuse_change(const struct disk_request *want, const struct found *found, const char *tier,
                  struct error *error)
{
    return refuse_disk(error, "needs-wipe", want, found,
                       "is tier %s of this module and is declared as %s, which its content can't "
                       "become. Declare it as %s, or write wipe: \"%s\" to have it destroyed and "
                       "made anew",
                       tier, tier_names[want->tier], tier, found->disk.content.token);
}

/* Where no line of fstab says that it was that tier on this very host: disks that come up in
 * another order after a rebuild would be exchanged without a word. */
int refuse_label(const struct disk_request *want, const struct found *found, const char *tier,
                 struct error *error)
{
    return refuse_disk(error, "labelled-otherwise", want, found,
                       "has the label of tier %s and is declared as %s, and fstab has no line that "
                       "says it was tier %s here: it may be another disk than the one meant. "
                       "Declare it as %s first, or write existing: adopt",
                       tier, tier_names[want->tier], tier, tier);
}

int refuse_other_line(const struct disk_request *want, const struct found *found,
                      const struct fstab_line *line, struct error *error)
{
    return refuse_disk(error, "fstab-names-another", want, found,
                       "has the label %s, but line %d of fstab says that tier %s is %s%s%s; this "
                       "may be another host's disk. To use it delete that line, or write existing: "
                       "adopt",
                       tier_label(want->tier), line->number, tier_names[want->tier], line->source,
                       found->line_device ? ", which is on " : "",
                       found->line_device ? found->line_device : "");
}
