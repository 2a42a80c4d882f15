/* SPDX-License-Identifier: GPL-3.0-or-later */
/* judge_disk(): who uses a disk, what making takes, and what a refusal says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "plan/plan.h"
#include "text.h"

#define MIB (1ULL << 20)
#define UUID "11111111-1111-4111-8111-111111111111"

/* One disk; all that the structs point to is static. */
static struct {
    struct signature signature;
    struct fstab_line line;
    struct fstab fstab;
    struct found found;
    struct disk_request want;
    struct surroundings around;
    char *names[2];
    struct intent intent;
} scene;

static int set_up(void **state)
{
    (void)state;
    memset(&scene, 0, sizeof(scene));
    scene.want =
        (struct disk_request){.name = (char *)"data-0", .tier = TIER_HOT, .fstype = (char *)"ext4"};
    scene.around = (struct surroundings){"/var/storage", "/var/storage/hot", &scene.fstab, NULL};
    scene.found.disk.path = (char *)"/dev/sdb";
    scene.found.disk.size_bytes = 1024 * MIB;
    scene.found.disk.content.kind = CONTENT_BLANK;
    scene.found.head_zero = true;
    scene.found.tool = (char *)"mkfs.ext4";
    return 0;
}

static void hold(const char *type, const char *label)
{
    struct content *content = &scene.found.disk.content;

    scene.signature =
        (struct signature){.type = (char *)type, .uuid = (char *)UUID, .label = (char *)label};
    content->kind = CONTENT_FILESYSTEM;
    content->signatures.items = &scene.signature;
    content->signatures.count = 1;
    content->token = (char *)"xfs:" UUID;
    scene.found.head_zero = false;
}

static void expect(enum verdict expected)
{
    struct error error = ERROR_INIT;
    enum verdict verdict = VERDICT_DIRECTORY;

    if (judge_disk(&scene.want, &scene.found, &scene.around, &verdict, &error) < 0)
        fail_msg("%s", error_message(&error));
    assert_int_equal(verdict, expected);
}

static void expect_refusal(const char *id, const char *says, const char *says_not)
{
    struct error error = ERROR_INIT;
    enum verdict verdict = VERDICT_DIRECTORY;

    assert_true(judge_disk(&scene.want, &scene.found, &scene.around, &verdict, &error) < 0);
    assert_int_equal(verdict, VERDICT_DIRECTORY);
    assert_string_equal(error.id, id);
    if (!strstr(error_message(&error), says))
        fail_msg("\"%s\" is not in: %s", says, error_message(&error));
    if (says_not && strstr(error_message(&error), says_not))
        fail_msg("\"%s\" is in: %s", says_not, error_message(&error));
    error_clear(&error);
}

static void add_name(struct string_list *list, const char *name)
{
    scene.names[0] = (char *)name;
    list->items = scene.names;
    list->count = 1;
}

static void sizes(void **state)
{
    static const struct {
        const char *fstype;
        uint64_t minimum;
    } cases[] = {{"ext4", 16 * MIB}, {"swap", 16 * MIB}, {"xfs", 300 * MIB}, {"btrfs", 109 * MIB}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        scene.want.fstype = (char *)cases[i].fstype;
        scene.found.disk.size_bytes = cases[i].minimum;
        expect(VERDICT_MAKE);
        scene.found.disk.size_bytes--;
        expect_refusal("too-small", cases[i].fstype, NULL);
    }
}

static void what_is_in_use(void **state)
{
    (void)state;
    scene.found.disk.busy = true;
    expect_refusal("in-use", "an exclusive open fails); unmount", NULL);
    scene.found.users = (char *)"pid 42 (dd)";
    expect_refusal("in-use", "fails): pid 42 (dd);", NULL);
    scene.found.disk.busy = false;
    add_name(&scene.found.disk.holders, "dm-0");
    expect_refusal("in-use", "is used by dm-0", NULL);
    scene.found.disk.holders.count = 0;
    add_name(&scene.found.disk.partitions, "sdb1");
    expect_refusal("in-use", "has the partitions sdb1", NULL);
    scene.found.disk.partitions.count = 0;
    scene.found.tool_missing = true;
    expect_refusal("tool-missing", "mkfs.ext4 is not installed", NULL);
}

