#include <string.h>

#include "cleanup.h"
#include "drop_in.h"
#include "plan_parts.h"
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

static void add_action(const struct request *request, const struct facts *facts, const char *before,
                       const char *after, struct plan *plan)
{
    AUTO_FREE char *mode = text_format("mode %04o", (unsigned)facts->drop_in_mode);
    bool same_text = text_equal(facts->drop_in, after);

    plan_add(plan, json_pack("{s:s, s:s, s:o, s:o, s:o}", "node", facts->name, "op", "file", "key",
                             json_text(request->config_file), "before",
                             json_text(same_text ? mode : before), "after",
                             json_text(same_text ? "mode 0600" : after)));
}

static int plan_file(const struct request *request, const struct facts *facts, struct plan *plan,
                     struct error *error)
{
    AUTO_FREE char *shown = facts->drop_in ? drop_in_shown(facts->drop_in) : NULL;
    AUTO_FREE char *wanted = plan_drop_in(request, facts);

    if (text_equal(facts->drop_in, wanted) && (!wanted || facts->drop_in_mode == DROP_IN_MODE))
        return 0;
    add_action(request, facts, shown, wanted, plan);
    plan_diff(plan, request->config_file, shown ? shown : "", wanted ? wanted : "");
    return plan_restart(facts->drop_in, wanted, plan, error);
}

static void add_node(const struct request *request, const struct facts *facts, struct plan *plan)
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
        add_node(request, facts, plan);
    return plan_file(request, facts, plan, error);
}
