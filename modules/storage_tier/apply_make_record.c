#include <stdlib.h>

#include "alloc.h"
#include "apply_make_parts.h"
#include "cleanup.h"
#include "content/content.h"
#include "record.h"
#include "text.h"

static void forget_wipe(struct intent *intent)
{
    free(intent->wipe);
    intent->wipe = NULL;
    fields_release(&content_fields, &(struct content){.signatures = intent->signatures});
    intent->signatures = (struct signature_list){0};
}

/* A wipe of something new makes a new filesystem: under the old UUID the token that named what is
 * destroyed now would name what is made. Returns the UUID of the record that is left behind. */
static char *renew(struct disk_work *disk, const char *uuid)
{
    const struct signature_list *there = &disk->found->disk.content.signatures;
    struct intent *intent = &disk->record;
    char *old = TAKE_PTR(intent->uuid);

    forget_wipe(intent);
    intent->uuid = alloc_string(uuid);
    intent->wipe = alloc_string(disk->want->wipe);
    for (size_t i = 0; i < there->count; i++)
        fields_copy(&signature_fields, &there->items[i],
                    fields_append(&signature_fields, &intent->signatures));
    return old;
}

/* The record of what is about to happen, as it is kept in `disk`. Returns the UUID of another that
 * is left behind, owned by the caller; NULL: none is. A new record names `uuid`. */
static char *fill_record(struct disk_work *disk, const char *uuid, bool wiping)
{
    bool again = disk->has_record;
    struct intent *intent = &disk->record;

    disk->has_record = true;
    free(intent->identity);
    free(intent->fstype);
    free(intent->tier);
    intent->identity = intent_identity(&disk->found->disk);
    intent->fstype = alloc_string(disk->want->fstype);
    intent->tier = alloc_string(tier_names[disk->want->tier]);
    intent->size_bytes = disk->found->disk.size_bytes;
    intent->moves = false;
    if (wiping && !(again && text_equal(intent->wipe, disk->want->wipe)))
        return renew(disk, uuid);
    if (!wiping)
        forget_wipe(intent);
    if (!again)
        intent->uuid = alloc_string(uuid);
    return NULL;
}

int make_record(struct disk_work *disk, const char *uuid, bool wiping, struct error *error)
{
    AUTO_FREE char *old = fill_record(disk, uuid, wiping);
    int r = intent_write(&disk->record, error);

    if (r == 0)
        r = stamps_write(&disk->found->disk, &disk->record, error);
    if (r < 0)
        return r;
    disk->stamped = true;
    if (old)
        r = intent_remove(old, error);
    return r < 0 ? r : intents_supersede(&disk->found->disk, &disk->record, error);
}
