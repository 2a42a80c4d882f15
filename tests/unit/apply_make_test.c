/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of making, with the system's functions replaced by some that note what they are asked.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "apply/work.h"
#include "cleanup.h"
#include "content/content.h"
#include "disk/disk.h"
#include "mount/mount.h"
#include "probe/probe.h"
#include "process.h"
#include "record.h"
#include "text.h"

#define NEW "11111111-1111-4111-8111-111111111111"
#define OLD "22222222-2222-4222-8222-222222222222"
#define GIB (1ULL << 30)

static struct {
    struct text journal;
    const char *fails; /* the step that fails, by the first word that it notes */
    int code;
    int opened;     /* the last descriptor that isn't an exclusive one */
    int busy_locks; /* how often the lock is somebody else's */
    int lock_code;  /* errno of a lock that isn't to be had at all */
    time_t now;
    struct content content; /* what is on the disk */
    bool zero, in_progress;
    struct content made; /* what mkfs leaves; its type, when NULL: what the record says */
    struct found found;
    struct disk_request want;
    struct disk_work work; /* begun by the first step */
    bool full_scan;
    struct error error;
} scene;

static int note(const char *word, struct error *error, const char *format, ...)
{
    va_list arguments;
    char more[512];

    va_start(arguments, format);
    vsnprintf(more, sizeof(more), format, arguments);
    va_end(arguments);
    text_addf(&scene.journal, "%s%s%s%s", scene.journal.length ? ", " : "", word, *more ? " " : "",
              more);
    if (!text_equal(scene.fails, word))
        return 0;
    return error ? error_set(error, scene.code, "%s fails", word) : scene.code;
}

static void add_signatures(const struct signature_list *list, struct text *text)
{
    for (size_t i = 0; i < list->count; i++)
        text_addf(text, " %s@%d", list->items[i].type, (int)list->items[i].offset);
}

int disk_open(const struct disk *disk, int flags, struct error *error)
{
    int r = note(flags & O_EXCL ? "open-exclusive" : "open", error, "%s%s", disk->path,
                 (flags & O_ACCMODE) == O_RDWR ? "" : " read-only");

    if (r == 0)
        r = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (r > 0 && !(flags & O_EXCL))
        scene.opened = r;
    return r;
}

char *disk_whole_node(const struct disk *disk)
{
    (void)disk;
    return strdup(text_equal(scene.fails, "whole") ? "/dev/none/such" : "/dev/zero");
}

char *device_users(uint64_t devno)
{
    return devno == 7 ? strdup("pid 42 (dd)") : NULL;
}

int disk_read_head(const struct disk *disk, bool *ret_zero, bool *ret_in_progress,
                   struct error *error)
{
    (void)disk;
    *ret_zero = scene.zero;
    *ret_in_progress = scene.in_progress;
    return note("head", error, "%s", "");
}

int content_examine(const struct examination *examination, struct content *ret_content,
                    struct error *error)
{
    AUTO_TEXT struct text text = {0};

    assert_true(examination->fd > 0 && examination->fd == scene.work.held_fd);
    assert_int_equal(examination->size_bytes, scene.found.disk.size_bytes);
    text_add(&text, examination->full_scan ? "all" : "places");
    for (size_t i = 0; i < examination->expected_count; i++)
        text_addf(&text, " %.4s@%llu", examination->expected[i].bytes,
                  (unsigned long long)examination->expected[i].offset);
    ret_content->kind = scene.content.kind;
    ret_content->token = scene.content.token ? strdup(scene.content.token) : NULL;
    return note("examine", error, "%s", text.data);
}

int content_read_signatures(int fd, const char *const *types, struct content *ret_content,
                            struct error *error)
{
    static struct signature signature;

    assert_true(fd > 0 && !types);
    signature = (struct signature){
        .type = strdup(scene.made.token ? scene.made.token : scene.want.fstype),
        .uuid = strdup(scene.made.data_offset ? "other" : scene.work.record.uuid)};
    ret_content->kind = scene.made.kind;
    ret_content->signatures.items = malloc(sizeof(signature));
    *ret_content->signatures.items = signature;
    ret_content->signatures.count = 1;
    return note("look", error, "%s", "");
}

