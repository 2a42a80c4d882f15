#include "probe_former.h"

#include <string.h>

#include "cleanup.h"
#include "directory.h"
#include "judge.h"
#include "text.h"
#include "users.h"

enum { ENTRIES_SHOWN = 5 };

static bool holds(const struct string_list *list, const char *item)
{
    for (size_t i = 0; i < list->count; i++)
        if (text_equal(list->items[i], item))
            return true;
    return false;
}

/* By the UUID that our line names; without a line by our label on what is in use as the tier. */
static bool was_tier(const struct disk *disk, enum tier tier, const struct fstab_line *line,
                     const char *path)
{
    if (disk->content.signatures.count == 0)
        return false;
    const struct signature *fs = &disk->content.signatures.items[0];
    if (line)
        return fs->uuid && text_equal(fs->uuid, line->uuid);
    return text_equal(fs->label, tier_label(tier)) &&
           (tier == TIER_SWAP ? disk->swap_active : holds(&disk->mounts, path));
}

static const struct disk *find_disk(const struct host *host, const struct facts *facts,
                                    enum tier tier, const char *path)
{
    const struct fstab_line *line = fstab_line_of_tier(&facts->fstab, tier_names[tier]);

    for (size_t i = 0; i < facts->found.count; i++)
        if (!facts->found.items[i].disk.os &&
            was_tier(&facts->found.items[i].disk, tier, line, path))
            return &facts->found.items[i].disk;
    for (size_t i = 0; i < host->disks.count; i++)
        if (was_tier(&host->disks.items[i], tier, line, path))
            return &host->disks.items[i];
    return NULL;
}

/* Whether the disk is declared as the very tier: then it stays, and nobody needs to know who uses
 * it. */
static bool stays(const struct request *request, const struct facts *facts, enum tier tier,
                  const struct disk *disk)
{
    for (size_t i = 0; i < request->disks.count; i++)
        if (!request->disks.items[i].os && request->disks.items[i].tier == tier &&
            facts->found.items[i].disk.devno == disk->devno)
            return true;
    return false;
}

static int fill_use(const struct request *request, const struct host *host, struct facts *facts,
                    enum tier tier, const char *path, struct former *former, struct error *error)
{
    const struct disk *disk = find_disk(host, facts, tier, path);

    if (!disk)
        return 0;
    former->devno = disk->devno;
    former->device = strdup(disk->path);
    former->mounted = tier != TIER_SWAP && holds(&disk->mounts, path);
    former->swap_active = tier == TIER_SWAP && disk->swap_active;
    for (size_t i = 0; i < host->swaps.count; i++)
        if (former->swap_active && host->swaps.items[i].devno == disk->devno)
            former->swap_used_bytes = host->swaps.items[i].used_bytes;
    if (former->mounted && !stays(request, facts, tier, disk))
        former->users = mount_users(path);
    return former->device ? 0 : error_oom(error);
}

static int fill_directory(int parent, enum tier tier, struct former *former, struct error *error)
{
    if (parent < 0 || tier == TIER_SWAP)
        return 0;
    return directory_read(parent, tier_names[tier], ENTRIES_SHOWN, &former->directory, error);
}

int probe_former(const struct request *request, const struct host *host, struct facts *facts,
                 struct error *error)
{
    bool root = facts->root.exists && facts->root.is_directory;
    AUTO_CLOSE int parent = root ? directory_open_below(request->root) : -1;

    for (int t = 0; t < TIER_COUNT; t++)
        if (!fields_append(&former_fields, &facts->former))
            return error_oom(error);
    for (int t = 0; t < TIER_COUNT; t++) {
        AUTO_FREE char *path = tier_path(request, (enum tier)t);
        struct former *former = &facts->former.items[t];

        if (!path)
            return error_oom(error);
        int r = fill_use(request, host, facts, (enum tier)t, path, former, error);
        if (r == 0)
            r = fill_directory(parent, (enum tier)t, former, error);
        if (r < 0)
            return r;
    }
    return 0;
}
