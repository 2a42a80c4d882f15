/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON values as YAML that people read. */
#pragma once

#include <jansson.h>

#include "error.h"

/* Block style, two blanks, sequences indented below their key; strings in double quotes, so that
 * no YAML 1.1 reader takes them for something else, but for addresses and providers where they are
 * plainly words. Strings that inventory.h marks get the tag !unsafe, unless it would change them.
 * The text is owned by the caller. Keys must be of one line and less than 128 bytes. */
int yaml_from_json(const json_t *value, char **ret_text, struct error *error);
