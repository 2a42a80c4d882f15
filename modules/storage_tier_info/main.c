#include "doc.h"
#include "info.h"
#include "module.h"

static const struct param no_params[] = {{0}};

static const struct module storage_tier_info = {
    .name = "storage_tier_info",
    .short_description = "Show every disk of a host and why it could or couldn't serve a tier",
    .description = STRINGS("Lists the disks with identifiers, size, content (with the token that "
                           "storage_tier's O(disks[].wipe) takes) and use. Changes nothing.",
                           "Run it first on a new host."),
    .version_added = "0.1.0",
    .params = no_params,
    .examples = storage_tier_info_examples,
    .returns = storage_tier_info_returns,
    .requirements = STRINGS("libmount and libblkid (util-linux)"),
    .seealso = STRINGS("storage_tier"),
    .changes_nothing = true,
    .parse = info_parse,
    .probe = info_probe,
    .plan = info_plan,
    .facts_free = info_free,
};

int main(int argc, char **argv)
{
    return module_main(&storage_tier_info, argc, argv);
}
