#include "disks.h"

#include "cleanup.h"
#include "sysfs.h"
#include "text.h"

struct rule {
    const char *provider, *file, *value;
    bool prefix;
};

/*
 * The first rule that fits; OCI before QEMU, whose machine it shows.
 * oci: chassis asset tag, as cloud-init's DataSourceOracle. aws: "Identify EC2 instances" in the
 * EC2 user guide (Nitro: the system vendor; Xen: the BIOS version ends in .amazon). gcp: "Detect if
 * a VM is running in Compute Engine" (the product name). proxmox: QEMU's own vendor and machine
 * names, which qemu-server leaves as they are; plain QEMU has the same.
 */
static const struct rule rules[] = {
    {"oci", "chassis_asset_tag", "OracleCloud.com", false},
    {"aws", "sys_vendor", "Amazon EC2", false},
    {"aws", "chassis_asset_tag", "Amazon EC2", false},
    {"aws", "bios_vendor", "Amazon EC2", false},
    {"gcp", "product_name", "Google Compute Engine", false},
    {"gcp", "product_name", "Google", false},
    {"proxmox", "product_name", "Standard PC (", true},
};

static bool fits(int directory, const struct rule *rule)
{
    AUTO_FREE char *value = sysfs_text(directory, rule->file);

    if (!value)
        return false;
    return rule->prefix ? text_starts_with(value, rule->value) : text_equal(value, rule->value);
}

static bool is_xen_of_amazon(int directory)
{
    AUTO_FREE char *version = sysfs_text(directory, "bios_version");

    return version && text_ends_with(version, ".amazon");
}

const char *provider_detect(void)
{
    AUTO_CLOSE int directory = sysfs_open("/sys/class/dmi/id");

    if (directory < 0)
        return "generic";
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
        if (fits(directory, &rules[i]))
            return rules[i].provider;
    return is_xen_of_amazon(directory) ? "aws" : "generic";
}
