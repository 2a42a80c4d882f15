/* SPDX-License-Identifier: BSD-2-Clause */
#include "fields.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "text.h"

struct any_array {
    char *items;
    size_t count;
};

static const void *at(const void *object, const struct field *field)
{
    return (const char *)object + field->offset;
}

void string_list_release(struct string_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct string_list){0};
}

void string_list_add(struct string_list *list, const char *string)
{
    list->items = alloc_array(list->items, list->count + 1, sizeof(char *));
    list->items[list->count++] = alloc_string(string);
}

bool string_list_has(const struct string_list *list, const char *string)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], string) == 0)
            return true;
    return false;
}

char *string_list_join(const struct string_list *list, const char *separator)
{
    AUTO_TEXT struct text text = {0};

    for (size_t i = 0; i < list->count; i++)
        text_addf(&text, "%s%s", i ? separator : "", list->items[i]);
    return text_take(&text);
}

json_t *json_text(const char *bytes)
{
    if (!bytes)
        return json_null();
    json_t *string = json_string(bytes);
    if (string)
        return string;
    AUTO_TEXT struct text text = {0};
    for (const char *p = bytes; *p; p++)
        text_addf(&text, (*p & 0x80) ? "\\x%02x" : "%c", (unsigned char)*p);
    return json_string(text.data ? text.data : "");
}

void *fields_append(const struct fields *fields, void *array)
{
    struct any_array *any = array;

    any->items = alloc_array(any->items, any->count + 1, fields->size);
    return memset(any->items + any->count++ * fields->size, 0, fields->size);
}

void fields_release(const struct fields *fields, void *object)
{
    for (const struct field *f = fields->rows; f->name; f++) {
        void *p = (char *)object + f->offset;

        if (f->kind == FIELD_STRING) {
            free(*(char **)p);
        } else if (f->kind == FIELD_STRINGS) {
            string_list_release(p);
        } else if (f->kind == FIELD_OBJECT) {
            fields_release(f->type, p);
        } else if (f->kind == FIELD_ARRAY) {
            struct any_array *array = p;
            for (size_t i = 0; i < array->count; i++)
                fields_release(f->type, array->items + i * f->type->size);
            free(array->items);
        }
    }
    memset(object, 0, fields->size);
}

static void field_copy(const struct field *f, const void *from, void *to)
{
    switch (f->kind) {
    case FIELD_STRING:
        *(char **)to = alloc_string(*(char *const *)from);
        break;
    case FIELD_BOOL:
        *(bool *)to = *(const bool *)from;
        break;
    case FIELD_INT:
    case FIELD_ENUM:
        *(int *)to = *(const int *)from;
        break;
    case FIELD_U64:
        *(uint64_t *)to = *(const uint64_t *)from;
        break;
    case FIELD_STRINGS:
        for (size_t i = 0; i < ((const struct string_list *)from)->count; i++)
            string_list_add(to, ((const struct string_list *)from)->items[i]);
        break;
    case FIELD_OBJECT:
        fields_copy(f->type, from, to);
        break;
    case FIELD_ARRAY:
        for (size_t i = 0; i < ((const struct any_array *)from)->count; i++)
            fields_copy(f->type, ((const struct any_array *)from)->items + i * f->type->size,
                        fields_append(f->type, to));
        break;
    }
}

void fields_copy(const struct fields *fields, const void *from, void *to)
{
    for (const struct field *f = fields->rows; f->name; f++)
        field_copy(f, at(from, f), (char *)to + f->offset);
}

static json_t *strings_to_json(const struct string_list *list)
{
    json_t *array = json_array();

    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, json_text(list->items[i]));
    return array;
}

static json_t *array_to_json(const struct field *f, const struct any_array *items)
{
    json_t *array = json_array();

    for (size_t i = 0; i < items->count; i++)
        json_array_append_new(array, fields_to_json(f->type, items->items + i * f->type->size));
    return array;
}

static json_t *field_to_json(const struct field *f, const void *p)
{
    switch (f->kind) {
    case FIELD_STRING:
        return json_text(*(char *const *)p);
    case FIELD_BOOL:
        return json_boolean(*(const bool *)p);
    case FIELD_INT:
        return json_integer(*(const int *)p);
    case FIELD_U64:
        return json_integer((json_int_t) * (const uint64_t *)p);
    case FIELD_ENUM:
        return json_string(f->names[*(const int *)p]);
    case FIELD_STRINGS:
        return strings_to_json(p);
    case FIELD_OBJECT:
        return fields_to_json(f->type, p);
    case FIELD_ARRAY:
        return array_to_json(f, p);
    }
    return NULL;
}

json_t *fields_to_json(const struct fields *fields, const void *object)
{
    json_t *json = json_object();

    for (const struct field *f = fields->rows; f->name; f++)
        json_object_set_new(json, f->name, field_to_json(f, at(object, f)));
    return json;
}

static int strings_from_json(const json_t *value, struct string_list *list)
{
    size_t i;
    json_t *item;

    json_array_foreach (value, i, item) {
        if (!json_is_string(item))
            return -EINVAL;
        string_list_add(list, json_string_value(item));
    }
    return json_is_array(value) ? 0 : -EINVAL;
}

static int enum_from_json(const struct field *f, const json_t *value, int *ret)
{
    for (int i = 0; f->names[i]; i++)
        if (text_equal(json_string_value(value), f->names[i])) {
            *ret = i;
            return 0;
        }
    return -EINVAL;
}

static int array_from_json(const struct field *f, const json_t *value, void *array,
                           struct error *error)
{
    size_t i;
    json_t *item;

    json_array_foreach (value, i, item) {
        int r = fields_from_json(f->type, item, fields_append(f->type, array), error);
        if (r < 0)
            return error_wrap(error, "%s[%zu]", f->name, i);
    }
    return json_is_array(value) ? 0 : -EINVAL;
}

static int field_from_json(const struct field *f, const json_t *value, void *p, struct error *error)
{
    switch (f->kind) {
    case FIELD_STRING:
        if (json_is_null(value))
            return 0;
        *(char **)p = alloc_string(json_string_value(value));
        return *(char **)p ? 0 : -EINVAL;
    case FIELD_BOOL:
        *(bool *)p = json_is_true(value);
        return json_is_boolean(value) ? 0 : -EINVAL;
    case FIELD_INT:
        *(int *)p = (int)json_integer_value(value);
        return json_is_integer(value) ? 0 : -EINVAL;
    case FIELD_U64:
        *(uint64_t *)p = (uint64_t)json_integer_value(value);
        return json_is_integer(value) ? 0 : -EINVAL;
    case FIELD_ENUM:
        return enum_from_json(f, value, p);
    case FIELD_STRINGS:
        return strings_from_json(value, p);
    case FIELD_OBJECT:
        return fields_from_json(f->type, value, p, error);
    case FIELD_ARRAY:
        return array_from_json(f, value, p, error);
    }
    return -EINVAL;
}

int fields_from_json(const struct fields *fields, const json_t *json, void *object,
                     struct error *error)
{
    const char *key;
    json_t *value;

    if (!json_is_object(json))
        return error_set(error, -EINVAL, "not an object");
    json_object_foreach ((json_t *)json, key, value) {
        const struct field *f = fields->rows;

        while (f->name && strcmp(f->name, key) != 0)
            f++;
        if (!f->name)
            return error_set(error, -EINVAL, "unknown key %s", key);
        int r = field_from_json(f, value, (char *)object + f->offset, error);
        if (r < 0)
            return error->code ? r : error_set(error, r, "%s has the wrong type", key);
    }
    return 0;
}
