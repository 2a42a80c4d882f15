#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apply_make_parts.h"
#include "cleanup.h"
#include "content.h"
#include "intent.h"
#include "text.h"

static void forget_wipe(struct intent *intent)
{
    free(intent->wipe);
    intent->wipe = NULL;
    fields_release(&content_fields, &(struct content){.signatures = intent->signatures});
    intent->signatures = (struct signature_list){0};
}

/* A wipe of something new makes a new filesystem: under the old UUID the token that named what is
 * destroyed now would name what is made. *ret_old is the UUID of the record that is left behind. */
static int renew(struct found *found, const struct disk_request *want, char **ret_old)
{
    struct intent *intent = &found->intents.items[0];

    *ret_old = TAKE_PTR(intent->uuid);
    forget_wipe(intent);
    intent->uuid = strdup(found->new_uuid);
    intent->wipe = strdup(want->wipe);
    intent->signatures = found->disk.content.signatures;
    found->disk.content.signatures = (struct signature_list){0};
    return intent->uuid && intent->wipe ? 0 : -ENOMEM;
}

/* The record of what is about to happen, as it is kept in `found`. */
static int fill_record(struct found *found, const struct disk_request *want, bool wiping,
                       char **ret_old, struct error *error)
{
    bool again = found->intents.count > 0;

    if (!again && !fields_append(&intent_fields, &found->intents))
        return error_oom(error);
    struct intent *intent = &found->intents.items[0];
    free(intent->identity);
    free(intent->fstype);
    free(intent->tier);
    intent->identity = intent_identity(&found->disk);
    intent->fstype = strdup(want->fstype);
    intent->tier = strdup(tier_names[want->tier]);
    intent->size_bytes = found->disk.size_bytes;
    intent->moves = false;
    if (!intent->identity || !intent->fstype || !intent->tier)
        return error_oom(error);
    if (wiping && !(again && text_equal(intent->wipe, want->wipe)))
        return renew(found, want, ret_old) < 0 ? error_oom(error) : 0;
    if (!wiping)
        forget_wipe(intent);
    if (!again)
        intent->uuid = strdup(found->new_uuid);
    return intent->uuid ? 0 : error_oom(error);
}

int make_record(struct found *found, const struct disk_request *want, bool wiping,
                struct error *error)
{
    AUTO_FREE char *old = NULL;
    int r = fill_record(found, want, wiping, &old, error);

    if (r == 0)
        r = intent_write(&found->intents.items[0], error);
    if (r == 0)
        r = stamps_write(&found->disk, &found->intents.items[0], error);
    if (r < 0)
        return r;
    found->stamped = true;
    if (old)
        r = intent_remove(old, error);
    return r < 0 ? r : intents_supersede(&found->disk, &found->intents.items[0], error);
}
