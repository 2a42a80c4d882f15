/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "facts.h"

#include <stdlib.h>

const struct fields facts_fields = {
    sizeof(struct facts),
    (const struct field[]){
        {"name", FIELD_STRING, offsetof(struct facts, name), NULL, NULL},
        {"tiers", FIELD_STRINGS, offsetof(struct facts, tiers), NULL, NULL},
        {"drop_in", FIELD_STRING, offsetof(struct facts, drop_in), NULL, NULL},
        {"drop_in_mode", FIELD_INT, offsetof(struct facts, drop_in_mode), NULL, NULL},
        {"found", FIELD_STRINGS, offsetof(struct facts, found), NULL, NULL},
        {0},
    }};

void facts_free(void *data)
{
    struct facts *facts = data;

    if (!facts)
        return;
    json_decref(facts->nodes);
    fields_release(&facts_fields, facts);
    free(facts);
}
