/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The functions of the module; see struct module. */
#pragma once

#include "actions.h"
#include "error.h"

int info_parse(const json_t *params, void **ret_request, struct error *error);
int info_probe(const void *request, const void *before, void **ret_facts, struct error *error);
int info_plan(const void *request, const void *facts, struct plan *plan, struct error *error);