int content_clear(int fd, uint64_t size_bytes, const struct signature_list *signatures,
                  struct error *error)
{
    AUTO_TEXT struct text text = {0};

    assert_true(fd > 0);
    assert_int_equal(size_bytes, scene.found.disk.size_bytes);
    text_add(&text, "");
    add_signatures(signatures, &text);
    return note("clear", error, "%s", text.data + (*text.data == ' '));
}

char *intent_identity(const struct disk *disk)
{
    return text_format("serial=%s", disk->serial);
}

int intent_write(const struct intent *intent, struct error *error)
{
    AUTO_TEXT struct text text = {0};

    assert_string_equal(intent->identity, "serial=S1");
    assert_int_equal(intent->size_bytes, scene.found.disk.size_bytes);
    assert_string_equal(intent->tier, tier_names[scene.want.tier]);
    text_addf(&text, "%.4s %s", intent->uuid, intent->fstype);
    if (intent->wipe)
        text_addf(&text, " wipes %s", intent->wipe);
    add_signatures(&intent->signatures, &text);
    return note("record", error, "%s", text.data);
}

int intent_remove(const char *uuid, struct error *error)
{
    return note("forget", error, "%.4s", uuid);
}

int intents_supersede(const struct disk *disk, const struct intent *intent, struct error *error)
{
    (void)disk;
    return note("supersede", error, "%.4s", intent->uuid);
}

void stamps_expect(const struct intent *intent, struct stamps *ret_stamps)
{
    *ret_stamps = (struct stamps){.count = intent ? 2 : 0};
    if (!intent)
        return;
    snprintf(ret_stamps->block, sizeof(ret_stamps->block), "%s", intent->uuid);
    for (uint64_t i = 0; i < 2; i++)
        ret_stamps->expected[i] =
            (struct expected_bytes){intent->size_bytes - 3 - 2 * i, ret_stamps->block, STAMP_SIZE};
}

int stamps_write(const struct disk *disk, const struct intent *intent, struct error *error)
{
    (void)disk;
    return note("stamp", error, "%.4s", intent->uuid);
}

int stamps_erase(const struct disk *disk, const struct intent *intent, struct error *error)
{
    (void)disk;
    return note("unstamp", error, "%.4s", intent->uuid);
}

int program_run(const char *const argv[], const int *inherit, size_t inherit_count,
                char **ret_output, struct error *error)
{
    AUTO_TEXT struct text text = {0};
    AUTO_FREE char *device = text_format("/proc/self/fd/%d", scene.work.held_fd);

    assert_null(ret_output);
    assert_int_equal(inherit[0], scene.work.held_fd);
    assert_true(inherit_count == 1 || inherit[1] == scene.work.held_lock);
    assert_int_equal(inherit_count, scene.found.disk.parent ? 2 : 1);
    text_add(&text, "");
    for (; *argv; argv++)
        text_addf(&text, "%s%s", text.length ? " " : "",
                  text_equal(*argv, device) ? "DEVICE" : *argv);
    return note("run", error, "%s", text.data);
}

void udev_wait_for_uuid(uint64_t devno, const char *uuid)
{
    assert_int_equal(devno, scene.found.disk.devno);
    assert_int_equal(scene.work.held_fd, 0);
    note("announce", NULL, "%.4s", uuid);
}

int __wrap_fsync(int fd);
int __wrap_flock(int fd, int operation);
time_t __wrap_time(time_t *ret_time);
int __wrap_nanosleep(const struct timespec *time, struct timespec *rest);

int __wrap_fsync(int fd)
{
    assert_int_equal(fd, scene.work.held_fd);
    if (note("sync", NULL, "%s", "") == 0)
        return 0;
    errno = -scene.code;
    return -1;
}

#define LOCK_EX_NB 6

