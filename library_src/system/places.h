/*
 * The places of a device that must be zeros for it to count as blank: wherever a known signature or
 * a copy of one lies, and a sample of the rest. Pure: only the size decides.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

enum { PLACE_BLOCK = 4096 };

/* Bytes from the start of the device. Offsets are multiples of PLACE_BLOCK, and so are lengths but
 * for one that ends with the device. */
struct place {
    uint64_t offset, length;
};

struct place_list {
    struct place *items; /* owned; ascending, neither overlapping nor touching */
    size_t count;
};

/* Devices below this size are looked at entirely. */
bool places_are_everything(uint64_t size_bytes);

/* The places of a device of this size. -EINVAL for an empty one or one over 2^62 bytes. */
int places_find(uint64_t size_bytes, struct place_list *ret_places, struct error *error);

void place_list_release(struct place_list *places);
#define AUTO_PLACES __attribute__((cleanup(place_list_release)))
