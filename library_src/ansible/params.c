#include "params.h"

#include <string.h>

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
