/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Permissions as ansible.builtin.file takes them. Pure. */
#pragma once

#include "error.h"

/* The permission bits that `text` ("0750", "u=rwx,g=rx,o=") makes of `current` for a directory.
 * -EINVAL with a message. */
int mode_apply(const char *text, int current, int *ret_mode, struct error *error);
