/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inventory.h"

#include <string.h>

#include "cleanup.h"
#include "disk_keys.h"
#include "fleet.h"
#include "names.h"
#include "text.h"

static const char *const cluster_roles[] = {"cpl", "ops", "sts", "wkr", NULL};
/* The variable that has what nobody here knows. */
static const char others_name[] = "terraform";
/* What Ansible's JSON reader takes for the tag !unsafe. */
static const char mark[] = "__ansible_unsafe";

json_t *inventory_data(const json_t *value)
{
    const char *key;
    json_t *item;
    size_t i;

    if (json_is_string(value) && !name_is_plain(json_string_value(value)))
        return json_pack("{s:O}", mark, value);
    if (!json_is_object(value) && !json_is_array(value))
        return json_incref((json_t *)value);
    json_t *copy = json_is_object(value) ? json_object() : json_array();
    json_object_foreach ((json_t *)value, key, item)
        json_object_set_new(copy, key, inventory_data(item));
    json_array_foreach (value, i, item)
        json_array_append_new(copy, inventory_data(item));
    return copy;
}

const json_t *inventory_marked_string(const json_t *value)
{
    return json_object_get(value, mark);
}

/* null is how Terraform says "not given". */
static void set_data(json_t *target, const char *key, const json_t *value)
{
    if (value && !json_is_null(value))
        json_object_set_new(target, key, inventory_data(value));
}

/* Sets `key` unless there is nothing in `object`, which is stolen. */
static void set_object(json_t *target, const char *key, json_t *object)
{
    if (json_object_size(object) > 0)
        json_object_set(target, key, object);
    json_decref(object);
}

static bool is_disk_key(const char *key)
{
    return disk_key_find(key);
}

/* What else the outputs have at a place. */
static json_t *others(const json_t *source, bool (*is_known)(const char *))
{
    json_t *others = json_object(), *value;
    const char *key;

    json_object_foreach ((json_t *)source, key, value)
        if (!is_known(key))
            set_data(others, key, value);
    return others;
}

/* name → what else the outputs have of that disk */
static json_t *disk_others(const json_t *node)
{
    json_t *named = json_object(), *disk;
    size_t i;

    json_array_foreach (json_object_get(node, "disks"), i, disk)
        set_object(named, json_string_value(json_object_get(disk, "name")),
                   others(disk, is_disk_key));
    return named;
}

/* A host's variable hides that of all hosts, so it has what stands there too. */
static json_t *node_others(const json_t *outputs, const json_t *node)
{
    AUTO_JSON json_t *common = others(outputs, name_is_output_key);
    json_t *own = others(node, name_is_node_key);

    set_object(own, "disks", disk_others(node));
    if (json_object_size(own) > 0)
        json_object_update_missing(own, common);
    return own;
}

/* In storage_tier's own order. */
static json_t *disk_variables(const json_t *disk)
{
    json_t *variables = json_object();

    for (const struct disk_key *known = disk_keys; known->name; known++)
        set_data(variables, known->name, json_object_get(disk, known->name));
    return variables;
}

json_t *inventory_host(const json_t *outputs, const json_t *node)
{
    json_t *variables = json_object(), *disks = json_array(), *disk;
    size_t i;

    json_array_foreach (json_object_get(node, "disks"), i, disk)
        json_array_append_new(disks, disk_variables(disk));
    set_data(variables, "ansible_host", json_object_get(node, "ip"));
    set_data(variables, "provider", json_object_get(node, "provider"));
    json_object_set_new(variables, "disks", disks);
    for (const char *const *name = node_variables; *name; name++)
        set_data(variables, *name, json_object_get(node, *name));
    set_object(variables, others_name, node_others(outputs, node));
    return variables;
}

static json_t *all_variables(const json_t *outputs, const struct connection *connection)
{
    json_t *variables = json_object();
    const json_t *password = json_object_get(outputs, "password");

    set_data(variables, "ansible_user", json_object_get(outputs, "username"));
    if (json_string_length(password) > 0)
        set_data(variables, "ansible_become_password", password);
    if (*connection->ssh_key)
        json_object_set_new(variables, "ansible_ssh_private_key_file",
                            json_string(connection->ssh_key));
    if (*connection->python)
        json_object_set_new(variables, "ansible_python_interpreter",
                            json_string(connection->python));
    set_object(variables, others_name, others(outputs, name_is_output_key));
    return variables;
}

