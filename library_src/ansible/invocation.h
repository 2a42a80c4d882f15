/* The result's `invocation`: the parameters as the module has them. */
#pragma once

#include "validate.h"

/* The validated parameters, new or shared, with no secret in a key that isn't an option's name;
 * the values are left to result_scrub(). */
json_t *invocation_args(const struct param *table, const struct validation *validation);
