/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "alloc.h"
#include "cleanup.h"
#include "file.h"
#include "host.h"
#include "host/drop_in.h"
#include "mount/mount.h"
#include "text.h"

enum { DROP_IN_LIMIT = 1024 * 1024 };

#define STORAGE_ROOT "/var/storage"

static const char *const mounted_tiers[] = {"hot", "warm", "cold"};

/* Where K3s' installers put its configuration, its units and what it keeps. */
static const char *const k3s_places[] = {
    "/etc/rancher/k3s/*.yaml",
    "/etc/rancher/k3s/config.yaml.d/*",
    "/etc/rancher/k3s/[!c]*",
    "/etc/rancher/node/password",
    "/etc/systemd/system/k3s*.service",
    "/etc/systemd/system/k3s*.service.env",
    "/etc/systemd/system/k3s*.service.d/*",
    "/etc/default/k3s*",
    "/etc/sysconfig/k3s*",
    "/usr/local/lib/systemd/system/k3s*.service",
    "/usr/lib/systemd/system/k3s*.service",
    "/lib/systemd/system/k3s*.service",
    "/etc/init.d/k3s*",
    "/var/lib/rancher/k3s/agent",
    "/var/lib/rancher/k3s/server",
};

static int read_name(const struct request *request, struct facts *facts, struct error *error)
{
    struct utsname names;

    if (request->host.name) {
        facts->name = alloc_string(request->host.name);
        return 0;
    }
    if (uname(&names) < 0)
        return error_set_errno(error, -errno, "reading the host's name");
    int r = request_parse_name(names.nodename, "the host's name", &facts->name, error);
    return r < 0 ? error_set(error, r, "%s; give node_name", error_message(error)) : 0;
}

static int add_line(const struct fstab_line *line, struct facts *facts, struct error *error)
{
    bool known = text_equal(line->tier, "swap");

    for (size_t i = 0; i < ARRAY_SIZE(mounted_tiers); i++)
        known |= text_equal(line->tier, mounted_tiers[i]);
    if (!known)
        return error_refuse(error, "fstab-tier",
                            "storage_tiers: auto: line %d of /etc/fstab has the tier \"%s\", which "
                            "storage_tier never writes; its tiers are swap, hot, warm and cold",
                            line->number, line->tier);
    if (!string_list_has(&facts->tiers, line->tier))
        string_list_add(&facts->tiers, line->tier);
    return 0;
}

/* What storage_tier marked as its own in fstab; cloud-init's lines are never its own. */
static int read_fstab_tiers(struct facts *facts, struct error *error)
{
    struct fstab fstab = {0};
    int r = fstab_read("/etc/fstab", &fstab, error);

    for (size_t i = 0; r == 0 && i < fstab.lines.count; i++)
        if (fstab.lines.items[i].tier && !fstab.lines.items[i].cloud_init)
            r = add_line(&fstab.lines.items[i], facts, error);
    fields_release(&fstab_fields, &fstab);
    return r;
}

/* A tier of the OS disk is a plain directory. What data disks are mounted on is immutable. */
static bool is_os_tier(int root, const char *tier)
{
    struct statx own, above;

    return statx(root, "", AT_EMPTY_PATH, STATX_TYPE, &above) == 0 &&
           statx(root, tier, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE, &own) == 0 &&
           S_ISDIR(own.stx_mode) && !(own.stx_attributes & STATX_ATTR_IMMUTABLE) &&
           own.stx_dev_major == above.stx_dev_major && own.stx_dev_minor == above.stx_dev_minor;
}

static int read_tiers(struct facts *facts, struct error *error)
{
    AUTO_CLOSE int root = open(STORAGE_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int r = read_fstab_tiers(facts, error);

    for (size_t i = 0; r == 0 && root >= 0 && i < ARRAY_SIZE(mounted_tiers); i++)
        if (!string_list_has(&facts->tiers, mounted_tiers[i]) && is_os_tier(root, mounted_tiers[i]))
            string_list_add(&facts->tiers, mounted_tiers[i]);
    return r;
}

static void copy_tiers(const struct string_list *tiers, struct facts *facts)
{
    for (size_t i = 0; i < tiers->count; i++)
        string_list_add(&facts->tiers, tiers->items[i]);
}

int probe_drop_in(const struct request *request, struct facts *facts, struct error *error)
{
    AUTO_CLOSE int fd = open(request->config_file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat status;

    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_set_errno(error, -errno, "opening %s", request->config_file);
    if (!S_ISREG(status.st_mode))
        return error_refuse(error, "config-file-no-file", "config_file: %s is no file",
                            request->config_file);
    facts->drop_in_mode = (int)(status.st_mode & 07777);
    int r = file_read_fd(fd, request->config_file, DROP_IN_LIMIT, &facts->drop_in, error);
    return r < 0 ? r : 0;
}

static void add_found(struct facts *facts, const char *path)
{
    if (!string_list_has(&facts->found, path))
        string_list_add(&facts->found, path);
}

static void find_places(const char *pattern, struct facts *facts)
{
    glob_t found = {0};
    int status = glob(pattern, GLOB_NOSORT, NULL, &found);

    if (status == GLOB_NOSPACE)
        alloc_failed();
    for (size_t i = 0; status == 0 && i < found.gl_pathc; i++)
        add_found(facts, found.gl_pathv[i]);
    globfree(&found);
}

/* Whatever stands where the drop-in would be counts, also a link that leads nowhere. */
static void find_k3s(const struct request *request, struct facts *facts)
{
    struct stat status;

    for (size_t i = 0; i < ARRAY_SIZE(k3s_places); i++)
        find_places(k3s_places[i], facts);
    if (lstat(request->config_file, &status) == 0)
        add_found(facts, request->config_file);
}

int probe_host(const struct request *request, struct facts *facts, struct error *error)
{
    if (request->host.role == ROLE_CDB && !request->absent) {
        find_k3s(request, facts);
        return 0;
    }
    int r = read_name(request, facts, error);
    if (r == 0 && !request->absent) {
        if (request->host.tiers_auto)
            r = read_tiers(facts, error);
        else
            copy_tiers(&request->host.tiers, facts);
    }
    return r < 0 ? r : probe_drop_in(request, facts, error);
}
