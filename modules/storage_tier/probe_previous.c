#include "probe_previous.h"

#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "judge.h"
#include "mount/mount.h"
#include "probe_users.h"
#include "text.h"

enum { ENTRIES_SHOWN = 5 };

/* Where to look for what a tier has been. */
struct search {
    const struct request *request;
    const struct host *host;
    const struct facts *facts;
    enum tier tier;
    const struct fstab_line *line; /* ours, NULL: none */
    const char *path;              /* below the request's root */
    const char *target;            /* the line's, else the same */
};

typedef bool (*test)(const struct search *search, const struct disk *disk);

static bool holds(const struct string_list *list, const char *item)
{
    for (size_t i = 0; i < list->count; i++)
        if (text_equal(list->items[i], item))
            return true;
    return false;
}

static const struct signature *signature_of(const struct disk *disk)
{
    static const struct signature none;

    return disk->content.signatures.count ? &disk->content.signatures.items[0] : &none;
}

static bool in_use_as_it(const struct search *search, const struct disk *disk)
{
    return search->tier == TIER_SWAP
               ? disk->swap_active
               : holds(&disk->mounts, search->target) || holds(&disk->mounts, search->path);
}

static bool named_by_line(const struct search *search, const struct disk *disk)
{
    const struct signature *fs = signature_of(disk);
    const char *source = search->line ? search->line->source : NULL;

    if (!source || disk->os)
        return false;
    if (*source == '/')
        return search->line->devno && disk->devno == search->line->devno;
    return (fs->uuid && text_equal(fs->uuid, search->line->uuid)) ||
           (fs->label && text_equal(fs->label, search->line->label));
}

static bool named_and_in_use(const struct search *search, const struct disk *disk)
{
    return named_by_line(search, disk) && in_use_as_it(search, disk);
}

/* Whether the disk is declared as the very tier. */
static bool stays(const struct search *search, const struct disk *disk)
{
    const struct request *request = search->request;

    for (size_t i = 0; i < request->disks.count; i++)
        if (!request->disks.items[i].os && request->disks.items[i].tier == search->tier &&
            search->facts->found.items[i].disk.devno == disk->devno)
            return true;
    return false;
}

/* Whether the plan may take it away: nobody needs to know who uses it otherwise. */
static bool may_go(const struct search *search, const struct disk *disk)
{
    const struct request *request = search->request;

    for (size_t i = 0; i < request->disks.count; i++) {
        const struct disk_request *want = &request->disks.items[i];
        const struct disk *other = &search->facts->found.items[i].disk;

        if (want->os ? want->tier == search->tier
                     : want->tier != search->tier &&
                           (other->devno == disk->devno || named_by_line(search, other)))
            return !stays(search, disk);
    }
    return (request->absent || request->prune) && !stays(search, disk);
}

static bool labelled_and_in_use(const struct search *search, const struct disk *disk)
{
    return text_equal(signature_of(disk)->label, tier_label(search->tier)) && !disk->os &&
           in_use_as_it(search, disk) && !stays(search, disk);
}

static const struct disk *find(const struct search *search, test fits)
{
    const struct facts *facts = search->facts;
    const struct host *host = search->host;

    for (size_t i = 0; i < facts->found.count; i++)
        if (!facts->found.items[i].disk.os && fits(search, &facts->found.items[i].disk))
            return &facts->found.items[i].disk;
    for (size_t i = 0; i < host->disks.count; i++)
        if (fits(search, &host->disks.items[i]))
            return &host->disks.items[i];
    return NULL;
}

/* What is in use comes first: the line may have been edited since. */
static const struct disk *find_disk(const struct search *search)
{
    const struct disk *disk = find(search, named_and_in_use);

    if (!disk)
        disk = find(search, labelled_and_in_use);
    return disk ? disk : find(search, named_by_line);
}

static void fill_disk(const struct search *search, const struct disk *disk,
                      struct previous *previous)
{
    const struct swap_list *swaps = &search->host->swaps;
    const struct signature *fs = signature_of(disk);

    previous->device = alloc_string(disk->path);
    previous->devno = disk->devno;
    previous->mounted = search->tier != TIER_SWAP && in_use_as_it(search, disk);
    previous->swap_active = search->tier == TIER_SWAP && disk->swap_active;
    for (size_t i = 0; i < swaps->count; i++)
        if (previous->swap_active && swaps->items[i].devno == disk->devno)
            previous->swap_used_bytes = swaps->items[i].used_bytes;
    previous->fstype = alloc_string(fs->type);
    previous->label = alloc_string(fs->label);
    previous->uuid = alloc_string(fs->uuid);
}

/* At the line's target, where another root was declared when it was written. */
static void fill_use(const struct search *search, struct previous *previous)
{
    const struct disk *disk = find_disk(search);
    bool moved =
        disk && holds(&disk->mounts, search->path) && !holds(&disk->mounts, search->target);
    const char *where = moved ? search->path : search->target;

    if (disk)
        fill_disk(search, disk, previous);
    if (!text_equal(where, search->path))
        previous->path = alloc_string(where);
    if (previous->mounted && may_go(search, disk))
        previous->users = probe_users(search->host, search->facts, disk, where);
}

/* A directory that doesn't have the tier's name is nobody's but who made it. */
static int read_directory(const char *path, enum tier tier, struct directory *ret_directory,
                          struct error *error)
{
    const char *slash = strrchr(path, '/');
    AUTO_FREE char *above = alloc_string_part(path, (size_t)(slash - path));

    if (slash == path || !text_equal(slash + 1, tier_names[tier]))
        return 0;
    AUTO_CLOSE int parent = directory_open_below(above);
    return parent < 0
               ? 0
               : directory_read(parent, tier_names[tier], ENTRIES_SHOWN, ret_directory, error);
}

static int look(const struct search *search, struct previous *previous, struct error *error)
{
    const struct directory *root = &search->facts->root;
    bool has_root = root->exists && root->is_directory;
    int r = 0;

    fill_use(search, previous);
    if (search->tier == TIER_SWAP)
        return 0;
    if (previous->path)
        r = read_directory(previous->path, search->tier, &previous->directory, error);
    if (r == 0 && has_root)
        r = read_directory(search->path, search->tier,
                           previous->path ? &previous->declared : &previous->directory, error);
    return r;
}

/* Without slashes at its end, as mounts have it. */
static char *target_of(const struct search *search)
{
    const char *target = search->line ? search->line->target : NULL;

    if (search->tier == TIER_SWAP || !target || *target != '/')
        target = search->path;
    return text_trim_slashes(alloc_string(target));
}

int probe_previous(const struct request *request, const struct host *host, struct facts *facts,
                   struct error *error)
{
    int r = 0;

    for (int t = 0; t < TIER_COUNT; t++)
        fields_append(&previous_fields, &facts->previous);
    for (int t = 0; t < TIER_COUNT && r == 0; t++) {
        AUTO_FREE char *path = tier_path(request, (enum tier)t);
        const struct fstab_line *line = fstab_line_of_tier(&facts->fstab, tier_names[t]);
        struct search search = {.request = request,
                                .host = host,
                                .facts = facts,
                                .tier = (enum tier)t,
                                .line = line,
                                .path = path};
        AUTO_FREE char *target = target_of(&search);

        search.target = target;
        r = look(&search, &facts->previous.items[t], error);
    }
    return r;
}
