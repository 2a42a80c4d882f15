/* The parts of judge_disk(). */
#pragma once

#include "judge.h"

/* Refusals: what is not ours; ours and torn by a power cut; ours of a kind that can't become the
 * tier; ours by label alone, of another tier; ours by label, while fstab names another filesystem.
 */
int judge_refuse_foreign(const struct disk_request *want, const struct found *found,
                         struct error *error);
int judge_refuse_unfinished(const struct disk_request *want, const struct found *found,
                            struct error *error);
int judge_refuse_change(const struct disk_request *want, const struct found *found,
                        const char *tier, struct error *error);
int judge_refuse_label(const struct disk_request *want, const struct found *found, const char *tier,
                       struct error *error);
int judge_refuse_other_line(const struct disk_request *want, const struct found *found,
                            const struct fstab_line *line, struct error *error);

/* The tier that this filesystem has been so far, by our line or by our label; NULL: none of ours.
 */
const char *judge_previous_tier(const struct found *found, const struct fstab *fstab);

/* Who uses the disk; what making needs; what keeping needs. */
int judge_check_use(const struct disk_request *want, const struct found *found,
                    const struct surroundings *around, struct error *error);
int judge_check_making(const struct disk_request *want, const struct found *found,
                       const struct surroundings *around, struct error *error);
int judge_check_keeping(const struct disk_request *want, const struct found *found,
                        struct error *error);