/* group → {kind: {}} → member → value; whatever isn't there yet is made. `value` is stolen. */
static void group_add(json_t *groups, const char *group, const char *kind, const char *member,
                      json_t *value)
{
    json_t *members = json_object_get(json_object_get(groups, group), kind);

    if (!members) {
        members = json_object();
        json_object_set_new(groups, group, json_pack("{s:o}", kind, members));
    }
    if (member)
        json_object_set_new(members, member, value);
}

static void group_addf(json_t *groups, const char *prefix, const char *name, const char *hostname)
{
    AUTO_FREE char *group = text_format("%s_%s", prefix, name);

    group_add(groups, group, "hosts", hostname, json_object());
}

struct making {
    const json_t *outputs;
    json_t *groups;
};

static int add_to_role(const char *role, json_t *node, void *data)
{
    const struct making *making = data;
    const char *hostname = json_string_value(json_object_get(node, "hostname"));

    group_add(making->groups, role, "hosts", hostname, inventory_host(making->outputs, node));
    return 0;
}

static int add_to_provider(const char *role, json_t *node, void *data)
{
    const char *hostname = json_string_value(json_object_get(node, "hostname"));

    (void)role;
    group_addf(data, "provider", json_string_value(json_object_get(node, "provider")), hostname);
    return 0;
}

static int add_to_tiers(const char *role, json_t *node, void *data)
{
    const char *hostname = json_string_value(json_object_get(node, "hostname"));

    (void)role;
    for (const char *const *tier = tier_names; *tier; tier++)
        if (fleet_disk_of_tier(node, *tier))
            group_addf(data, "tier", *tier, hostname);
    return 0;
}

/* A role without nodes is an empty group: a play for it matches nothing, quietly. */
static void add_roles(json_t *groups, const json_t *outputs)
{
    const json_t *vms = json_object_get(outputs, "vms");
    struct making making = {outputs, groups};

    for (const char *const *role = role_names; *role; role++)
        if (json_object_get(vms, *role))
            group_add(groups, *role, "hosts", NULL, NULL);
    fleet_walk(outputs, add_to_role, &making);
}

static void add_other_groups(json_t *groups, const json_t *outputs)
{
    const json_t *vms = json_object_get(outputs, "vms");

    group_add(groups, "k3s_cluster", "children", NULL, NULL);
    for (const char *const *role = cluster_roles; *role; role++)
        if (json_object_get(vms, *role))
            group_add(groups, "k3s_cluster", "children", *role, json_object());
    fleet_walk(outputs, add_to_provider, groups);
    fleet_walk(outputs, add_to_tiers, groups);
}

json_t *inventory_file(const json_t *outputs, const struct connection *connection, bool groups)
{
    json_t *children = json_object();

    add_roles(children, outputs);
    if (groups)
        add_other_groups(children, outputs);
    return json_pack("{s:{s:o, s:o}}", "all", "vars", all_variables(outputs, connection),
                     "children", children);
}

/* {a: …, b: …} → ["a", "b"] */
static json_t *keys_of(const json_t *object)
{
    json_t *keys = json_array(), *value;
    const char *key;

    json_object_foreach ((json_t *)object, key, value)
        json_array_append_new(keys, json_string(key));
    return keys;
}

/* In the protocol a group lists names; what the hosts have stands in _meta. */
static void add_listed(json_t *list, json_t *hostvars, const char *group, const json_t *members)
{
    static const char *const kinds[] = {"hosts", "children", NULL};
    json_t *listed = json_object(), *variables;
    const char *host;

    for (const char *const *kind = kinds; *kind; kind++)
        if (json_object_get(members, *kind))
            json_object_set_new(listed, *kind, keys_of(json_object_get(members, *kind)));
    if (word_in(role_names, group))
        json_object_foreach (json_object_get(members, "hosts"), host, variables)
            json_object_set(hostvars, host, variables);
    json_object_set_new(list, group, listed);
}

json_t *inventory_list(const json_t *outputs, const struct connection *connection)
{
    AUTO_JSON json_t *file = inventory_file(outputs, connection, true);
    json_t *list = json_object(), *hostvars = json_object(), *members;
    const json_t *all = json_object_get(file, "all");
    json_t *groups = json_object_get(all, "children");
    const char *group;

    json_object_set_new(list, "_meta", json_pack("{s:o}", "hostvars", hostvars));
    json_object_set_new(
        list, "all",
        json_pack("{s:O, s:o}", "vars", json_object_get(all, "vars"), "children", keys_of(groups)));
    json_object_foreach (groups, group, members)
        add_listed(list, hostvars, group, members);
    return list;
}
