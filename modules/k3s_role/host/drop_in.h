/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The drop-in of K3s' configuration that this module writes: what the host's K3s registers its Node
 * with. K3s reads config.yaml and then config.yaml.d by name; the last value wins, and a key
 * with + adds to the lists before it.
 */
#pragma once

#include "facts.h"
#include "progress.h"
#include "request.h"

enum { DROP_IN_MODE = 0600 };

/* drop_in.c: its text. Pure. */

/* What such a file says. */
struct registration {
    char *node_name;           /* NULL: nothing */
    struct string_list labels; /* "key=value", sorted */
    struct string_list taints; /* "key=value:Effect", sorted */
    struct string_list others; /* keys that this module never writes */
};

/* From what is wanted. */
struct registration registration_make(const char *node_name, const struct wanted *wanted);
/* From a file's text, also one edited by hand. -EINVAL when it isn't a YAML mapping. */
int registration_read(const char *text, struct registration *ret_registration, struct error *error);
void registration_release(struct registration *registration);
#define AUTO_REGISTRATION __attribute__((cleanup(registration_release)))

/* The file, whose first line says who wrote it. Owned by the caller. */
char *drop_in_text(const struct registration *registration);

/*
 * A file's text for people's eyes: a file of this module as it is, and of one edited by hand the
 * labels, taints and name of the Node, and of other settings the names. Owned by the caller.
 */
char *drop_in_shown(const char *text);

/* probe.c */

/* Reads this host into facts. What was filled is to be released by the caller also on failure. */
int probe_host(const struct request *request, struct facts *facts, struct error *error);
/* The drop-in's bytes and mode; NULL when there is no file. */
int probe_drop_in(const struct request *request, struct facts *facts, struct error *error);

/* plan.c. Pure. */

int plan_host(const struct request *request, const struct facts *facts, struct plan *plan,
              struct error *error);
/* The drop-in as it is to be, owned by the caller; NULL for no file. */
char *plan_drop_in(const struct request *request, const struct facts *facts);

/* apply.c */

/* Writes or removes the drop-in. */
int apply_host(const struct request *request, const struct facts *facts, const struct plan *plan,
               struct progress *progress, struct error *error);
