/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "module.h"

/* The module's apply function. */
int storage_apply(const void *request, const void *facts, const struct plan *plan,
                  struct progress *progress, struct error *error);
