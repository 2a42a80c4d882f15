/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fleet behind checked outputs. Pure. */
#pragma once

#include <jansson.h>

/* Called for each node, roles in the strategy's order; a value other than 0 ends the walk and is
 * returned. */
typedef int fleet_visit(const char *role, json_t *node, void *data);
int fleet_walk(const json_t *outputs, fleet_visit *visit, void *data);

/* The node of that name, borrowed; NULL when there is none. */
json_t *fleet_find(const json_t *outputs, const char *hostname);

/* Name of the disk that serves `tier`, borrowed; NULL when none does. Where the OS disk and a data
 * disk share a tier, it is the data disk. */
const char *fleet_disk_of_tier(const json_t *node, const char *tier);
