#include "objects.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

json_t *sorted_keys(const json_t *object)
{
    AUTO_FREE const char **keys = alloc_zeroed(json_object_size(object), sizeof(*keys));
    json_t *array = json_array();
    const char *key;
    json_t *value;
    size_t count = 0;

    json_object_foreach ((json_t *)object, key, value)
        keys[count++] = key;
    qsort(keys, count, sizeof(*keys), compare);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_string(keys[i]));
    return array;
}
