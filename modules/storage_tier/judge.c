#include "judge.h"

#include <string.h>

#include "cleanup.h"
#include "refuse.h"
#include "text.h"

#define MIB (1024ULL * 1024)

const char *tier_label(enum tier tier)
{
    static const char *const labels[TIER_COUNT] = {"tier-swap", "tier-hot", "tier-warm",
                                                   "tier-cold"};
    return labels[tier];
}

char *tier_path(const struct request *request, enum tier tier)
{
    return text_format("%s/%s", request->root, tier_names[tier]);
}

bool verdict_makes(enum verdict verdict)
{
    return verdict == VERDICT_MAKE || verdict == VERDICT_REMAKE || verdict == VERDICT_WIPE;
}

const struct signature *found_filesystem(const struct found *found)
{
    const struct content *content = &found->disk.content;

    bool there = content->kind == CONTENT_FILESYSTEM && content->signatures.count > 0;

    return there ? &content->signatures.items[0] : NULL;
}

const struct fstab_line *fstab_line_of_tier(const struct fstab *fstab, const char *tier)
{
    for (size_t i = 0; i < fstab->lines.count; i++)
        if (text_equal(fstab->lines.items[i].tier, tier) && !fstab->lines.items[i].cloud_init)
            return &fstab->lines.items[i];
    return NULL;
}

const struct fstab_line *fstab_line_of_uuid(const struct fstab *fstab, const char *uuid)
{
    for (size_t i = 0; uuid && i < fstab->lines.count; i++)
        if (fstab->lines.items[i].tier && text_equal(fstab->lines.items[i].uuid, uuid))
            return &fstab->lines.items[i];
    return NULL;
}

static const struct intent *intent_of(const struct found *found)
{
    return found->intents.count ? &found->intents.items[0] : NULL;
}

/* The user named what is there now by its token: it may be destroyed. */
static bool is_given_up(const struct disk_request *want, const struct found *found)
{
    return want->wipe && text_equal(want->wipe, found->disk.content.token);
}

/* The tier whose label this is, TIER_COUNT: none of ours. */
static enum tier labelled_tier(const char *label)
{
    for (int t = 0; t < TIER_COUNT; t++)
        if (text_equal(label, tier_label((enum tier)t)))
            return (enum tier)t;
    return TIER_COUNT;
}

static bool serves(const char *fstype, enum tier tier)
{
    if (tier == TIER_SWAP)
        return text_equal(fstype, "swap");
    return text_equal(fstype, "ext4") || text_equal(fstype, "xfs") || text_equal(fstype, "btrfs");
}

static bool can_be_adopted(const char *fstype, enum tier tier)
{
    return serves(fstype, tier) ||
           (tier != TIER_SWAP && (text_equal(fstype, "ext3") || text_equal(fstype, "ext2")));
}

/* By our record, or by a label such as ours. */
static bool is_our_half_made_xfs(const struct found *found)
{
    const struct signature *fs = found_filesystem(found);

    return found->xfs_in_progress && fs &&
           (found->intents.count || labelled_tier(fs->label) != TIER_COUNT);
}

static int refuse_half_made(const struct disk_request *want, const struct found *found,
                            const char *description, struct error *error)
{
    const char *token = found->disk.content.token;

    if (!found->orphan_stamp)
        return refuse_disk(error, "half-made", want, found,
                           "was half-made by storage_tier: it holds %s, whose mkfs.xfs did not "
                           "finish. To let it be made anew write wipe: \"%s\" for this disk",
                           description, token);
    return refuse_disk(error, "half-made", want, found,
                       "was half-made by storage_tier (stamp %s), but this host has no record of "
                       "it; found: %s. To let it be made anew write wipe: \"%s\" for this disk",
                       found->orphan_stamp, description, token);
}

static int refuse_foreign(const struct disk_request *want, const struct found *found,
                          struct error *error)
{
    const struct content *content = &found->disk.content;
    const struct signature *fs = found_filesystem(found);
    AUTO_FREE char *description = content_describe(content);
    AUTO_FREE char *adopt =
        fs && can_be_adopted(fs->type, want->tier) && !found->xfs_in_progress
            ? text_format("; to keep it and use it as tier %s write existing: adopt",
                          tier_names[want->tier])
            : strdup("");

