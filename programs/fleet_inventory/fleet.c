/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fleet.h"

#include "names.h"
#include "text.h"

int fleet_walk(const json_t *outputs, fleet_visit *visit, void *data)
{
    const json_t *vms = json_object_get(outputs, "vms");
    json_t *node;
    size_t i;

    for (const char *const *role = role_names; *role; role++)
        json_array_foreach (json_object_get(vms, *role), i, node) {
            int r = visit(*role, node, data);
            if (r != 0)
                return r;
        }
    return 0;
}

struct search {
    const char *hostname;
    json_t *found;
};

static int is_searched(const char *role, json_t *node, void *data)
{
    struct search *search = data;

    (void)role;
    if (text_equal(json_string_value(json_object_get(node, "hostname")), search->hostname))
        search->found = node;
    return search->found != NULL;
}

json_t *fleet_find(const json_t *outputs, const char *hostname)
{
    struct search search = {.hostname = hostname};

    fleet_walk(outputs, is_searched, &search);
    return search.found;
}

const char *fleet_disk_of_tier(const json_t *node, const char *tier)
{
    const char *found = NULL;
    json_t *disk;
    size_t i;

    json_array_foreach (json_object_get(node, "disks"), i, disk) {
        const char *name = json_string_value(json_object_get(disk, "name"));
        if (text_equal(json_string_value(json_object_get(disk, "tier")), tier) &&
            (!found || text_equal(found, "os")))
            found = name;
    }
    return found;
}
