/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was found, on the host or in the cluster. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "fields.h"

struct facts {
    /* This host */
    char *name;               /* to register with: the request's, or the host's */
    struct string_list tiers; /* the request's, or those in fstab */
    char *drop_in;            /* bytes of the file; NULL: there is none */
    int drop_in_mode;         /* its permissions */
    struct string_list found; /* what says that K3s is or was here; looked for with cdb only */
    /* The cluster */
    json_t *nodes; /* object by name: Nodes that are declared and there; whole ones (but for status
                      and managedFields) when something has to change, else what node_summary()
                      leaves */
};

extern const struct fields facts_fields; /* but for `nodes` */

/* facts_free of the module. */
void facts_free(void *facts);