    if (!description || !adopt)
        return error_oom(error);
    if (content->kind == CONTENT_UNREADABLE)
        return refuse_disk(
            error, "unreadable", want, found,
            "has %s and is not touched; replace the disk, or repair it and run again", description);
    if (!content->token)
        return refuse_disk(error, "foreign-content", want, found,
                           "holds %s, which storage_tier did not make; nothing was written%s. "
                           "Unmount it and run again: then its token can be told",
                           description, adopt);
    if (found->orphan_stamp || is_our_half_made_xfs(found))
        return refuse_half_made(want, found, description, error);
    return refuse_disk(error, "foreign-content", want, found,
                       "holds %s, which storage_tier did not make; nothing was written. To destroy "
                       "it write wipe: \"%s\" for this disk%s%s",
                       description, content->token, adopt,
                       want->wipe ? ". The token given names other content" : "");
}

static int refuse_change(const struct disk_request *want, const struct found *found,
                         const char *tier, struct error *error)
{
    return refuse_disk(error, "needs-wipe", want, found,
                       "is tier %s of this module and is declared as %s, which its content can't "
                       "become. Declare it as %s, or write wipe: \"%s\" to have it destroyed and "
                       "made anew",
                       tier, tier_names[want->tier], tier, found->disk.content.token);
}

/* Where no line of fstab says that it was that tier on this very host: disks that come up in
 * another order after a rebuild would be exchanged without a word. */
static int refuse_label(const struct disk_request *want, const struct found *found,
                        const char *tier, struct error *error)
{
    return refuse_disk(error, "labelled-otherwise", want, found,
                       "has the label of tier %s and is declared as %s, and fstab has no line that "
                       "says it was tier %s here: it may be another disk than the one meant. "
                       "Declare it as %s first, or write existing: adopt",
                       tier, tier_names[want->tier], tier, tier);
}

bool judge_is_move(const struct found *found, enum tier tier)
{
    const struct signature *fs = found_filesystem(found);
    enum tier labelled = fs ? labelled_tier(fs->label) : TIER_COUNT;

    return labelled != TIER_COUNT && labelled != tier;
}

/* The tier that this filesystem has been so far, by our line or by our label; NULL: none of ours.
 */
static const char *former_tier(const struct found *found, const struct fstab *fstab)
{
    const struct signature *fs = found_filesystem(found);
    const struct fstab_line *line = fs ? fstab_line_of_uuid(fstab, fs->uuid) : NULL;
    enum tier labelled = fs ? labelled_tier(fs->label) : TIER_COUNT;

    if (line)
        return line->tier;
    return labelled != TIER_COUNT && serves(fs->type, labelled) ? tier_names[labelled] : NULL;
}

bool judge_leaves(const struct found *found, const struct surroundings *around, const char *path)
{
    const char *tier = former_tier(found, around->fstab);
    size_t length = strlen(around->root);

    return tier && strncmp(path, around->root, length) == 0 && path[length] == '/' &&
           text_equal(path + length + 1, tier) && !text_equal(path, around->target);
}

/* Somebody uses the device: another mount point, a device built on it, another namespace. */
static int check_use(const struct disk_request *want, const struct found *found,
                     const struct surroundings *around, struct error *error)
{
    const struct disk *disk = &found->disk;
    bool expected = false;

    if (disk->holders.count) {
        AUTO_FREE char *holders = string_list_join(&disk->holders, ", ");
        return refuse_disk(error, "in-use", want, found,
                           "is used by %s; name that device, or take it apart first",
                           holders ? holders : "?");
    }
    for (size_t i = 0; i < disk->mounts.count; i++) {
        if ((want->tier == TIER_SWAP || !text_equal(disk->mounts.items[i], around->target)) &&
            !judge_leaves(found, around, disk->mounts.items[i]))
            return refuse_disk(error, "mounted-elsewhere", want, found,
                               "is mounted at %s; unmount it there and run again",
                               disk->mounts.items[i]);
        expected = true;
    }
    if (disk->swap_active && want->tier != TIER_SWAP &&
        !text_equal(former_tier(found, around->fstab), "swap"))
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
                           partitions ? partitions : "?");
    }
    return 0;
}

/* A filesystem that bears the UUID of our record: finished, unless XFS says that its mkfs is not.
 */
static int judge_recorded(const struct disk_request *want, const struct found *found,
                          const struct surroundings *around, enum verdict *ret_verdict,
                          struct error *error)
{
    const struct intent *intent = intent_of(found);
    const struct fstab_line *line = around->line;

