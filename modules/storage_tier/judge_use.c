#include "judge_parts.h"

#include <string.h>

#include "cleanup.h"
#include "filesystems.h"
#include "refuse.h"
#include "text.h"

#define MIB (1024ULL * 1024)

bool judge_is_move(const struct found *found, enum tier tier)
{
    const struct signature *fs = found_filesystem(found);
    enum tier labelled = fs ? tier_of_label(fs->label) : TIER_COUNT;

    return labelled != TIER_COUNT && labelled != tier;
}

/* The tier that this filesystem has been so far, by our line or by our label; NULL: none of ours.
 */
const char *judge_previous_tier(const struct found *found, const struct fstab *fstab)
{
    const struct signature *fs = found_filesystem(found);
    const struct fstab_line *line = fs ? fstab_line_of_uuid(fstab, fs->uuid) : NULL;
    enum tier labelled = fs ? tier_of_label(fs->label) : TIER_COUNT;

    if (line)
        return line->tier;
    return labelled != TIER_COUNT && tier_takes(fs->type, labelled) ? tier_names[labelled] : NULL;
}

bool judge_leaves(const struct found *found, const struct surroundings *around, const char *path)
{
    const char *tier = judge_previous_tier(found, around->fstab);
    size_t length = strlen(around->root);

    return tier && strncmp(path, around->root, length) == 0 && path[length] == '/' &&
           text_equal(path + length + 1, tier) && !text_equal(path, around->target);
}

/* A tier at its place may be mounted at others too, bind mounts of its directories above all:
 * nothing there changes. What is to be made is refused by judge_check_making(). */
static bool is_at_its_place(const struct disk_request *want, const struct found *found,
                            const struct surroundings *around)
{
    const struct string_list *mounts = &found->disk.mounts;

    for (size_t i = 0; i < mounts->count; i++)
        if (text_equal(mounts->items[i], around->target))
            return want->tier != TIER_SWAP;
    return false;
}

/* Somebody uses the device: another mount point, a device built on it, another namespace. */
int judge_check_use(const struct disk_request *want, const struct found *found,
                    const struct surroundings *around, struct error *error)
{
    const struct disk *disk = &found->disk;
    bool placed = is_at_its_place(want, found, around), expected = false;

    if (disk->holders.count) {
        AUTO_FREE char *holders = string_list_join(&disk->holders, ", ");
        return refuse_disk(error, "in-use", want, found,
                           "is used by %s; name that device, or take it apart first", holders);
    }
    for (size_t i = 0; i < disk->mounts.count; i++) {
        if (!placed && !judge_leaves(found, around, disk->mounts.items[i]))
            return refuse_disk(error, "mounted-elsewhere", want, found,
                               "is mounted at %s; unmount it there and run again",
                               disk->mounts.items[i]);
        expected = true;
    }
    if (disk->swap_active && want->tier != TIER_SWAP &&
        !text_equal(judge_previous_tier(found, around->fstab), tier_names[TIER_SWAP]))
        return refuse_disk(error, "in-use", want, found, "is active swap; run swapoff %s first",
                           disk->path);
    expected |= disk->swap_active;
    if (disk->busy && !expected)
        return refuse_disk(error, "in-use", want, found,
                           "is in use (an exclusive open fails)%s%s; unmount or stop that first",
                           found->users ? ": " : "", found->users ? found->users : "");
    if (disk->partitions.count && disk->content.kind != CONTENT_SIGNATURES) {
        AUTO_FREE char *partitions = string_list_join(&disk->partitions, ", ");
        return refuse_disk(error, "in-use", want, found,
                           "has the partitions %s; name one of them as device, or remove them",
                           partitions);
    }
    return 0;
}

int judge_check_making(const struct disk_request *want, const struct found *found,
                       const struct surroundings *around, struct error *error)
{
    const struct filesystem *filesystem = filesystem_find(want->fstype);
    const struct fstab_line *line = around->line;

    for (size_t i = 0; i < found->disk.mounts.count; i++)
        if (!judge_leaves(found, around, found->disk.mounts.items[i]))
            return refuse_disk(error, "in-use", want, found,
                               "is in use at %s, and would have to be made anew; unmount it first",
                               found->disk.mounts.items[i]);
    if (found->disk.busy || (found->disk.swap_active && want->tier == TIER_SWAP))
        return refuse_disk(error, "in-use", want, found,
                           "is in use, and would have to be made anew; stop that or run swapoff "
                           "first");
    if (found->disk.size_bytes < filesystem->smallest_mib * MIB)
        return refuse_disk(error, "too-small", want, found,
                           "is too small: %s needs at least %u MiB", want->fstype,
                           filesystem->smallest_mib);
    if (line && found->line_device)
        return refuse_disk(error, "tier-on-another-disk", want, found,
                           "could be made into tier %s, but line %d of fstab says that the tier is "
                           "on %s; declare that device, or delete the line",
                           tier_names[want->tier], line->number, found->line_device);
    if (found->tool_missing)
        return refuse_disk(error, "tool-missing", want, found,
                           "is to be made into tier %s, but the program %s is not installed",
                           tier_names[want->tier], found->tool);
    return 0;
}

int judge_check_keeping(const struct disk_request *want, const struct found *found,
                        struct error *error)
{
    const struct content *content = &found->disk.content;
    const struct signature *fs = found_filesystem(found);

    AUTO_FREE char *commands = filesystem_uuid_commands(fs->uuid == NULL);
    if (!fs->uuid)
        return refuse_disk(error, "no-uuid", want, found,
                           "holds a filesystem without UUID, which fstab can't name; give it one "
                           "(%s) and run again",
                           commands);
    if (found->duplicate)
        return refuse_disk(error, "duplicate-uuid", want, found,
                           "has the same filesystem UUID as %s (a copy or a restored snapshot?): "
                           "the kernel could mount either. Detach one, or give one a new UUID (%s)",
                           found->duplicate, commands);
    if (content->filesystem_bytes > found->disk.size_bytes)
        return refuse_disk(error, "larger-than-device", want, found,
                           "holds a filesystem of %llu bytes, more than the device has (%llu): it "
                           "was cut off. Make the device large enough again",
                           (unsigned long long)content->filesystem_bytes,
                           (unsigned long long)found->disk.size_bytes);
    return 0;
}
