#pragma once

#include "params.h"

extern const struct param k3s_role_info_params[];
