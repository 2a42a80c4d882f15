#pragma once

#include "probe.h"

/* Fills facts->previous for each tier: what an earlier run left of it. After the declared disks. */
int probe_previous(const struct request *request, const struct host *host, struct facts *facts,
                   struct error *error);