    if (found->xfs_in_progress && found->stamped) {
        *ret_verdict = VERDICT_REMAKE;
        return 0;
    }
    if (is_given_up(want, found) && (found->xfs_in_progress || found->unfinished ||
                                     !text_equal(intent->fstype, want->fstype))) {
        *ret_verdict = VERDICT_WIPE;
        return 0;
    }
    if (found->xfs_in_progress)
        return refuse_foreign(want, found, error);
    if (found->unfinished)
        return refuse_disk(error, "unfinished", want, found,
                           "bears a filesystem that an interrupted run of this module made and "
                           "that is not in order: %s. Repair it, or write wipe: \"%s\" to have it "
                           "made anew",
                           found->unfinished, found->disk.content.token);
    if (!text_equal(intent->fstype, want->fstype))
        return refuse_disk(error, "fstype-differs", want, found,
                           "was made with %s by an interrupted run, and %s is asked for; declare "
                           "fstype: %s, or write wipe: \"%s\" to have it destroyed and made anew",
                           intent->fstype, want->fstype, intent->fstype, found->disk.content.token);
    if (line && found->line_device)
        return refuse_disk(error, "tier-on-another-disk", want, found,
                           "is declared as tier %s, but line %d of fstab names a filesystem on %s; "
                           "declare that device, or delete the line",
                           tier_names[want->tier], line->number, found->line_device);
    *ret_verdict = VERDICT_FINISH;
    return 0;
}

/* A wipe that was cut short may go on as long as nothing is there but what it set out to destroy.
 */
static bool only_recorded_signatures(const struct content *content, const struct intent *intent)
{
    for (size_t i = 0; i < content->signatures.count; i++) {
        const struct signature *here = &content->signatures.items[i];
        bool recorded = false;

        for (size_t j = 0; j < intent->signatures.count; j++) {
            const struct signature *there = &intent->signatures.items[j];
            recorded |= text_equal(here->type, there->type) && here->offset == there->offset &&
                        text_equal(here->uuid, there->uuid);
        }
        if (!recorded)
            return false;
    }
    return true;
}

/* Record and stamp agree. True when that settles it. */
static bool judge_stamped(const struct disk_request *want, const struct found *found,
                          enum verdict *ret_verdict)
{
    const struct intent *intent = intent_of(found);
    const struct content *content = &found->disk.content;

    if (content->kind == CONTENT_UNREADABLE)
        return false;
    if (intent->wipe && !text_equal(intent->wipe, want->wipe))
        return false; /* it may not have begun, and the user took the token back */
    if (content->signatures.count == 0) {
        /* A wipe begins with the head: what is there now came later. */
        *ret_verdict = VERDICT_REMAKE;
        return found->head_zero;
    }
    *ret_verdict = VERDICT_WIPE;
    return intent->wipe && only_recorded_signatures(content, intent);
}

