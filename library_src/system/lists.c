#include <stdlib.h>

#include "mounts.h"

void mounts_release(struct mount_list *mounts)
{
    for (size_t i = 0; i < mounts->count; i++)
        fields_release(&mount_fields, &mounts->items[i]);
    free(mounts->items);
    *mounts = (struct mount_list){0};
}

void swaps_release(struct swap_list *swaps)
{
    for (size_t i = 0; i < swaps->count; i++)
        fields_release(&swap_fields, &swaps->items[i]);
    free(swaps->items);
    *swaps = (struct swap_list){0};
}
