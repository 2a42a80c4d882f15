#pragma once

#include "host.h"

/*
 * Makes a device unrecognisable as what it was: first and last MiB, btrfs' mirrors, each of
 * `signatures`, and then every signature that libblkid still finds, until it finds none; synced.
 * What lies between stays as it is: a filesystem is made over it next. `fd` is open for writing.
 */
int content_clear(int fd, uint64_t size_bytes, const struct signature_list *signatures,
                  struct error *error);
