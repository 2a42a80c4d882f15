/* SPDX-License-Identifier: BSD-2-Clause */
#include "params.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const TYPE_NAMES[] = {
    [PARAM_STR] = "str",     [PARAM_BOOL] = "bool",   [PARAM_INT] = "int",
    [PARAM_FLOAT] = "float", [PARAM_LIST] = "list",   [PARAM_DICT] = "dict",
    [PARAM_PATH] = "path",   [PARAM_RAW] = "raw",     [PARAM_JSONARG] = "jsonarg",
    [PARAM_JSON] = "json",   [PARAM_BYTES] = "bytes", [PARAM_BITS] = "bits",
};

const char *param_type_name(enum param_type type)
{
    return TYPE_NAMES[type];
}

static bool is_alias(const struct param *param, const char *name)
{
    for (const char *const *alias = param->aliases; alias && *alias; alias++)
        if (strcmp(*alias, name) == 0)
            return true;
    return false;
}

const struct param *param_find(const struct param *table, const char *name)
{
    for (; table->name; table++)
        if (strcmp(table->name, name) == 0 || is_alias(table, name))
            return table;
    return NULL;
}

bool param_choices_are_text(const struct param *param)
{
    enum param_type type = param->type;

    if (param->choices_are_json)
        return false;
    if (type == PARAM_LIST)
        type = param->has_elements ? param->elements : PARAM_STR;
    return type == PARAM_STR || type == PARAM_PATH || type == PARAM_LIST;
}

bool param_has_suboptions(const struct param *param)
{
    return param->options &&
           (param->type == PARAM_DICT ||
            (param->type == PARAM_LIST && param->has_elements && param->elements == PARAM_DICT));
}

json_t *param_json(const char *text)
{
    size_t length = strlen(text);
    json_t *value;

    /* Most are plain strings, for which jansson's parser is a long way round. */
    if (*text == '"' && !strchr(text, '\\'))
        value = json_stringn(text + 1, length - 2);
    else
        value = json_loadb(text, length, JSON_DECODE_ANY, NULL);
    if (!value)
        abort();
    return value;
}

int core_version(const char *text)
{
    int major, minor;

    if (!text || sscanf(text, "%d.%d", &major, &minor) != 2 || major != 2)
        return CORE_DEFAULT;
    return minor;
}

void validation_release(struct validation *v)
{
    json_decref(v->params);
    json_decref(v->errors);
    json_decref(v->warnings);
    json_decref(v->deprecations);
    json_decref(v->unsupported);
    json_decref(v->secrets);
    json_decref(v->no_log);
    *v = (struct validation){0};
}
