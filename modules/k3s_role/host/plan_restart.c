#include "cleanup.h"
#include "drop_in.h"
#include "plan_parts.h"
#include "text.h"

static bool same_lists(const struct string_list *a, const struct string_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!text_equal(a->items[i], b->items[i]))
            return false;
    return true;
}

static void add(json_t *reasons, const char *reason)
{
    json_array_append_new(reasons, json_string(reason));
}

static void compare(const struct registration *before, const struct registration *after,
                    json_t *reasons)
{
    if (!text_equal(before->node_name, after->node_name))
        add(reasons, "node-name changed: K3s reads it when it starts, and another name is "
                     "another Node");
    if (!same_lists(&before->labels, &after->labels))
        add(reasons, "node-label changed: K3s sets the labels of its configuration on its Node "
                     "when it starts");
    if (!same_lists(&before->taints, &after->taints))
        add(reasons, "node-taint changed: it matters only when the Node registers for the "
                     "first time; taints of a registered Node are changed by k3s_role with "
                     "nodes");
    if (before->others.count)
        add(reasons, "settings that were added to the drop-in by hand are gone");
}

/* No file says nothing. */
static int read_settings(const char *text, struct registration *registration, struct error *error)
{
    return text ? registration_read(text, registration, error) : 0;
}

int plan_restart(const char *before, const char *after, struct plan *plan, struct error *error)
{
    AUTO_REGISTRATION struct registration from = {0}, to = {0};
    json_t *reasons = json_object_get(plan->consequences, "restart_reasons");
    int r = read_settings(after, &to, error);

    if (r < 0)
        return r;
    if (read_settings(before, &from, error) < 0) {
        error_clear(error);
        add(reasons, "the drop-in was no YAML that K3s could read");
    } else {
        compare(&from, &to, reasons);
    }
    json_object_set_new(plan->consequences, "restart_needed",
                        json_boolean(json_array_size(reasons) > 0));
    return 0;
}
