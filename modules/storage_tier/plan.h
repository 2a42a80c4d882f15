#pragma once

#include "actions.h"
#include "facts.h"

/* The module's plan function: from struct request and struct facts, pure. */
int storage_plan(const void *request, const void *facts, struct plan *plan, struct error *error);
