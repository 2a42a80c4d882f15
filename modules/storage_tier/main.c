/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "apply/apply.h"
#include "module.h"
#include "plan/plan.h"
#include "probe/probe.h"
#include "spec.h"

static const struct module storage_tier = {
    .name = "storage_tier",
    .short_description = "Make a host's disks match its storage tiers",
    .description = STRINGS(
        "Finds each declared disk, makes a filesystem on it only when there is provably nothing on "
        "it, mounts it at C(/var/storage/<tier>) or uses it as swap, and writes fstab.",
        "Whatever it did not make itself is refused, never overwritten."),
    .version_added = "0.1.0",
    .params = storage_tier_params,
    .rules = &storage_tier_rules,
    .examples = storage_tier_examples,
    .returns = storage_tier_returns,
    .requirements = STRINGS("libmount and libblkid (util-linux)",
                            "mkfs.ext4, mkfs.xfs, mkfs.btrfs or mkswap, for what is to be made"),
    .lock_path = "/run/storage_tier.lock",
    .lock_seconds = 300,
    .parse = request_parse,
    .probe = storage_probe,
    .plan = storage_plan,
    .apply = storage_apply,
    .request_free = request_free,
    .facts_free = facts_free,
};

int main(int argc, char **argv)
{
    return module_main(&storage_tier, argc, argv);
}
