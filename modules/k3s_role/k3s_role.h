/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The functions of the module, each a switch between host/ and cluster/; see struct module. */
#pragma once

#include "actions.h"
#include "error.h"
#include "progress.h"

int role_probe(const void *request, const void *before, void **ret_facts, struct error *error);
int role_plan(const void *request, const void *facts, struct plan *plan, struct error *error);
int role_apply(const void *request, const void *facts, const struct plan *plan,
               struct progress *progress, struct error *error);
int role_again(const void *request, int rounds, long milliseconds, struct error *error);
int role_rehearse(const void *request, const void *facts, struct error *error);
