/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files like /etc/fstab as hosts really have them, and what editors, tools and accidents make of
 * them.
 */
#pragma once

#include <stdint.h>

#include "text.h"

/* The next number of a sequence that `state` alone decides; below `limit`. */
uint64_t draw(uint64_t *state, uint64_t limit);

/* A file of this sequence. It can hold NUL bytes: ->length counts. */
struct text mutated_fstab(uint64_t *state);
