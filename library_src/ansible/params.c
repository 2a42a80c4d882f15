#include "params.h"

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
