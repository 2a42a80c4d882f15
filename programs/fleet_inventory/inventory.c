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
    AUTO_JSON json_t *copy = NULL;
    const char *key;
    json_t *item;
    size_t i;
    int r = 0;

    if (json_is_string(value) && !name_is_plain(json_string_value(value)))
        return json_pack("{s:O}", mark, value);
    if (!json_is_object(value) && !json_is_array(value))
        return json_incref((json_t *)value);
    copy = json_is_object(value) ? json_object() : json_array();
    json_object_foreach ((json_t *)value, key, item)
        r |= json_object_set_new(copy, key, inventory_data(item));
    json_array_foreach (value, i, item)
        r |= json_array_append_new(copy, inventory_data(item));
    return r ? NULL : TAKE_PTR(copy);
}

const json_t *inventory_marked_string(const json_t *value)
{
    return json_object_get(value, mark);
}

/* null is how Terraform says "not given". */
static int set_data(json_t *target, const char *key, const json_t *value)
{
    if (!value || json_is_null(value))
        return 0;
    return json_object_set_new(target, key, inventory_data(value));
}

/* Sets `key` unless there is nothing in `object`, which is stolen. */
static int set_object(json_t *target, const char *key, json_t *object)
{
    AUTO_JSON json_t *owned = object;

    if (!owned)
        return -1;
    return json_object_size(owned) > 0 ? json_object_set(target, key, owned) : 0;
}

static bool is_disk_key(const char *key)
{
    return disk_key_find(key);
}

/* What else the outputs have at a place. */
static json_t *others(const json_t *source, bool (*is_known)(const char *))
{
    AUTO_JSON json_t *others = json_object();
    const char *key;
    json_t *value;
    int r = 0;

    json_object_foreach ((json_t *)source, key, value)
        if (!is_known(key))
            r |= set_data(others, key, value);
    return r ? NULL : TAKE_PTR(others);
}

/* name → what else the outputs have of that disk */
static json_t *disk_others(const json_t *node)
{
    AUTO_JSON json_t *named = json_object();
    json_t *disk;
    size_t i;
    int r = 0;

    json_array_foreach (json_object_get(node, "disks"), i, disk)
        r |= set_object(named, json_string_value(json_object_get(disk, "name")),
                        others(disk, is_disk_key));
    return r ? NULL : TAKE_PTR(named);
}

/* A host's variable hides that of all hosts, so it has what stands there too. */
static json_t *node_others(const json_t *outputs, const json_t *node)
{
    AUTO_JSON json_t *own = others(node, name_is_node_key), *common = NULL;

    if (!own || set_object(own, "disks", disk_others(node)) < 0)
        return NULL;
    if (json_object_size(own) == 0)
        return TAKE_PTR(own);
    common = others(outputs, name_is_output_key);
    if (!common || json_object_update_missing(own, common) < 0)
        return NULL;
    return TAKE_PTR(own);
}

/* In storage_tier's own order. */
static json_t *disk_variables(const json_t *disk)
{
    AUTO_JSON json_t *variables = json_object();
    int r = 0;

    for (const struct disk_key *known = disk_keys; known->name; known++)
        r |= set_data(variables, known->name, json_object_get(disk, known->name));
    return r ? NULL : TAKE_PTR(variables);
}

json_t *inventory_host(const json_t *outputs, const json_t *node)
{
    AUTO_JSON json_t *variables = json_object(), *disks = json_array();
    json_t *disk;
    size_t i;
    int r = 0;

    json_array_foreach (json_object_get(node, "disks"), i, disk)
        r |= json_array_append_new(disks, disk_variables(disk));
    r |= set_data(variables, "ansible_host", json_object_get(node, "ip"));
    r |= set_data(variables, "provider", json_object_get(node, "provider"));
    r |= json_object_set(variables, "disks", disks);
    for (const char *const *name = node_variables; *name; name++)
        r |= set_data(variables, *name, json_object_get(node, *name));
    r |= set_object(variables, others_name, node_others(outputs, node));
    return r ? NULL : TAKE_PTR(variables);
}

static json_t *all_variables(const json_t *outputs, const struct connection *connection)
{
    AUTO_JSON json_t *variables = json_object();
    const json_t *password = json_object_get(outputs, "password");
    int r = set_data(variables, "ansible_user", json_object_get(outputs, "username"));

    if (json_string_length(password) > 0)
        r |= set_data(variables, "ansible_become_password", password);
    if (*connection->ssh_key)
        r |= json_object_set_new(variables, "ansible_ssh_private_key_file",
                                 json_string(connection->ssh_key));
    if (*connection->python)
        r |= json_object_set_new(variables, "ansible_python_interpreter",
                                 json_string(connection->python));
    r |= set_object(variables, others_name, others(outputs, name_is_output_key));
    return r ? NULL : TAKE_PTR(variables);
}

