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
static char *renew(struct found *found, const struct disk_request *want)
{
    struct intent *intent = &found->intents.items[0];
    char *old = TAKE_PTR(intent->uuid);

    forget_wipe(intent);
    intent->uuid = alloc_string(found->new_uuid);
    intent->wipe = alloc_string(want->wipe);
    intent->signatures = found->disk.content.signatures;
    found->disk.content.signatures = (struct signature_list){0};
    return old;
}

/* The record of what is about to happen, as it is kept in `found`. Returns the UUID of another that
 * is left behind, owned by the caller; NULL: none is. */
static char *fill_record(struct found *found, const struct disk_request *want, bool wiping)
{
    bool again = found->intents.count > 0;

    if (!again)
        fields_append(&intent_fields, &found->intents);
    struct intent *intent = &found->intents.items[0];
    free(intent->identity);
    free(intent->fstype);
    free(intent->tier);
    intent->identity = intent_identity(&found->disk);
    intent->fstype = alloc_string(want->fstype);
    intent->tier = alloc_string(tier_names[want->tier]);
    intent->size_bytes = found->disk.size_bytes;
    intent->moves = false;
    if (wiping && !(again && text_equal(intent->wipe, want->wipe)))
        return renew(found, want);
    if (!wiping)
        forget_wipe(intent);
    if (!again)
        intent->uuid = alloc_string(found->new_uuid);
    return NULL;
}

int make_record(struct found *found, const struct disk_request *want, bool wiping,
                struct error *error)
{
    AUTO_FREE char *old = fill_record(found, want, wiping);
    int r = intent_write(&found->intents.items[0], error);

    if (r == 0)
        r = stamps_write(&found->disk, &found->intents.items[0], error);
    if (r < 0)
        return r;
    found->stamped = true;
    if (old)
        r = intent_remove(old, error);
    return r < 0 ? r : intents_supersede(&found->disk, &found->intents.items[0], error);
}
