/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of variables that mean something, which the outputs must not set. Pure. */
#pragma once

#include <stdbool.h>

/* True for a name that Ansible or a role of this site gives a meaning: a variable of either, or a
 * word that Ansible reserves. */
bool name_is_reserved(const char *name);
