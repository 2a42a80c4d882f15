#pragma once

#include "actions.h"
#include "module.h"

/* apply of the module: the one action of the host's use. */
int role_apply(const void *request, void *facts, const struct action *action,
               struct outcome *outcome, struct error *error);