/* A mounted filesystem of ours is busy, of course. */
static void what_is_at_its_place(void **state)
{
    (void)state;
    hold("ext4", "tier-hot");
    scene.found.disk.busy = true;
    add_name(&scene.found.disk.mounts, "/var/storage/hot");
    expect(VERDICT_KEEP);
    scene.names[1] = (char *)"/var/lib/kubelet/pods/1/volume-subpaths/pg";
    scene.found.disk.mounts.count = 2;
    expect(VERDICT_KEEP); /* a bind mount beside it */
    scene.names[1] = (char *)"/var/storage/hot";
    scene.names[0] = (char *)"/srv";
    expect(VERDICT_KEEP);
    scene.want.tier = TIER_COLD;
    scene.around.target = "/var/storage/cold";
    scene.line = (struct fstab_line){.number = 1, .tier = (char *)"hot", .uuid = (char *)UUID};
    scene.fstab.lines.items = &scene.line;
    scene.fstab.lines.count = 1;
    expect_refusal("mounted-elsewhere", "/srv", NULL);
    scene.fstab.lines.count = 0;
    scene.want.tier = TIER_HOT;
    scene.around.target = "/var/storage/hot";
    hold("swap", "tier-swap");
    scene.found.disk.busy = false;
    scene.want.wipe = scene.found.disk.content.token;
    expect_refusal("in-use", "made anew", NULL);
    scene.want.wipe = NULL;
    hold("xfs", "tier-hot");
    expect_refusal("fstype-differs", "or unmount it and write wipe", NULL);
    scene.want.tier = TIER_SWAP;
    expect_refusal("mounted-elsewhere", "/srv", NULL);
    scene.want.tier = TIER_HOT;
    scene.found.disk.busy = true;
    hold("ext4", "tier-hot");
    add_name(&scene.found.disk.mounts, "/srv");
    expect_refusal("mounted-elsewhere", "/srv", NULL);
    add_name(&scene.found.disk.mounts, "/var/storage/cold");
    expect_refusal("mounted-elsewhere", "/var/storage/cold", NULL);
    hold("ext4", "tier-cold");
    scene.line = (struct fstab_line){.number = 1, .tier = (char *)"cold", .uuid = (char *)UUID};
    scene.fstab.lines.items = &scene.line;
    scene.fstab.lines.count = 1;
    expect(VERDICT_KEEP); /* a tier that moves: it is unmounted there */
    add_name(&scene.found.disk.mounts, "/var/storage-cold");
    expect_refusal("mounted-elsewhere", "/var/storage-cold", NULL);
}

static void active_swap(void **state)
{
    (void)state;
    hold("swap", "tier-swap");
    scene.found.disk.swap_active = scene.found.disk.busy = true;
    expect_refusal("needs-wipe", "swap", NULL);
    scene.want.tier = TIER_SWAP;
    scene.want.fstype = (char *)"swap";
    expect(VERDICT_KEEP);
    hold("swap", "others");
    scene.want.wipe = (char *)"xfs:" UUID;
    expect_refusal("in-use", "swapoff", NULL);
    scene.want.tier = TIER_HOT;
    scene.want.fstype = (char *)"ext4";
    expect_refusal("in-use", "is active swap; run swapoff /dev/sdb", NULL);
}

static void what_can_not_be_kept(void **state)
{
    (void)state;
    hold("ext4", "tier-hot");
    scene.found.disk.content.filesystem_bytes = scene.found.disk.size_bytes;
    expect(VERDICT_KEEP);
    scene.found.disk.content.filesystem_bytes++;
    expect_refusal("larger-than-device", "was cut off", NULL);
    scene.found.duplicate = (char *)"/dev/sdc";
    expect_refusal("duplicate-uuid", "/dev/sdc", NULL);
    scene.signature.uuid = NULL;
    expect_refusal("no-uuid", "tune2fs", NULL);
}

