/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cleanup.h"
#include "host/drop_in.h"
#include "text.h"

static int refuse_found(const struct facts *facts, struct error *error)
{
    AUTO_FREE char *found = string_list_join(&facts->found, ", ");

    return error_refuse(error, "k3s-found",
                        "role cdb is no member of the cluster, but K3s is or was set up on this "
                        "host: %s; if it is to be a database host, uninstall K3s and remove these "
                        "(state: absent removes the drop-in)",
                        found);
}

char *plan_drop_in(const struct request *request, const struct facts *facts)
{
    if (request->absent)
        return NULL;
    AUTO_WANTED struct wanted wanted =
        wanted_registered(&request->host, &facts->tiers, request->prefix);
    AUTO_REGISTRATION struct registration registration = registration_make(facts->name, &wanted);
    return drop_in_text(&registration);
}

static void add_file_action(const struct request *request, const struct facts *facts,
                            const char *before, const char *after, struct plan *plan)
{
    AUTO_FREE char *mode = text_format("mode %04o", (unsigned)facts->drop_in_mode);
    bool same_text = text_equal(facts->drop_in, after);

    plan_add(plan, json_pack("{s:s, s:s, s:o, s:o, s:o}", "node", facts->name, "op", "file", "key",
                             json_text(request->config_file), "before",
                             json_text(same_text ? mode : before), "after",
                             json_text(same_text ? "mode 0600" : after)));
}

static bool same_lists(const struct string_list *a, const struct string_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!text_equal(a->items[i], b->items[i]))
            return false;
    return true;
}

static void add_reason(json_t *reasons, const char *reason)
{
    json_array_append_new(reasons, json_string(reason));
}

static void compare_settings(const struct registration *before, const struct registration *after,
                             json_t *reasons)
{
    if (!text_equal(before->node_name, after->node_name))
        add_reason(reasons, "node-name changed: K3s reads it when it starts, and another name is "
                            "another Node");
    if (!same_lists(&before->labels, &after->labels))
        add_reason(reasons,
                   "node-label changed: K3s sets the labels of its configuration on its Node "
                   "when it starts");
    if (!same_lists(&before->taints, &after->taints))
        add_reason(reasons, "node-taint changed: it matters only when the Node registers for the "
                            "first time; taints of a registered Node are changed by k3s_role with "
                            "nodes");
    if (before->others.count)
        add_reason(reasons, "settings that were added to the drop-in by hand are gone");
}

/* No file says nothing. */
static int read_if_any(const char *text, struct registration *registration, struct error *error)
{
    return text ? registration_read(text, registration, error) : 0;
}

/* Sets the result's restart_needed and restart_reasons for a drop-in that changes. */
static int plan_restart(const char *before, const char *after, struct plan *plan,
                        struct error *error)
{
    AUTO_REGISTRATION struct registration from = {0}, to = {0};
    json_t *reasons = json_object_get(plan->consequences, "restart_reasons");
    int r = read_if_any(after, &to, error);

    if (r < 0)
        return r;
    if (read_if_any(before, &from, error) < 0) {
        error_clear(error);
        add_reason(reasons, "the drop-in was no YAML that K3s could read");
    } else {
        compare_settings(&from, &to, reasons);
    }
    json_object_set_new(plan->consequences, "restart_needed",
                        json_boolean(json_array_size(reasons) > 0));
    return 0;
}

static int plan_file(const struct request *request, const struct facts *facts, struct plan *plan,
                     struct error *error)
{
    AUTO_FREE char *shown = facts->drop_in ? drop_in_shown(facts->drop_in) : NULL;
    AUTO_FREE char *wanted = plan_drop_in(request, facts);

    if (text_equal(facts->drop_in, wanted) && (!wanted || facts->drop_in_mode == DROP_IN_MODE))
        return 0;
    add_file_action(request, facts, shown, wanted, plan);
    plan_diff(plan, request->config_file, shown ? shown : "", wanted ? wanted : "");
    return plan_restart(facts->drop_in, wanted, plan, error);
}

static void describe_host(const struct request *request, const struct facts *facts,
                          struct plan *plan)
{
    AUTO_WANTED struct wanted wanted =
        wanted_registered(&request->host, &facts->tiers, request->prefix);

    json_object_set_new(
        json_object_get(plan->result, "nodes"), facts->name,
        describe_node(role_names[request->host.role], wanted.labels, wanted.taints));
}

int plan_host(const struct request *request, const struct facts *facts, struct plan *plan,
              struct error *error)
{
    if (request->host.role == ROLE_CDB && !request->absent)
        return facts->found.count ? refuse_found(facts, error) : 0;
    if (!request->absent)
        describe_host(request, facts, plan);
    return plan_file(request, facts, plan, error);
}
