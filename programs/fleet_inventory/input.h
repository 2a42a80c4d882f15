/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads what Terraform gave and finds the outputs object in it. */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "error.h"

/*
 * The outputs object {username, password, vms}, a new reference, from the file `name` or, for "-",
 * from standard input. It may be wrapped as `terraform output -json` and `terraform show -json` do
 * it, and any value on the way may be a string that holds JSON. Messages quote nothing of the
 * contents, which hold a password.
 */
int input_load(const char *name, json_t **ret_outputs, struct error *error);

/* The same for text in memory; `name` is for messages. */
int input_parse(const char *name, const char *data, size_t length, json_t **ret_outputs,
                struct error *error);
