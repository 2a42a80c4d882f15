/* A drop-in's text as YAML; see drop_in.h. Pure. */
#pragma once

#include <stdbool.h>
#include <yaml.h>

#include "error.h"

/* *ret_document is to be deleted by the caller. -EINVAL says what is wrong: the text isn't YAML, or
 * no mapping. *ret_root is NULL where there is nothing in it. */
int drop_in_load(const char *text, yaml_document_t *ret_document, yaml_node_t **ret_root,
                 struct error *error);

/* A scalar's text, borrowed; NULL when it is none. */
const char *drop_in_scalar(const yaml_node_t *node);

/* A key as people may see it. What can't be the name of a setting, or has no value, may be a secret
 * that stands in the wrong place. */
const char *drop_in_key(const yaml_node_t *key, const yaml_node_t *value);

/* Shown in place of what nobody should see. */
extern const char drop_in_hidden[];
