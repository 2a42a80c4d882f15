/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fleet as people want to see it. */
#pragma once

#include <jansson.h>

/* Host, role, provider, address and which disk serves which tier: aligned columns, "-" for none, no
 * secrets. Owned by the caller. Pure. */
char *table_text(const json_t *outputs);
