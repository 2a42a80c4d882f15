#include "lookup.h"

#include "text.h"

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

/* The tier whose label this is, TIER_COUNT: none of ours. */
enum tier tier_of_label(const char *label)
{
    for (int t = 0; t < TIER_COUNT; t++)
        if (text_equal(label, tier_label((enum tier)t)))
            return (enum tier)t;
    return TIER_COUNT;
}
