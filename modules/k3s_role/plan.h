#pragma once

#include "actions.h"
#include "error.h"

/* plan of the module; see struct module. */
int role_plan(const void *request, const void *facts, struct plan *plan, struct error *error);
