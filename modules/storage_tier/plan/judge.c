/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/plan.h"

#include "filesystems.h"
#include "text.h"

bool verdict_makes(enum verdict verdict)
{
    return verdict == VERDICT_MAKE || verdict == VERDICT_REMAKE || verdict == VERDICT_WIPE;
}

static const struct intent *judge_intent(const struct found *found)
{
    return found->intents.count ? &found->intents.items[0] : NULL;
}

/* The user named what is there now by its token: it may be destroyed. */
static bool judge_is_given_up(const struct disk_request *want, const struct found *found)
{
    return want->wipe && text_equal(want->wipe, found->disk.content.token);
}

/* A filesystem that bears the UUID of our record: finished, unless it says itself that its mkfs
 * is not. */
static int judge_recorded(const struct disk_request *want, const struct found *found,
                          const struct surroundings *around, enum verdict *ret_verdict,
                          struct error *error)
{
    const struct intent *intent = judge_intent(found);
    const struct fstab_line *line = around->line;

    if (found->in_progress && found->stamped) {
        *ret_verdict = VERDICT_REMAKE;
        return 0;
    }
    if (judge_is_given_up(want, found) &&
        (found->in_progress || found->unfinished || !text_equal(intent->fstype, want->fstype))) {
        *ret_verdict = VERDICT_WIPE;
        return 0;
    }
    if (found->in_progress)
        return refuse_foreign(want, found, error);
    if (found->unfinished)
        return refuse_unfinished(want, found, error);
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
static bool judge_only_recorded(const struct content *content, const struct intent *intent)
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
    const struct intent *intent = judge_intent(found);
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
    return intent->wipe && judge_only_recorded(content, intent);
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
            "%s, or %swrite wipe: \"%s\" to have it destroyed and made anew",
            tier_names[want->tier], fs->type, want->fstype, fs->type,
            found->disk.mounts.count ? "unmount it and " : "", found->disk.content.token);
    if (found->unfinished && !judge_is_given_up(want, found))
        return refuse_unfinished(want, found, error);
    *ret_verdict = found->unfinished ? VERDICT_WIPE : VERDICT_KEEP;
    return 0;
}

static int judge_filesystem(const struct disk_request *want, const struct found *found,
                            const struct surroundings *around, enum verdict *ret_verdict,
                            struct error *error)
{
    const struct signature *fs = found_filesystem(found);
    const char *previous = previous_tier(found, around->fstab);
    bool wiped = judge_is_given_up(want, found);

    if (found->in_progress && !wiped)
        return refuse_foreign(want, found, error);
    if (!found->in_progress && want->adopt && tier_can_adopt(fs->type, want->tier)) {
        if (want->fstype_explicit && !text_equal(want->fstype, fs->type))
            return refuse_disk(error, "fstype-differs", want, found,
                               "holds %s, and existing: adopt with fstype: %s is asked for",
                               fs->type, want->fstype);
        *ret_verdict = VERDICT_ADOPT;
        return 0;
    }
    bool fits = !found->in_progress && previous && tier_takes(fs->type, want->tier) &&
                !(wiped && !text_equal(fs->type, want->fstype));
    if (fits && !fstab_line_of_uuid(around->fstab, fs->uuid) &&
        !text_equal(previous, tier_names[want->tier]))
        return refuse_label(want, found, previous, error);
    if (fits)
        return judge_ours(want, found, around, ret_verdict, error);
    if (wiped) {
        *ret_verdict = VERDICT_WIPE;
        return 0;
    }
    return previous ? refuse_change(want, found, previous, error)
                    : refuse_foreign(want, found, error);
}

static int judge_content(const struct disk_request *want, const struct found *found,
                         const struct surroundings *around, enum verdict *ret_verdict,
                         struct error *error)
{
    const struct content *content = &found->disk.content;
    const struct intent *intent = judge_intent(found);
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
    if (judge_is_given_up(want, found)) {
        *ret_verdict = VERDICT_WIPE;
        return 0;
    }
    return refuse_foreign(want, found, error);
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
