/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "names.h"
#include "text.h"

static const char *const own_variables[] = {"ansible_user", "ansible_become_password",
                                            "ansible_ssh_private_key_file",
                                            "ansible_python_interpreter", NULL};
static const char *const own_host_variables[] = {"ansible_host", NULL};
/* A host of that name would be taken for Ansible's group, or for the controller itself. */
static const char *const taken_names[] = {"all", "ungrouped", "localhost", NULL};

/* What was seen in the fleet so far: value → place. */
struct seen {
    json_t *hosts, *addresses;
};

/* The keys of a place in the outputs. */
struct keys {
    bool (*is_known)(const char *name);
    const char *const *own; /* variables that this program sets there itself */
    const char *others;     /* where what isn't known is kept */
};

static void check_others(const json_t *object, const struct keys *keys, const struct place *place,
                         struct problems *problems)
{
    const char *key;
    json_t *value;

    json_object_foreach ((json_t *)object, key, value) {
        if (word_in(keys->own, key) && !json_is_null(value))
            problem_error(problems, PLACE_KEY(place, key),
                          "this program sets that variable itself (see --help): "
                          "put another value into host_vars (or group_vars)");
        else if (!keys->is_known(key))
            check_unknown(key, value, place, keys->others, problems);
    }
}

static void check_user(const json_t *object, const char *key, const struct place *place,
                       struct problems *problems)
{
    const char *name = check_text(object, key, place, problems);

    if (name && (name_has_controls(name) || strchr(name, ' ') || strstr(name, "\xc2\xa0")))
        problem_error(problems, PLACE_KEY(place, key),
                      "has white space or control characters in it");
}

static void check_port(const json_t *port, const struct place *place, struct problems *problems)
{
    const char *text = json_string_value(port);
    bool decimal = text && *text && strlen(text) <= 5 && text[strspn(text, "0123456789")] == '\0';
    json_int_t number = decimal ? strtol(text, NULL, 10) : json_integer_value(port);

    if (number < 1 || number > 65535)
        problem_error(problems, place, "is no port (1 to 65535)");
}

/* What becomes a variable under its own name. */
static void check_variables(const json_t *node, const struct place *place,
                            struct problems *problems)
{
    for (const char *const *name = node_variables; *name; name++) {
        const json_t *value = json_object_get(node, *name);
        const struct place *here = PLACE_KEY(place, *name);

        if (!value || json_is_null(value))
            continue;
        if (text_equal(*name, "ansible_user"))
            check_user(node, *name, place, problems);
        else if (text_equal(*name, "ansible_port"))
            check_port(value, here, problems);
        else
            check_value(value, here, problems);
    }
}