int __wrap_flock(int fd, int operation)
{
    assert_true(fd > 0);
    assert_int_equal(operation, LOCK_EX_NB);
    errno = scene.lock_code ? scene.lock_code : EWOULDBLOCK;
    if (scene.lock_code || scene.busy_locks-- > 0)
        return -1;
    note("lock", NULL, "%s", fd == scene.work.held_fd ? "" : "whole");
    return 0;
}

time_t __wrap_time(time_t *ret_time)
{
    (void)ret_time;
    return scene.now;
}

int __wrap_nanosleep(const struct timespec *time, struct timespec *rest)
{
    (void)rest;
    assert_true(time->tv_sec == 0 && time->tv_nsec > 0);
    scene.now += 10;
    return 0;
}

static char *copy(const char *string)
{
    return string ? strdup(string) : NULL;
}

/* A disk of 1 GiB that is blank, for tier hot. */
static int set_up(void **state)
{
    (void)state;
    memset(&scene, 0, sizeof(scene));
    scene.error = (struct error)ERROR_INIT;
    scene.code = -EIO;
    scene.zero = true;
    scene.content.kind = CONTENT_BLANK;
    scene.made.kind = CONTENT_FILESYSTEM;
    scene.found.disk = (struct disk){.path = copy("/dev/sdb"),
                                     .name = copy("sdb"),
                                     .serial = copy("S1"),
                                     .devno = 7,
                                     .size_bytes = GIB,
                                     .content.kind = CONTENT_BLANK};
    scene.found.new_uuid = copy(NEW);
    scene.found.head_zero = true;
    scene.found.tool = copy("mkfs.ext4");
    scene.want =
        (struct disk_request){.name = copy("data-0"), .tier = TIER_HOT, .fstype = copy("ext4")};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    disk_work_release(&scene.work);
    fields_release(&found_fields, &scene.found);
    fields_release(&disk_request_fields, &scene.want);
    error_clear(&scene.error);
    text_release(&scene.journal);
    return 0;
}

static void expect_journal(const char *expected)
{
    assert_string_equal(scene.journal.data ? scene.journal.data : "", expected);
    text_release(&scene.journal);
    scene.journal = (struct text){0};
}

static const char *last_noted(void)
{
    const char *last = scene.journal.data, *next;

    while ((next = strstr(last, ", ")))
        last = next + 2;
    return last;
}

static struct disk_work *work(void)
{
    if (!scene.work.want)
        disk_work_begin(&scene.work, &scene.want, &scene.found, "/var/storage");
    return &scene.work;
}

static int wipe(void)
{
    return apply_wipe(work(), scene.full_scan, &scene.error);
}

static int make(void)
{
    return apply_mkfs(work(), scene.full_scan, &scene.error);
}

static void must(int r)
{
    if (r < 0)
        fail_msg("%s", error_message(&scene.error));
}

/* The record of an interrupted run, whose stamps are on the disk. */
static struct intent *add_record(const char *wipes)
{
    struct intent *intent = fields_append(&intent_fields, &scene.found.intents);

    *intent = (struct intent){.uuid = copy(OLD),
                              .identity = copy("serial=S1"),
                              .fstype = copy("xfs"),
                              .tier = copy("cold"),
                              .size_bytes = GIB - 8,
                              .wipe = copy(wipes)};
    scene.found.stamped = true;
    return intent;
}

static void add_signature(struct signature_list *list, const char *type, uint64_t offset)
{
    list->items = malloc(sizeof(*list->items));
    *list->items = (struct signature){.type = copy(type), .offset = offset};
    list->count = 1;
}

/* Somebody's xfs, which the user gives up. */
static void hold_foreign(void)
{
    scene.zero = scene.found.head_zero = false;
    scene.content.kind = scene.found.disk.content.kind = CONTENT_FILESYSTEM;
    scene.content.token = (char *)"xfs:theirs";
    scene.found.disk.content.token = copy("xfs:theirs");
    scene.want.wipe = copy("xfs:theirs");
    add_signature(&scene.found.disk.content.signatures, "xfs", 0);
}