static void foreign(void **state)
{
    (void)state;
    hold("xfs", "photos");
    expect_refusal("foreign-content", "existing: adopt", "names other content");
    scene.want.wipe = (char *)"xfs:other";
    expect_refusal("foreign-content", "The token given names other content", NULL);
    scene.want.wipe = NULL;
    scene.found.disk.content.token = NULL;
    expect_refusal("foreign-content", "Unmount it and run again", "wipe:");
    hold("vfat", "photos");
    expect_refusal("foreign-content", "wipe:", "adopt");
    hold("xfs", "photos");
    scene.found.in_progress = true;
    expect_refusal("foreign-content", "wipe:", "adopt");
    scene.found.disk.content.kind = CONTENT_UNREADABLE;
    scene.found.disk.content.signatures.count = 0;
    expect_refusal("unreadable", "replace the disk", "wipe:");
}

static void half_made(void **state)
{
    (void)state;
    hold("xfs", "tier-cold");
    scene.found.in_progress = true;
    expect_refusal("half-made", "whose mkfs.xfs did not finish", "no record");
    scene.signature.label = NULL;
    scene.intent = (struct intent){.uuid = (char *)"another", .fstype = (char *)"xfs"};
    scene.found.intents.items = &scene.intent;
    scene.found.intents.count = 1;
    expect_refusal("half-made", "whose mkfs.xfs did not finish", NULL);
    scene.found.intents.count = 0;
    expect_refusal("foreign-content", "which storage_tier did not make", NULL);
    scene.found.in_progress = false;
    scene.found.disk.content.kind = CONTENT_DATA;
    scene.found.disk.content.signatures.count = 0;
    scene.found.orphan_stamp = (char *)"33333333";
    expect_refusal("half-made", "(stamp 33333333), but this host has no record", "did not finish");
}

static void another_disk_of_the_tier(void **state)
{
    (void)state;
    scene.line = (struct fstab_line){.number = 3,
                                     .tier = (char *)"hot",
                                     .source = (char *)"UUID=another",
                                     .uuid = (char *)"another"};
    scene.fstab.lines.items = &scene.line;
    scene.fstab.lines.count = 1;
    scene.around.line = &scene.line;
    expect(VERDICT_MAKE);
    scene.found.line_device = (char *)"/dev/sdd";
    expect_refusal("tier-on-another-disk", "line 3 of fstab says that the tier is on /dev/sdd",
                   NULL);
    hold("ext4", "tier-hot");
    expect_refusal("fstab-names-another", "UUID=another, which is on /dev/sdd;", NULL);
    scene.found.line_device = NULL;
    expect_refusal("fstab-names-another", "is UUID=another; this", NULL);
}

static void moves(void **state)
{
    (void)state;
    assert_false(tier_moves(&scene.found, TIER_HOT));
    hold("ext4", NULL);
    assert_false(tier_moves(&scene.found, TIER_HOT));
    hold("ext4", "tier-hot");
    assert_false(tier_moves(&scene.found, TIER_HOT));
    assert_true(tier_moves(&scene.found, TIER_COLD));
    assert_false(check_mount_leaves(&scene.found, &scene.around, "/var/storage/hot"));
    scene.around.target = "/var/storage/cold";
    assert_true(check_mount_leaves(&scene.found, &scene.around, "/var/storage/hot"));
    assert_false(check_mount_leaves(&scene.found, &scene.around, "/var/storage"));
    assert_false(check_mount_leaves(&scene.found, &scene.around, "/srv/storage/hot"));
    hold("swap", "tier-hot"); /* which never was that tier */
    assert_false(check_mount_leaves(&scene.found, &scene.around, "/var/storage/hot"));
}

/* Given up by its token, but somebody has it mounted; or swap of ours that is still active. */
static void given_up_and_in_use(void **state)
{
    (void)state;
    hold("xfs", "photos");
    scene.want.wipe = (char *)"xfs:" UUID;
    expect(VERDICT_WIPE);
    add_name(&scene.found.disk.mounts, "/var/storage/hot");
    expect_refusal("in-use", "is in use at /var/storage/hot", NULL);
    scene.found.disk.mounts.count = 0;
    scene.found.tool_missing = true;
    expect_refusal("tool-missing", "mkfs.ext4", NULL);
}

#define FRESH(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(sizes),
        FRESH(moves),
        FRESH(given_up_and_in_use),
        FRESH(what_is_in_use),
        FRESH(what_is_at_its_place),
        FRESH(active_swap),
        FRESH(what_can_not_be_kept),
        FRESH(foreign),
        FRESH(half_made),
        FRESH(another_disk_of_the_tier),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
