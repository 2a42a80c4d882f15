/* Reads a device's bytes past the kernel's cache: is there anything but zeros, and its digest. */
#pragma once

#include "content.h"
#include "places.h"

struct scan_result {
    bool unreadable;       /* an I/O error or a short read */
    uint64_t error_offset; /* of the first block that couldn't be read */
    bool found;            /* something that isn't zero */
    uint64_t found_offset; /* of the first such byte */
    char digest[65];       /* hex SHA-256 over the size and every block that isn't zero, each as its
                              offset (8 bytes, little endian) and its bytes; not set when unreadable */
};

/* Reads `places` of the device open as `fd`, which isn't used itself: it is opened again. Stamps
 * that are there, whole, count as zeros. Stops at an I/O error. */
int scan_places(int fd, uint64_t size_bytes, const struct place_list *places,
                const struct expected_stamps *stamps, struct scan_result *ret_result,
                struct error *error);
