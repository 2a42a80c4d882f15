/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mutate.h"

#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

enum { MAX_LINES = 24, MAX_MUTATIONS = 6, LONG_LINE = 20000 };

/* The mixing function of splitmix64. */
uint64_t draw(uint64_t *state, uint64_t limit)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (x ^ (x >> 31)) % limit;
}

static const char *const foreign_lines[] = {
    "# /etc/fstab: static file system information.",
    "#",
    "",
    " \t ",
    "# <file system> <mount point>   <type>  <options>       <dump>  <pass>",
    "UUID=0a3407de-014b-458b-b5c1-848e92a327a3 /               ext4    errors=remount-ro 0       1",
    "UUID=CAFE-BABE\t/boot/efi\tvfat\tumask=0077\t0\t1",
    "PARTUUID=1c0ffee1-02\t/boot ext4 defaults 0 2",
    "LABEL=cloudimg-rootfs\t/\t ext4\tdiscard,commit=30,errors=remount-ro\t0 1",
    "/dev/disk/cloud/azure_resource-part1\t/mnt\tauto\tdefaults,nofail,comment=cloudconfig\t0\t2",
    "/dev/mapper/vg0-home /home xfs rw,relatime,usrquota 0 0",
    "/swapfile none swap sw 0 0",
    "tmpfs /tmp tmpfs rw,nosuid,nodev,size=50%,mode=1777 0 0",
    ("nas.example.org:/export/media /srv/media nfs4 ro,soft,timeo=30,_netdev,x-systemd.automount 0 "
     "0"),
    "//nas/share /srv/My\\040Share cifs credentials=/etc/cifs,uid=1000,iocharset=utf8 0 0",
    "/srv/a\t/srv/b none bind",
    "proc /proc proc",
    "overlay /srv/merged overlay lowerdir=/l\\072a,upperdir=/u,workdir=/w,x-a=\"b,c\" 0 0",
    "LABEL=Größe /srv/données ext4 noauto 0 0 # 予備",
    "#UUID=7f7c8bb5-3c8b-4a6c-8f86-2f8f6f0d4e11 /var/storage/hot ext4 x-storage-tier=hot 0 2",
    "/dev/sdz9",
    "this line is broken in more than one way but long",
    "/dev/cdrom /media/cdrom udf,iso9660 user,noauto 0 0 trailing words",
    "/dev/sdq1 /srv/q ext4 defaults 1 two",
    "/dev/sdr1 /srv/r ext4 defaults,, 00 99999999999999999999",
};

static const char *const our_lines[] = {
    "UUID=7f7c8bb5-3c8b-4a6c-8f86-2f8f6f0d4e11 /var/storage/hot ext4 "
    "noatime,nofail,x-storage-tier=hot 0 2",
    "UUID=11111111-3c8b-4a6c-8f86-2f8f6f0d4e11 /var/storage/hot ext4 "
    "noatime,nofail,x-storage-tier=hot 0 2",
    "  UUID=7f7c8bb5-3c8b-4a6c-8f86-2f8f6f0d4e11\t\t/var/storage/hot\text4\t"
    "x-storage-tier=hot,ro\t0\t0  ",
    "UUID=7f7c8bb5-3c8b-4a6c-8f86-2f8f6f0d4e11 /var/storage/hot/ ext4 x-storage-tier=hot",
    "UUID=33333333-3c8b-4a6c-8f86-2f8f6f0d4e11 /srv/moved xfs nofail,x-storage-tier=hot 0 0 # mine",
    "UUID=22222222-3c8b-4a6c-8f86-2f8f6f0d4e11 none swap "
    "sw,nofail,x-systemd.device-timeout=10s,pri=5,x-storage-tier=swap 0 0",
    "UUID=22222222-3c8b-4a6c-8f86-2f8f6f0d4e11 swap swap x-storage-tier=swap,sw 0 0",
    "UUID=44444444-3c8b-4a6c-8f86-2f8f6f0d4e11 /var/storage/cold xfs "
    "noatime,nofail,x-storage-tier=cold 0 0",
    "UUID=44444444-3c8b-4a6c-8f86-2f8f6f0d4e11 /var/storage/cold xfs nofail,x-storage-tier= 0 0",
};

