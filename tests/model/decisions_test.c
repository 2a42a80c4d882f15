/* SPDX-License-Identifier: GPL-3.0-or-later */
/* judge_disk() on every row of decisions.json: see README.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "plan/plan.h"
#include "text.h"

#define OURS "11111111-1111-4111-8111-111111111111"
#define OTHER "22222222-2222-4222-8222-222222222222"
#define TOKEN "xfs:of-what-is-there"
#define PATH "/var/storage/hot"

enum column {
    CONTENT,
    STAMPED,
    RECORD,
    COVERS,
    HEAD_ZERO,
    IN_PROGRESS,
    UNFINISHED,
    ORPHAN,
    LINE,
    WIPE,
    DECISION,
    COLUMNS
};

static const char *text_at(const json_t *row, enum column column)
{
    return json_string_value(json_array_get(row, column));
}

static bool is(const json_t *row, enum column column, const char *value)
{
    return text_equal(text_at(row, column), value);
}

static bool flag(const json_t *row, enum column column)
{
    return json_is_true(json_array_get(row, column));
}

/* One disk, and all that is borrowed by the structs that describe it. */
struct scene {
    struct signature here, recorded;
    struct intent intent;
    struct fstab_line line;
    struct fstab fstab;
    struct found found;
    struct disk_request want;
    struct surroundings around;
};

static void set_content(const json_t *row, struct scene *scene)
{
    struct content *content = &scene->found.disk.content;

    scene->here = (struct signature){
        .type = (char *)"xfs",
        .uuid = is(row, CONTENT, "recorded") ? (char *)OURS : (char *)OTHER,
        .label = is(row, CONTENT, "foreign") ? (char *)"data" : (char *)"tier-hot"};
    if (is(row, CONTENT, "table"))
        scene->here = (struct signature){.type = (char *)"gpt", .uuid = (char *)OTHER};
    content->kind = is(row, CONTENT, "blank")        ? CONTENT_BLANK
                    : is(row, CONTENT, "data")       ? CONTENT_DATA
                    : is(row, CONTENT, "unreadable") ? CONTENT_UNREADABLE
                    : is(row, CONTENT, "table")      ? CONTENT_SIGNATURES
                                                     : CONTENT_FILESYSTEM;
    if (content->kind == CONTENT_FILESYSTEM || content->kind == CONTENT_SIGNATURES) {
        content->signatures.items = &scene->here;
        content->signatures.count = 1;
    }
    if (content->kind != CONTENT_BLANK && content->kind != CONTENT_UNREADABLE)
        content->token = (char *)TOKEN;
}

static void set_record(const json_t *row, struct scene *scene)
{
    if (is(row, RECORD, "none"))
        return;
    scene->intent =
        (struct intent){.uuid = (char *)OURS, .fstype = (char *)"xfs", .tier = (char *)"hot"};
    if (is(row, RECORD, "wiping"))
        scene->intent.wipe = scene->want.wipe;
    if (is(row, RECORD, "wiping-other"))
        scene->intent.wipe = (char *)"xfs:taken-back";
    if (scene->intent.wipe) {
        scene->recorded = scene->here;
        if (!flag(row, COVERS))
            scene->recorded.offset = 4096;
        scene->intent.signatures.items = &scene->recorded;
        scene->intent.signatures.count = 1;
    }
    scene->found.intents.items = &scene->intent;
    scene->found.intents.count = 1;
}

static void set_line(const json_t *row, struct scene *scene)
{
    if (is(row, LINE, "none"))
        return;
    scene->line =
        (struct fstab_line){.number = 1,
                            .tier = (char *)"hot",
                            .source = (char *)"UUID=...",
                            .uuid = is(row, LINE, "this") ? scene->here.uuid : (char *)"another"};
    scene->fstab.lines.items = &scene->line;
    scene->fstab.lines.count = 1;
    scene->around.line = &scene->line;
}

static void set_scene(const json_t *row, struct scene *scene)
{
    scene->want = (struct disk_request){.name = (char *)"data-0",
                                        .tier = TIER_HOT,
                                        .fstype = (char *)"xfs",
                                        .wipe = is(row, WIPE, "none")    ? NULL
                                                : is(row, WIPE, "names") ? (char *)TOKEN
                                                                         : (char *)"xfs:other"};
    scene->around = (struct surroundings){"/var/storage", PATH, &scene->fstab, NULL};
    scene->found.disk.path = (char *)"/dev/sdb";
    scene->found.disk.size_bytes = 1ULL << 30;
    scene->found.tool = (char *)"mkfs.xfs";
    scene->found.stamped = flag(row, STAMPED);
    scene->found.head_zero = flag(row, HEAD_ZERO);
    scene->found.in_progress = flag(row, IN_PROGRESS);
    scene->found.unfinished = flag(row, UNFINISHED) ? (char *)"xfs_repair -n failed" : NULL;
    scene->found.orphan_stamp = flag(row, ORPHAN) ? (char *)OTHER : NULL;
    set_content(row, scene);
    set_record(row, scene);
    set_line(row, scene);
}

static const char *decide(const json_t *row, struct error *error)
{
    static const char *const names[] = {[VERDICT_DIRECTORY] = "directory",
                                        [VERDICT_KEEP] = "keep",
                                        [VERDICT_ADOPT] = "adopt",
                                        [VERDICT_FINISH] = "finish",
                                        [VERDICT_MAKE] = "make",
                                        [VERDICT_REMAKE] = "remake",
                                        [VERDICT_WIPE] = "wipe"};
    struct scene scene = {0};
    enum verdict verdict;

    set_scene(row, &scene);
    int r = judge_disk(&scene.want, &scene.found, &scene.around, &verdict, error);
    return r == 0 ? names[verdict] : error->id;
}

static void test_decisions(void **state)
{
    json_error_t place;
    AUTO_JSON json_t *table = json_load_file(DECISIONS, JSON_REJECT_DUPLICATES, &place);
    json_t *row;
    size_t i;

    (void)state;
    if (!table)
        fail_msg("%s:%d: %s", DECISIONS, place.line, place.text);
    assert_int_equal(json_array_size(json_object_get(table, "columns")), COLUMNS);
    json_array_foreach (json_object_get(table, "rows"), i, row) {
        struct error error = ERROR_INIT;
        const char *decision = decide(row, &error);

        if (!text_equal(decision, text_at(row, DECISION))) {
            AUTO_FREE char *shown = json_dumps(row, JSON_COMPACT);
            fail_msg("row %zu, %s: judge_disk() says %s", i, shown, decision);
        }
        error_clear(&error);
    }
    assert_true(i > 700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_decisions)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
