/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line and the environment. */
#pragma once

#include <stdbool.h>

#include "error.h"
#include "inventory.h"

enum mode {
    MODE_NONE,
    MODE_YAML,
    MODE_LIST,
    MODE_HOST,
    MODE_CHECK,
    MODE_TABLE,
    MODE_HELP,
    MODE_VERSION
};

struct options {
    enum mode mode;
    const char *host;   /* of --host */
    const char *output; /* a file to write, NULL for standard output */
    bool groups;
    struct connection connection;
    char *input; /* owned: a path, or "-" for standard input */
};

/* All but `input` is borrowed from the arguments and the environment. An error is wrong usage, or
 * memory. Prints nothing. */
int options_parse(int argc, char **argv, struct options *ret_options, struct error *error);

void options_release(struct options *options);

extern const char options_help[];