static const char *const fragments[] = {
    "\r",
    "\r\r",
    "\n\r",
    "\r\n",
    "\f",
    "\v",
    " ",
    "\t",
    "#",
    "\r# ",
    "\\040",
    "\\012",
    "\\",
    "\"",
    "'",
    ",",
    "=",
    "ü",
    "\xff\xfe",
    "\xef\xbb\xbf",
    "\xe2\x80\xa8",
    "\xc2\xa0",
    "\x01",
    "\x7f",
    "\n\n\n",
    "UUID=",
    "x-storage-tier=hot",
    " # ",
    "\n/var/storage/hot\n",
    "0 0",
};

static void insert(struct text *file, size_t at, const char *bytes, size_t length)
{
    struct text whole = {0};

    text_add_bytes(&whole, file->data ? file->data : "", at);
    text_add_bytes(&whole, bytes, length);
    text_add_bytes(&whole, file->data ? file->data + at : "", file->length - at);
    text_release(file);
    *file = whole;
}

static void cut(struct text *file, size_t at, size_t length)
{
    memmove(file->data + at, file->data + at + length, file->length - at - length);
    file->length -= length;
    file->data[file->length] = '\0';
}

/* The start of a random line, and how long it is with its end. */
static size_t random_line(uint64_t *state, const struct text *file, size_t *ret_length)
{
    size_t start = draw(state, file->length);

    while (start > 0 && file->data[start - 1] != '\n')
        start--;
    const char *end = memchr(file->data + start, '\n', file->length - start);
    *ret_length = end ? (size_t)(end + 1 - (file->data + start)) : file->length - start;
    return start;
}

static void end_lines_with_cr(uint64_t *state, struct text *file, bool all)
{
    for (size_t i = file->length; i-- > 0;)
        if (file->data[i] == '\n' && (all || draw(state, 3) == 0))
            insert(file, i, "\r", 1);
}

static void copy_line(uint64_t *state, struct text *file)
{
    size_t length, from = random_line(state, file, &length), ignored;
    AUTO_FREE char *line = malloc(length + 1);

    if (!line)
        abort();
    memcpy(line, file->data + from, length);
    insert(file, random_line(state, file, &ignored), line, length);
}

static void lengthen_line(uint64_t *state, struct text *file)
{
    static const char option[] = ",x-note=much";
    struct text options = {0};

    for (size_t length = draw(state, LONG_LINE); options.length < length;)
        text_add(&options, option);
    insert(file, draw(state, file->length), options.data ? options.data : "", options.length);
    text_release(&options);
}

static void mutate(uint64_t *state, struct text *file)
{
    size_t at = file->length ? draw(state, file->length) : 0, length;
    const char *fragment = fragments[draw(state, ARRAY_SIZE(fragments))];

    if (file->length == 0)
        return;
    switch (draw(state, 12)) {
    case 0:
        file->data[at] = (char)(1 + draw(state, 255));
        break;
    case 1:
        file->data[at] = (char)(file->data[at] ^ (1 << draw(state, 7)));
        break;
    case 2:
        cut(file, at, 1 + draw(state, file->length - at < 8 ? file->length - at : 8));
        break;
    case 3:
        at = random_line(state, file, &length);
        cut(file, at, length);
        break;
    case 4:
        copy_line(state, file);
        break;
    case 5:
        at = random_line(state, file, &length);
        insert(file, at, fragment, strlen(fragment));
        break;
    case 6:
        at = random_line(state, file, &length);
        insert(file, at + length - (file->data[at + length - 1] == '\n'), fragment,
               strlen(fragment));
        break;
    case 7:
        end_lines_with_cr(state, file, draw(state, 2));
        break;
    case 8:
        lengthen_line(state, file);
        break;
    case 9:
        cut(file, file->length - 1, 1);
        break;
    case 10:
        if (draw(state, 8) == 0)
            file->data[at] = '\0';
        break;
    default:
        insert(file, at, fragment, strlen(fragment));
    }
}

struct text mutated_fstab(uint64_t *state)
{
    struct text file = {0};
    size_t lines = draw(state, MAX_LINES), mutations = draw(state, MAX_MUTATIONS + 1);

    for (size_t i = 0; i < lines; i++) {
        bool ours = draw(state, 8) == 0;

        text_addf(&file, "%s\n",
                  ours ? our_lines[draw(state, ARRAY_SIZE(our_lines))]
                       : foreign_lines[draw(state, ARRAY_SIZE(foreign_lines))]);
    }
    for (size_t i = 0; i < mutations; i++)
        mutate(state, &file);
    return file;
}
