/*
 * A page of a list, as the API server gives it: taken apart by its brackets, so that one object at
 * a time becomes a tree, and only what is looked at. Whole, the tree of a page of large Nodes takes
 * ten times the page's memory, and most of the time. Pure.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "error.h"

/* Who is given the objects of a list. */
struct page_taker {
    /* Takes one object, which it may change or keep a reference of. NULL: the list begins (again),
     * and what was taken of it before counts no more. */
    int (*take)(void *data, json_t *object, struct error *error);
    void *data;
};

/* Gives each element of `items`, without its status and managedFields. *ret_continue is
 * metadata.continue, owned by the caller; NULL on the last page. -EINVAL when it isn't such a list.
 */
int page_read(const char *text, size_t length, const struct page_taker *taker, char **ret_continue,
              struct error *error);