#define HELD "open /dev/sdb, lock, "
#define LOOKED HELD "examine places, head, "
#define RUN "run mkfs.ext4 -q -E nodiscard,lazy_itable_init=1 -U " NEW " -L tier-hot DEVICE, "
#define MADE "sync, look, unstamp 1111, announce 1111"

static void a_blank_disk(void **state)
{
    (void)state;
    must(make());
    expect_journal(LOOKED "record 1111 ext4, stamp 1111, supersede 1111, " RUN MADE);
    assert_true(scene.work.made);
    assert_int_equal(scene.work.held_fd, 0);
    assert_int_equal(fcntl(scene.opened, F_GETFD), -1);
}

static void a_failing_step_is_the_last(void **state)
{
    static const char *const steps[] = {"open",      "examine", "head", "record", "stamp",
                                        "supersede", "run",     "sync", "look",   "unstamp"};

    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        scene.fails = steps[i];
        assert_int_equal(make(), -EIO);
        assert_true(text_starts_with(last_noted(), steps[i]));
        assert_false(scene.work.made);
        assert_int_equal(scene.work.held_fd, 0);
        assert_int_equal(scene.work.stamped, i > 4);
        tear_down(state);
        set_up(state);
    }
}

static void a_full_scan_is_one_again(void **state)
{
    (void)state;
    scene.full_scan = true;
    scene.fails = "head";
    assert_int_equal(make(), -EIO);
    expect_journal(HELD "examine all, head");
}

static void content_that_came_meanwhile(void **state)
{
    for (int i = 0; i < 4; i++) {
        if (i == 0)
            scene.content.kind = CONTENT_DATA;
        if (i == 1)
            scene.content.token = (char *)"data:x";
        if (i == 2)
            scene.zero = false;
        if (i == 3)
            scene.in_progress = true;
        assert_int_equal(make(), -EPERM);
        assert_string_equal(scene.error.id, "content-changed");
        expect_journal(HELD "examine places, head");
        tear_down(state);
        set_up(state);
    }
}

static void a_half_made_disk(void **state)
{
    (void)state;
    add_record(NULL);
    must(make());
    expect_journal(HELD "examine places 2222@1073741813 2222@1073741811, head, record 2222 ext4, "
                        "stamp 2222, supersede 2222, open-exclusive /dev/sdb, clear, "
                        "run mkfs.ext4 -q -E nodiscard,lazy_itable_init=1 -U " OLD
                        " -L tier-hot DEVICE, "
                        "sync, look, unstamp 2222, announce 2222");
}

static void a_wipe(void **state)
{
    (void)state;
    hold_foreign();
    must(wipe());
    expect_journal(LOOKED "record 1111 ext4 wipes xfs:theirs xfs@0, stamp 1111, supersede 1111, "
                          "open-exclusive /dev/sdb, clear xfs@0");
    assert_true(scene.work.cleared && scene.work.held_fd > 0);
    must(make());
    expect_journal("record 1111 ext4, stamp 1111, supersede 1111, " RUN MADE);
}

static void a_wipe_that_fails(void **state)
{
    static const char *const steps[] = {"open",  "examine",   "head",           "record",
                                        "stamp", "supersede", "open-exclusive", "clear"};

    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        hold_foreign();
        scene.fails = steps[i];
        assert_int_equal(wipe(), -EIO);
        assert_non_null(strstr(scene.journal.data, steps[i]));
        assert_int_equal(i < 7 && strstr(scene.journal.data, "clear"), 0);
        assert_false(scene.work.cleared);
        tear_down(state);
        set_up(state);
    }
}

/* A new token makes a new filesystem; the record before goes when the new one's stamps are there.
 */
static void a_wipe_over_a_half_made_disk(void **state)
{
    (void)state;
    hold_foreign();
    add_signature(&add_record("gpt:before")->signatures, "gpt", 512);
    must(wipe());
    expect_journal(HELD "examine places 2222@1073741813 2222@1073741811, head, record 1111 ext4 "
                        "wipes xfs:theirs xfs@0, stamp 1111, forget 2222, supersede 1111, "
                        "open-exclusive /dev/sdb, clear xfs@0");
}

