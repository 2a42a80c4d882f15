/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules that outputs must keep before anything is made of them. Pure. */
#pragma once

#include <jansson.h>

#include "problems.h"

/* Every problem of the outputs, in their order. Without an error there, the other parts of the
 * program may rely on types and required keys. */
void check_outputs(const json_t *outputs, struct problems *problems);

/* The disks of one node; `node` is its place. See the strategy's rules and storage_tier's
 * parameters. */
void check_disks(const json_t *disks, const char *provider, const struct place *node,
                 struct problems *problems);
