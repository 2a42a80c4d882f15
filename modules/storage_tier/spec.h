/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The module's parameters and its documentation; see struct module. */
#pragma once

#include "params.h"

extern const struct param storage_tier_params[];
extern const struct param_rules storage_tier_rules;
extern const char storage_tier_examples[];
extern const char storage_tier_returns[];