static void the_record_before_that_stays(void **state)
{
    (void)state;
    hold_foreign();
    add_record(NULL);
    scene.fails = "forget";
    assert_int_equal(wipe(), -EIO);
    assert_null(strstr(scene.journal.data, "clear"));
}

/* What is wiped is what the record lists: a part of it may be gone by now. */
static void a_wipe_that_goes_on(void **state)
{
    (void)state;
    hold_foreign();
    add_signature(&add_record("xfs:theirs")->signatures, "gpt", 512);
    must(wipe());
    expect_journal(HELD "examine places 2222@1073741813 2222@1073741811, head, record 2222 ext4 "
                        "wipes xfs:theirs gpt@512, stamp 2222, supersede 2222, "
                        "open-exclusive /dev/sdb, clear gpt@512");
}

static void something_else_was_made(void **state)
{
    for (int i = 0; i < 3; i++) {
        if (i == 0)
            scene.made.kind = CONTENT_SIGNATURES;
        if (i == 1)
            scene.made.token = (char *)"vfat";
        if (i == 2)
            scene.made.data_offset = 1;
        assert_int_equal(make(), -EIO);
        assert_non_null(strstr(error_message(&scene.error), "mkfs_options"));
        assert_null(strstr(scene.journal.data, "unstamp"));
        assert_false(scene.work.made);
        tear_down(state);
        set_up(state);
    }
}

static void expect_run(const char *fstype, const char *tool, const char *expected)
{
    free(scene.want.fstype);
    scene.want.fstype = copy(fstype);
    free(scene.found.tool);
    scene.found.tool = copy(tool);
    scene.want.tier = text_equal(fstype, "swap") ? TIER_SWAP : TIER_HOT;
    must(make());
    if (!strstr(scene.journal.data, expected))
        fail_msg("%s: not in: %s", expected, scene.journal.data);
    text_release(&scene.journal);
    scene.journal = (struct text){0};
}

static void arguments_of_each_mkfs(void **state)
{
    static const char *const options[] = {"-m", "0", "-E", "stride=4", "-Eresize=9", "-E"};

    expect_run("xfs", "mkfs.xfs", "run mkfs.xfs -q -K -m uuid=" NEW " -L tier-hot DEVICE, ");
    tear_down(state);
    set_up(state);
    expect_run("btrfs", "mkfs.btrfs", "run mkfs.btrfs -q -K -U " NEW " -L tier-hot DEVICE, ");
    tear_down(state);
    set_up(state);
    expect_run("swap", "mkswap", "run mkswap -U " NEW " -L tier-swap DEVICE, ");
    tear_down(state);
    set_up(state);
    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        string_list_add(&scene.want.mkfs_options, options[i]);
    expect_run("ext4", "mkfs.ext4",
               "run mkfs.ext4 -m 0 -E -q -E "
               "nodiscard,lazy_itable_init=1,stride=4,resize=9 -U " NEW " -L tier-hot DEVICE, ");
    tear_down(state);
    set_up(state);
    for (size_t i = 2; i < 4; i++)
        string_list_add(&scene.want.mkfs_options, options[i]);
    expect_run("ext4", "mkfs.ext4", "-E nodiscard,lazy_itable_init=1,stride=4 -U");
    tear_down(state);
    set_up(state);
    for (size_t i = 2; i < 4; i++)
        string_list_add(&scene.want.mkfs_options, options[i]);
    expect_run("xfs", "mkfs.xfs",
               "run mkfs.xfs -E stride=4 -q -K -m uuid=" NEW " -L tier-hot DEVICE, ");
}

static void never_more_arguments_than_there_is_room_for(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        string_list_add(&scene.want.mkfs_options, "-v");
    must(make());
}

