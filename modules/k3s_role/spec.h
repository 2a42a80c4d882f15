/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of parameters, and the documentation beside it. */
#pragma once

#include "params.h"

extern const struct param k3s_role_params[];
extern const struct param_rules k3s_role_rules;

/* The sub-options of one element of `nodes`. */
extern const struct param k3s_role_node_params[];

extern const char k3s_role_examples[];
extern const char k3s_role_returns[];
