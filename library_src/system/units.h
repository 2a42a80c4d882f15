/* systemd, where it is the init system. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

bool systemd_running(void);
int systemd_reload(struct error *error);

/* A .mount or .swap unit file, not one generated from fstab. */
struct unit {
    char *path;
    char *where, *what; /* NULL where it has none, or can't be read */
};

struct unit_list {
    struct unit *items;
    size_t count;
};

/* All of them, to be released by the caller. */
struct unit_list units_read(void);
void units_release(struct unit_list *units);

/* The unit whose Where= is `where`, or whose What= names `device` or `uuid`; NULL arguments match
 * nothing. NULL where there is none. */
const struct unit *units_find(const struct unit_list *units, const char *where, const char *device,
                              const char *uuid);