static void a_lock_that_somebody_has(void **state)
{
    scene.busy_locks = 12;
    must(make());
    assert_non_null(strstr(scene.journal.data, HELD));
    tear_down(state);
    set_up(state);
    scene.busy_locks = 13;
    assert_int_equal(make(), -EPERM);
    assert_string_equal(scene.error.id, "locked");
    assert_non_null(strstr(error_message(&scene.error), "pid 42 (dd)"));
    expect_journal("open /dev/sdb");
    tear_down(state);
    set_up(state);
    scene.busy_locks = 13;
    scene.found.disk.devno = 8;
    assert_int_equal(make(), -EPERM);
    assert_non_null(strstr(error_message(&scene.error), "not found"));
    tear_down(state);
    set_up(state);
    scene.lock_code = ENOLCK;
    assert_int_equal(make(), -ENOLCK);
    expect_journal("open /dev/sdb");
}

/* The lock is the whole disk's, and mkfs inherits it as well. */
static void a_partition(void **state)
{
    (void)state;
    scene.found.disk.parent = copy("sdb");
    must(make());
    assert_true(text_starts_with(scene.journal.data, "open /dev/sdb, lock whole, examine places"));
    assert_int_equal(scene.work.held_lock, 0);
    tear_down(state);
    set_up(state);
    scene.found.disk.parent = copy("sdb");
    scene.fails = "whole";
    assert_int_equal(make(), -ENOENT);
    expect_journal("open /dev/sdb");
    tear_down(state);
    set_up(state);
    scene.found.disk.parent = copy("sdb");
    scene.lock_code = ENOLCK;
    assert_int_equal(make(), -ENOLCK);
    assert_int_equal(scene.work.held_lock, 0);
}

static void swap_that_grows_keeps_its_uuid(void **state)
{
    (void)state;
    add_signature(&scene.found.disk.content.signatures, "swap", 4086);
    scene.found.disk.content.signatures.items[0].uuid = copy(OLD);
    scene.found.disk.content.kind = scene.content.kind = CONTENT_FILESYSTEM;
    free(scene.want.fstype);
    scene.want.fstype = copy("swap");
    scene.want.tier = TIER_SWAP;
    free(scene.found.tool);
    scene.found.tool = copy("mkswap");
    must(apply_grow_swap(work(), scene.full_scan, &scene.error));
    expect_journal(LOOKED "record 2222 swap, stamp 2222, supersede 2222, run mkswap -U " OLD
                          " -L tier-swap DEVICE, sync, look, unstamp 2222, announce 2222, "
                          "forget 2222");
    scene.fails = "run";
    assert_int_equal(apply_grow_swap(work(), scene.full_scan, &scene.error), -EIO);
    assert_null(strstr(scene.journal.data, "forget"));
}

static void what_an_interrupted_run_left(void **state)
{
    static const char *const steps[] = {"open", "sync", "unstamp"};

    add_record(NULL);
    must(apply_finish(work(), &scene.error));
    expect_journal(HELD "sync, unstamp 2222");
    assert_int_equal(scene.work.held_fd, 0);
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        scene.fails = steps[i];
        assert_int_equal(apply_finish(work(), &scene.error), -EIO);
        assert_true(text_starts_with(last_noted(), steps[i]));
        assert_int_equal(scene.work.held_fd, 0);
    }
    tear_down(state);
    set_up(state);
    add_record(NULL);
    scene.fails = "unstamp";
    scene.code = -EBUSY;
    must(apply_finish(work(), &scene.error));
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(a_blank_disk),
        FRESH(a_failing_step_is_the_last),
        FRESH(a_full_scan_is_one_again),
        FRESH(content_that_came_meanwhile),
        FRESH(a_half_made_disk),
        FRESH(a_wipe),
        FRESH(a_wipe_that_fails),
        FRESH(a_wipe_over_a_half_made_disk),
        FRESH(the_record_before_that_stays),
        FRESH(a_wipe_that_goes_on),
        FRESH(something_else_was_made),
        FRESH(arguments_of_each_mkfs),
        FRESH(never_more_arguments_than_there_is_room_for),
        FRESH(a_lock_that_somebody_has),
        FRESH(a_partition),
        FRESH(swap_that_grows_keeps_its_uuid),
        FRESH(what_an_interrupted_run_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
