/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "table.h"

#include "cleanup.h"
#include "fleet.h"
#include "names.h"
#include "text.h"

enum { COLUMNS = 8 };

static const char *const heading[COLUMNS] = {"HOST", "ROLE", "PROVIDER", "ADDRESS",
                                             "SWAP", "HOT",  "WARM",     "COLD"};

struct table {
    size_t width[COLUMNS];
    struct text text;
};

/* Characters, not bytes. */
static size_t width_of(const char *cell)
{
    size_t width = 0;

    for (; *cell; cell++)
        width += ((unsigned char)*cell & 0xc0) != 0x80;
    return width;
}

static void cells_of(const char *role, const json_t *node, const char *cells[COLUMNS])
{
    size_t n = 0;

    cells[n++] = json_string_value(json_object_get(node, "hostname"));
    cells[n++] = role;
    cells[n++] = json_string_value(json_object_get(node, "provider"));
    cells[n++] = json_string_value(json_object_get(node, "ip"));
    for (const char *const *tier = tier_names; *tier; tier++) {
        const char *disk = fleet_disk_of_tier(node, *tier);
        cells[n++] = disk ? disk : "-";
    }
}

static void measure(struct table *table, const char *const cells[COLUMNS])
{
    for (size_t i = 0; i < COLUMNS; i++)
        if (width_of(cells[i]) > table->width[i])
            table->width[i] = width_of(cells[i]);
}

static void add_row(struct table *table, const char *const cells[COLUMNS])
{
    for (size_t i = 0; i < COLUMNS; i++) {
        size_t blanks = table->width[i] - width_of(cells[i]) + 2;
        bool last = i + 1 == COLUMNS;
        text_addf(&table->text, "%s%*s", cells[i], last ? 0 : (int)blanks, last ? "\n" : "");
    }
}

static int measure_node(const char *role, json_t *node, void *table)
{
    const char *cells[COLUMNS];

    cells_of(role, node, cells);
    measure(table, cells);
    return 0;
}

static int add_node(const char *role, json_t *node, void *table)
{
    const char *cells[COLUMNS];

    cells_of(role, node, cells);
    add_row(table, cells);
    return 0;
}

char *table_text(const json_t *outputs)
{
    struct table table = {0};

    measure(&table, heading);
    fleet_walk(outputs, measure_node, &table);
    add_row(&table, heading);
    fleet_walk(outputs, add_node, &table);
    return text_take(&table.text);
}
