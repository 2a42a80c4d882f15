/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cases at random: a request, and a host with its past. */
#pragma once

#include "model_host.h"

struct random {
    uint64_t state;
};

/* 0 … limit - 1 */
unsigned random_below(struct random *random, unsigned limit);
bool random_percent(struct random *random, unsigned percent);

void generate(struct random *random, struct request *ret_request, struct model_host *ret_host);
