#pragma once

#include "error.h"

/* A random (version 4) UUID as text, owned by the caller. From the kernel's random numbers. */
int uuid_draw(char **ret_uuid, struct error *error);