static int refuse_other_line(const struct disk_request *want, const struct found *found,
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

static int judge_ours(const struct disk_request *want, const struct found *found,
                      const struct surroundings *around, enum verdict *ret_verdict,
                      struct error *error)
{
    const struct signature *fs = found_filesystem(found);
    const struct fstab_line *line = around->line;

    if (line && !text_equal(line->uuid, fs->uuid))
        return refuse_other_line(want, found, line, error);
    if (!text_equal(fs->type, want->fstype))
        return refuse_disk(
            error, "fstype-differs", want, found,
            "is tier %s with the filesystem %s, and %s is asked for; declare fstype: "
            "%s, or write wipe: \"%s\" to have it destroyed and made anew",
            tier_names[want->tier], fs->type, want->fstype, fs->type, found->disk.content.token);
    *ret_verdict = VERDICT_KEEP;
    return 0;
}

static int judge_filesystem(const struct disk_request *want, const struct found *found,
                            const struct surroundings *around, enum verdict *ret_verdict,
                            struct error *error)
{
    const struct signature *fs = found_filesystem(found);
    const char *former = former_tier(found, around->fstab);
    bool wiped = is_given_up(want, found);

    if (found->xfs_in_progress && !wiped)
        return refuse_foreign(want, found, error);
    if (!found->xfs_in_progress && want->adopt && can_be_adopted(fs->type, want->tier)) {
        if (want->fstype_explicit && !text_equal(want->fstype, fs->type))
            return refuse_disk(error, "fstype-differs", want, found,
                               "holds %s, and existing: adopt with fstype: %s is asked for",
                               fs->type, want->fstype);
        *ret_verdict = VERDICT_ADOPT;
        return 0;
    }
    bool fits = !found->xfs_in_progress && former && serves(fs->type, want->tier) &&
                !(wiped && !text_equal(fs->type, want->fstype));
    if (fits && !fstab_line_of_uuid(around->fstab, fs->uuid) &&
        !text_equal(former, tier_names[want->tier]))
        return refuse_label(want, found, former, error);
    if (fits)
        return judge_ours(want, found, around, ret_verdict, error);
    if (wiped) {
        *ret_verdict = VERDICT_WIPE;
        return 0;
    }
    return former ? refuse_change(want, found, former, error) : refuse_foreign(want, found, error);
}

static int judge_content(const struct disk_request *want, const struct found *found,
                         const struct surroundings *around, enum verdict *ret_verdict,
                         struct error *error)
{
    const struct content *content = &found->disk.content;
    const struct intent *intent = intent_of(found);
    const struct signature *fs = found_filesystem(found);

    if (intent && fs && text_equal(fs->uuid, intent->uuid) && text_equal(fs->type, intent->fstype))
        return judge_recorded(want, found, around, ret_verdict, error);
    if (intent && found->stamped && judge_stamped(want, found, ret_verdict))
        return 0;
    if (fs)
        return judge_filesystem(want, found, around, ret_verdict, error);
    if (content->kind == CONTENT_BLANK) {
        *ret_verdict = VERDICT_MAKE;
        return 0;
    }
    if (is_given_up(want, found)) {
        *ret_verdict = VERDICT_WIPE;
        return 0;
    }
    return refuse_foreign(want, found, error);
}

static int check_making(const struct disk_request *want, const struct found *found,
                        const struct surroundings *around, struct error *error)
{
    static const struct {
        const char *fstype;
        uint64_t minimum; /* what the mkfs of today accept at the least */
    } sizes[] = {{"ext4", 16 * MIB}, {"swap", 16 * MIB}, {"xfs", 300 * MIB}, {"btrfs", 109 * MIB}};
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
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
        if (text_equal(sizes[i].fstype, want->fstype) && found->disk.size_bytes < sizes[i].minimum)
            return refuse_disk(error, "too-small", want, found,
                               "is too small: %s needs at least %llu MiB", want->fstype,
                               (unsigned long long)(sizes[i].minimum / MIB));
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

static int check_keeping(const struct disk_request *want, const struct found *found,
                         struct error *error)
{
    const struct content *content = &found->disk.content;
    const struct signature *fs = found_filesystem(found);

    if (!fs->uuid)
        return refuse_disk(error, "no-uuid", want, found,
                           "holds a filesystem without UUID, which fstab can't name; give it one "
                           "(tune2fs -U random, swaplabel -U) and run again");
    if (found->duplicate)
        return refuse_disk(error, "duplicate-uuid", want, found,
                           "has the same filesystem UUID as %s (a copy or a restored snapshot?): "
                           "the kernel could mount either. Detach one, or give one a new UUID "
                           "(tune2fs -U random, xfs_admin -U generate, btrfstune -u)",
                           found->duplicate);
    if (content->filesystem_bytes > found->disk.size_bytes)
        return refuse_disk(error, "larger-than-device", want, found,
                           "holds a filesystem of %llu bytes, more than the device has (%llu): it "
                           "was cut off. Make the device large enough again",
                           (unsigned long long)content->filesystem_bytes,
                           (unsigned long long)found->disk.size_bytes);
    return 0;
}

int judge_disk(const struct disk_request *want, const struct found *found,
               const struct surroundings *around, enum verdict *ret_verdict, struct error *error)
{
    enum verdict verdict = VERDICT_DIRECTORY;

    if (want->os) {
        *ret_verdict = VERDICT_DIRECTORY;
        return 0;
    }
    int r = check_use(want, found, around, error);
    if (r == 0)
        r = judge_content(want, found, around, &verdict, error);
    if (r == 0)
        r = verdict_makes(verdict) ? check_making(want, found, around, error)
                                   : check_keeping(want, found, error);
    if (r == 0)
        *ret_verdict = verdict;
    return r;
}
