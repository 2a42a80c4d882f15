/*
 * Making a filesystem in an order that a kill or a power cut can't turn into a loss:
 * record -> stamps -> what is to be wiped -> mkfs -> stamps away; the record goes after fstab.
 * Each step is synced before the next.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "alloc.h"
#include "apply.h"
#include "apply_make_parts.h"
#include "cleanup.h"
#include "content/content.h"
#include "disk/disk.h"
#include "lookup.h"
#include "mount/mount.h"
#include "record.h"
#include "text.h"

/* Opened exclusively as well, so that nobody mounts it meanwhile. */
static int clear(const struct found *found, const struct signature_list *signatures,
                 struct error *error)
{
    AUTO_CLOSE int fd = disk_open(&found->disk, O_RDWR | O_EXCL, error);

    return fd < 0 ? fd : content_clear(fd, found->disk.size_bytes, signatures, error);
}

int apply_wipe(const struct request *request, struct found *found, const struct disk_request *want,
               struct error *error)
{
    int r = make_hold(found, error);

    if (r == 0)
        r = make_confirm(request, found, error);
    if (r == 0)
        r = make_record(found, want, true, error);
    if (r == 0)
        r = clear(found, &found->intents.items[0].signatures, error);
    if (r == 0)
        found->cleared = true;
    return r;
}

static int sync_disk(const struct found *found, struct error *error)
{
    return fsync(found->held_fd) < 0
               ? error_set_errno(error, -errno, "syncing %s", found->disk.path)
               : 0;
}

/* Options of the user's can make mkfs succeed and not make what the record says. */
static int check_made(const struct found *found, const struct disk_request *want,
                      struct error *error)
{
    struct content content = {0};
    int r = content_read_signatures(found->held_fd, NULL, &content, error);
    bool made = r == 0 && content.kind == CONTENT_FILESYSTEM &&
                text_equal(content.signatures.items[0].type, want->fstype) &&
                text_equal(content.signatures.items[0].uuid, found->intents.items[0].uuid);

    fields_release(&content_fields, &content);
    if (r < 0 || made)
        return r;
    return error_set(error, -EIO,
                     "disk %s: %s succeeded, but %s is not to be found on %s: see mkfs_options",
                     want->name, found->tool, want->fstype, found->disk.path);
}

int apply_mkfs(const struct request *request, struct found *found, const struct disk_request *want,
               struct error *error)
{
    static const struct signature_list none;
    bool over_half_made = found->stamped && !found->cleared;
    int r = make_hold(found, error);

    if (r == 0 && !found->cleared)
        r = make_confirm(request, found, error);
    if (r == 0)
        r = make_record(found, want, false, error);
    if (r == 0 && over_half_made)
        r = clear(found, &none, error);
    if (r == 0)
        r = make_run_mkfs(found, want, error);
    if (r == 0)
        r = sync_disk(found, error);
    if (r == 0)
        r = check_made(found, want, error);
    if (r == 0)
        r = stamps_erase(&found->disk, &found->intents.items[0], error);
    found->made = r == 0;
    make_release(found);
    if (r == 0)
        udev_wait_for_uuid(found->disk.devno, found->intents.items[0].uuid);
    return r;
}

/* Swap grows by being made anew under its own UUID, with a record like any other. */
int apply_grow_swap(const struct request *request, struct found *found,
                    const struct disk_request *want, struct error *error)
{
    free(found->new_uuid);
    found->new_uuid = alloc_string(found_filesystem(found)->uuid);
    int r = apply_mkfs(request, found, want, error);

    return r < 0 ? r : intent_remove(found->intents.items[0].uuid, error);
}

/* What an interrupted run left to do after its mkfs. */
int apply_finish(struct found *found, struct error *error)
{
    int r = make_hold(found, error);

    if (r == 0)
        r = sync_disk(found, error);
    if (r == 0)
        r = stamps_erase(&found->disk, &found->intents.items[0], error);
    make_release(found);
    if (r != -EBUSY)
        return r;
    error_clear(error); /* mounted already: the stamps lie in free space and stay, harmless */
    return 0;
}
