/* systemd, where it is the init system. */
#pragma once

#include <stdbool.h>

#include "error.h"

bool systemd_running(void);
int systemd_reload(struct error *error);

/* Path of a .mount or .swap unit file (not one generated from fstab) whose Where= is `where`, or
 * whose What= names `device` or `uuid`. NULL arguments match nothing. *ret_path is NULL where there
 * is none; owned by the caller. */
int unit_find(const char *where, const char *device, const char *uuid, char **ret_path,
              struct error *error);
