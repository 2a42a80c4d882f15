#include "invocation.h"

#include "cleanup.h"
#include "result.h"

static json_t *hide_keys(const struct param *table, const json_t *value, const json_t *no_log);

static json_t *hide_in_array(const struct param *table, const json_t *list, const json_t *no_log)
{
    json_t *copy = json_array(), *item;
    size_t i;

    json_array_foreach (list, i, item)
        json_array_append_new(copy, hide_keys(table, item, no_log));
    return copy;
}

static json_t *hide_in_object(const struct param *table, const json_t *object, const json_t *no_log)
{
    json_t *copy = json_object(), *item;
    const char *key;

    json_object_foreach ((json_t *)object, key, item) {
        const struct param *param = table ? param_find(table, key) : NULL;
        AUTO_FREE char *hidden = param ? NULL : result_scrub_text(key, no_log);
        json_t *value = hide_keys(param ? param->options : NULL, item, no_log);

        json_object_set_new_nocheck(copy, param ? key : hidden, value);
    }
    return copy;
}

static json_t *hide_keys(const struct param *table, const json_t *value, const json_t *no_log)
{
    if (json_is_array(value))
        return hide_in_array(table, value, no_log);
    if (json_is_object(value))
        return hide_in_object(table, value, no_log);
    return json_incref((json_t *)value);
}

json_t *invocation_args(const struct param *table, const struct validation *validation)
{
    if (json_object_size(validation->no_log) == 0)
        return json_incref(validation->params);
    return hide_keys(table, validation->params, validation->no_log);
}