/* Notes `value` as seen at `place`; the place where it was before, borrowed, or NULL. */
static const char *seen_before(json_t *seen, const char *value, const struct place *place)
{
    AUTO_FREE char *lower = alloc_string(value), *where = place_text(place);

    for (char *c = lower; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    const char *before = json_string_value(json_object_get(seen, lower));
    if (!before)
        json_object_set_new(seen, lower, json_string(where));
    return before;
}

static void check_hostname(const json_t *node, const struct place *place, struct seen *seen,
                           struct problems *problems)
{
    const char *name = check_text(node, "hostname", place, problems);
    const struct place *here = PLACE_KEY(place, "hostname");

    if (!name)
        return;
    AUTO_FREE char *quoted = name_quoted(name);
    if (!name_is_host(name) || name_is_numeric(name)) {
        problem_error(problems, here, "%s is no host name (letters, digits and inner hyphens)",
                      quoted);
        return;
    }
    if (word_in(taken_names, name) || word_in(role_names, name))
        problem_error(problems, here, "%s has a meaning of its own in Ansible's inventory", quoted);
    const char *before = seen_before(seen->hosts, name, here);
    if (before)
        problem_error(problems, here, "%s is there twice, first as %s", quoted, before);
}

static void check_address(const json_t *node, const struct place *place, struct seen *seen,
                          struct problems *problems)
{
    const char *address = check_text(node, "ip", place, problems);
    const struct place *here = PLACE_KEY(place, "ip");

    if (!address)
        return;
    AUTO_FREE char *quoted = name_quoted(address);
    if (!name_is_address(address)) {
        problem_error(problems, here, "%s is no address (IPv4, IPv6 without brackets, or a name)",
                      quoted);
        return;
    }
    const char *before = seen_before(seen->addresses, address, here);
    if (before)
        problem_warning(problems, here, "%s is also the address at %s", quoted, before);
}

static const char *check_provider(const json_t *node, const struct place *place,
                                  struct problems *problems)
{
    const char *provider = check_text(node, "provider", place, problems);

    if (!provider || word_in(provider_names, provider))
        return provider;
    AUTO_FREE char *quoted = name_quoted(provider), *list = words_joined(provider_names);
    problem_error(problems, PLACE_KEY(place, "provider"), "%s is no provider (%s)", quoted, list);
    return NULL;
}

static void check_node(const json_t *node, const struct place *place, struct seen *seen,
                       struct problems *problems)
{
    if (!json_is_object(node)) {
        problem_error(problems, place, "must be an object (hostname, ip, provider, disks), not %s",
                      json_type_name(node));
        return;
    }
    check_hostname(node, place, seen, problems);
    check_address(node, place, seen, problems);
    const char *provider = check_provider(node, place, problems);
    check_disks(json_object_get(node, "disks"), provider, place, problems);
    check_variables(node, place, problems);
    check_others(
        node,
        &(struct keys){name_is_node_key, own_host_variables, "the variable terraform of this host"},
        place, problems);
}

static void check_role(const char *role, const json_t *nodes, const struct place *vms,
                       struct seen *seen, struct problems *problems)
{
    const struct place *place = PLACE_KEY(vms, role);
    json_t *node;
    size_t i;

    if (!word_in(role_names, role)) {
        AUTO_FREE char *list = words_joined(role_names);
        problem_error(problems, place, "no such role (%s)", list);
    }
    if (!json_is_array(nodes))
        problem_error(problems, place, "must be a list of nodes, not %s", json_type_name(nodes));
    json_array_foreach (nodes, i, node)
        check_node(node, PLACE_ITEM(place, i), seen, problems);
}

static void check_vms(const json_t *vms, struct problems *problems)
{
    AUTO_JSON json_t *hosts = json_object(), *addresses = json_object();
    struct seen seen = {hosts, addresses};
    const struct place *place = PLACE_KEY(NULL, "vms");
    const char *role;
    json_t *nodes;

    if (!json_is_object(vms)) {
        problem_error(problems, place, vms ? "must be an object of roles, not %s" : "is %s",
                      json_type_name(vms));
        return;
    }
    json_object_foreach ((json_t *)vms, role, nodes)
        check_role(role, nodes, place, &seen, problems);
    if (json_array_size(json_object_get(vms, "cdb")) == 0)
        problem_warning(problems, PLACE_KEY(place, "cdb"), "no node: the cluster has no database");
    if (json_array_size(json_object_get(vms, "cpl")) == 0)
        problem_warning(problems, PLACE_KEY(place, "cpl"), "no node: there is no control plane");
}

static void check_password(const json_t *outputs, struct problems *problems)
{
    const json_t *password = json_object_get(outputs, "password");
    const struct place *place = PLACE_KEY(NULL, "password");

    if (json_is_null(password) || (json_is_string(password) && json_string_length(password) == 0))
        problem_warning(problems, place, "none given: sudo must work without one");
    else
        check_text(outputs, "password", NULL, problems);
}

void check_outputs(const json_t *outputs, struct problems *problems)
{
    check_user(outputs, "username", NULL, problems);
    check_password(outputs, problems);
    check_vms(json_object_get(outputs, "vms"), problems);
    check_others(
        outputs,
        &(struct keys){name_is_output_key, own_variables, "the variable terraform of all hosts"},
        NULL, problems);
}
