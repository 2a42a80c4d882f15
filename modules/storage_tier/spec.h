#pragma once

#include "params.h"

extern const struct param storage_tier_params[];
extern const struct param_rules storage_tier_rules;