/* group → {kind: {}} → member → value; whatever isn't there yet is made. `value` is stolen. */
static int group_add(json_t *groups, const char *group, const char *kind, const char *member,
                     json_t *value)
{
    json_t *members = json_object_get(json_object_get(groups, group), kind);

    if (!members) {
        members = json_object();
        if (json_object_set_new(groups, group, json_pack("{s:o}", kind, members)) < 0) {
            json_decref(value);
            return -1;
        }
    }
    return member ? json_object_set_new(members, member, value) : 0;
}

static int group_addf(json_t *groups, const char *prefix, const char *name, const char *hostname)
{
    AUTO_FREE char *group = text_format("%s_%s", prefix, name);

    return group ? group_add(groups, group, "hosts", hostname, json_object()) : -1;
}

struct making {
    const json_t *outputs;
    json_t *groups;
};

static int add_to_role(const char *role, json_t *node, void *data)
{
    const struct making *making = data;
    const char *hostname = json_string_value(json_object_get(node, "hostname"));

    return group_add(making->groups, role, "hosts", hostname,
                     inventory_host(making->outputs, node));
}

static int add_to_provider(const char *role, json_t *node, void *data)
{
    const char *hostname = json_string_value(json_object_get(node, "hostname"));

    (void)role;
    return group_addf(data, "provider", json_string_value(json_object_get(node, "provider")),
                      hostname);
}

static int add_to_tiers(const char *role, json_t *node, void *data)
{
    const char *hostname = json_string_value(json_object_get(node, "hostname"));
    int r = 0;

    (void)role;
    for (const char *const *tier = tier_names; *tier; tier++)
        if (fleet_disk_of_tier(node, *tier))
            r |= group_addf(data, "tier", *tier, hostname);
    return r;
}

/* A role without nodes is an empty group: a play for it matches nothing, quietly. */
static int add_roles(json_t *groups, const json_t *outputs)
{
    const json_t *vms = json_object_get(outputs, "vms");
    struct making making = {outputs, groups};
    int r = 0;

    for (const char *const *role = role_names; *role; role++)
        if (json_object_get(vms, *role))
            r |= group_add(groups, *role, "hosts", NULL, NULL);
    return r | fleet_walk(outputs, add_to_role, &making);
}

static int add_other_groups(json_t *groups, const json_t *outputs)
{
    const json_t *vms = json_object_get(outputs, "vms");
    int r = group_add(groups, "k3s_cluster", "children", NULL, NULL);

    for (const char *const *role = cluster_roles; *role; role++)
        if (json_object_get(vms, *role))
            r |= group_add(groups, "k3s_cluster", "children", *role, json_object());
    r |= fleet_walk(outputs, add_to_provider, groups);
    return r | fleet_walk(outputs, add_to_tiers, groups);
}

json_t *inventory_file(const json_t *outputs, const struct connection *connection, bool groups)
{
    AUTO_JSON json_t *children = json_object();

    if (add_roles(children, outputs) < 0 || (groups && add_other_groups(children, outputs) < 0))
        return NULL;
    return json_pack("{s:{s:o, s:O}}", "all", "vars", all_variables(outputs, connection),
                     "children", children);
}

/* {a: …, b: …} → ["a", "b"] */
static json_t *keys_of(const json_t *object)
{
    AUTO_JSON json_t *keys = json_array();
    const char *key;
    json_t *value;
    int r = 0;

    json_object_foreach ((json_t *)object, key, value)
        r |= json_array_append_new(keys, json_string(key));
    return r ? NULL : TAKE_PTR(keys);
}

/* In the protocol a group lists names; what the hosts have stands in _meta. */
static int add_listed(json_t *list, json_t *hostvars, const char *group, const json_t *members)
{
    static const char *const kinds[] = {"hosts", "children", NULL};
    AUTO_JSON json_t *listed = json_object();
    const char *host;
    json_t *variables;
    int r = 0;

    for (const char *const *kind = kinds; *kind; kind++)
        if (json_object_get(members, *kind))
            r |= json_object_set_new(listed, *kind, keys_of(json_object_get(members, *kind)));
    if (word_in(role_names, group))
        json_object_foreach (json_object_get(members, "hosts"), host, variables)
            r |= json_object_set(hostvars, host, variables);
    return r | json_object_set(list, group, listed);
}

json_t *inventory_list(const json_t *outputs, const struct connection *connection)
{
    AUTO_JSON json_t *file = inventory_file(outputs, connection, true);
    AUTO_JSON json_t *list = json_object(), *hostvars = json_object();
    const json_t *all = json_object_get(file, "all");
    json_t *groups = json_object_get(all, "children");
    const char *group;
    json_t *members;
    int r = file ? 0 : -1;

    r |= json_object_set_new(list, "_meta", json_pack("{s:O}", "hostvars", hostvars));
    r |= json_object_set_new(
        list, "all",
        json_pack("{s:O, s:o}", "vars", json_object_get(all, "vars"), "children", keys_of(groups)));
    json_object_foreach (groups, group, members)
        r |= add_listed(list, hostvars, group, members);
    return r ? NULL : TAKE_PTR(list);
}
