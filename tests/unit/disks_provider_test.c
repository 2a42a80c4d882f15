/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The provider from DMI texts as the vendors' machines have them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "disk/disk.h"
#include "file.h"
#include "text.h"

struct machine {
    const char *provider;
    const char *files[8]; /* name, text, … */
};

static const struct machine machines[] = {
    {"aws", {"sys_vendor", "Amazon EC2", "product_name", "m6i.large", "bios_vendor", "Amazon EC2"}},
    {"aws", {"sys_vendor", "Xen", "product_name", "HVM domU", "bios_version", "4.11.amazon"}},
    {"gcp", {"sys_vendor", "Google", "product_name", "Google Compute Engine"}},
    {"oci",
     {"sys_vendor", "QEMU", "product_name", "Standard PC (i440FX + PIIX, 1996)",
      "chassis_asset_tag", "OracleCloud.com"}},
    {"proxmox", {"sys_vendor", "QEMU", "product_name", "Standard PC (Q35 + ICH9, 2009)"}},
    {"proxmox", {"sys_vendor", "QEMU", "product_name", "Standard PC (i440FX + PIIX, 1996)"}},
    {"generic", {"sys_vendor", "Xen", "product_name", "HVM domU", "bios_version", "4.11"}},
    {"generic", {"sys_vendor", "Dell Inc.", "product_name", "PowerEdge R640"}},
    {"generic", {"sys_vendor", ""}},
    {"generic", {NULL}},
};

static void put(const char *root, const char *name, const char *text)
{
    struct error error = ERROR_INIT;
    AUTO_FREE char *path = text_format("%s/sys/class/dmi/id/%s", root, name);

    assert_int_equal(file_replace(path, text, strlen(text), 0644, &error), 0);
}

static void check(const struct machine *machine)
{
    char root[] = "/tmp/disks-test-XXXXXX";
    struct error error = ERROR_INIT;

    assert_non_null(mkdtemp(root));
    AUTO_FREE char *directory = text_format("%s/sys/class/dmi/id", root);
    assert_int_equal(file_make_directories(directory, 0755, &error), 0);
    for (size_t i = 0; i < ARRAY_SIZE(machine->files) && machine->files[i]; i += 2)
        put(root, machine->files[i], machine->files[i + 1]);
    disks_root = root;
    const char *provider = provider_detect();
    disks_root = "";
    AUTO_FREE char *remove = text_format("rm -r %s", root);
    assert_int_equal(system(remove), 0);
    assert_string_equal(provider, machine->provider);
}

static void machines_of_the_vendors(void **state __attribute__((unused)))
{
    for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
        check(&machines[i]);
}

static void no_dmi(void **state __attribute__((unused)))
{
    disks_root = "/nonexistent";
    const char *provider = provider_detect();
    disks_root = "";
    assert_string_equal(provider, "generic");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(machines_of_the_vendors),
        cmocka_unit_test(no_dmi),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
