#include "disk_identity.h"

#include "cleanup.h"
#include "disks.h"
#include "text.h"

/* Those of the given identifiers that a disk has to have. */
static bool has_identifiers(const struct disk *disk, const char *serial, const char *wwn)
{
    return disk_has_identity(disk) && (!serial || serial_equal(serial, disk->serial)) &&
           (!wwn || wwn_compare(wwn, disk->wwn) == WWN_SAME);
}

/* The disks that match, in words; *ret_first is the first. Paths of a multipath map are left out:
 * the map has their identifiers. */
static char *list_matches(const struct disk_list *disks, const char *serial, const char *wwn,
                          const struct disk **ret_first, size_t *ret_count)
{
    struct text text = {0};
    const struct disk *first = NULL;
    size_t count = 0;

    for (size_t i = 0; i < disks->count; i++) {
        const struct disk *disk = &disks->items[i];
        if (!has_identifiers(disk, serial, wwn) || disk_multipath_map(disks, disk))
            continue;
        AUTO_FREE char *description = disk_describe(disk);
        text_addf(&text, "%s%s", count ? " and " : "", description);
        first = first ? first : disk;
        count++;
    }
    *ret_first = first;
    *ret_count = count;
    return text_take(&text);
}

/* "serial X", "wwn Y" or "serial X and wwn Y". */
static char *describe_wanted(const struct disk_identity *identity)
{
    bool both = identity->serial && identity->wwn;

    return text_format("%s%s%s%s%s", identity->serial ? "serial " : "",
                       identity->serial ? identity->serial : "", both ? " and " : "",
                       identity->wwn ? "wwn " : "", identity->wwn ? identity->wwn : "");
}

/* Each identifier is there, but on different disks. */
static int explain_disagreement(const struct disk_list *disks, const struct disk_identity *identity,
                                struct error *error)
{
    const struct disk *first;
    size_t serials, wwns;
    AUTO_FREE char *by_serial = list_matches(disks, identity->serial, NULL, &first, &serials);
    AUTO_FREE char *by_wwn = list_matches(disks, NULL, identity->wwn, &first, &wwns);

    if (serials == 0 || wwns == 0)
        return disks_not_found(disks, error, "%s: no disk has serial %s and wwn %s (yet)",
                               identity->name, identity->serial, identity->wwn);
    return error_refuse(error, "identity-disagrees",
                        "%s: serial %s belongs to %s, but wwn %s to %s; correct the one that is "
                        "wrong or leave it out",
                        identity->name, identity->serial, by_serial, identity->wwn, by_wwn);
}

/* Half a wwn names an array rather than a disk: with only its wrong disk attached it would fit. */
static int refuse_half_wwn(const struct disk_list *disks, const struct disk_identity *identity,
                           struct error *error)
{
    for (size_t i = 0; identity->wwn && i < disks->count; i++)
        if (wwn_compare(identity->wwn, disks->items[i].wwn) == WWN_FIRST_HALF)
            return error_refuse(error, "wwn-incomplete",
                                "%s: wwn %s is only the first half of a name such as %s (of %s), "
                                "and other disks of one array can share it; write all 32 digits",
                                identity->name, identity->wwn, disks->items[i].wwn,
                                disks->items[i].path);
    return 0;
}

int identity_find_hardware(const struct disk_list *disks, const struct disk_identity *identity,
                           const struct disk **ret_disk, struct error *error)
{
    const struct disk *first;
    size_t count;
    int r = refuse_half_wwn(disks, identity, error);

    if (r < 0)
        return r;
    AUTO_FREE char *wanted = describe_wanted(identity);
    AUTO_FREE char *found = list_matches(disks, identity->serial, identity->wwn, &first, &count);
    if (count == 0 && identity->serial && identity->wwn)
        return explain_disagreement(disks, identity, error);
    if (count == 0)
        return disks_not_found(disks, error, "%s: no disk has %s (yet)", identity->name, wanted);
    if (count > 1)
        return error_refuse(error, "identity-ambiguous",
                            "%s: %s belongs to %s; if they are paths to one disk, set up multipath "
                            "and its map is used, otherwise tell them apart by another of device, "
                            "serial and wwn",
                            identity->name, wanted, found);
    *ret_disk = first;
    return 0;
}

int identity_check_device(const struct disk *disk, const struct disk_identity *identity,
                          struct error *error)
{
    if (has_identifiers(disk, identity->serial, identity->wwn) ||
        (!identity->serial && !identity->wwn))
        return 0;
    AUTO_FREE char *wanted = describe_wanted(identity);
    AUTO_FREE char *description = disk_describe(disk);
    bool link = !text_equal(identity->device, disk->path);
    AUTO_FREE char *device =
        text_format("device %s%s%s", link ? identity->device : "", link ? " is " : "", description);
    if (!disk_has_identity(disk))
        return error_refuse(error, "identity-disagrees",
                            "%s: %s is of type %s, which has no serial and no wwn of its own; name "
                            "it by device alone",
                            identity->name, device, disk->type);
    return error_refuse(error, "identity-disagrees",
                        "%s: %s does not have %s; correct the one that is wrong or leave it out",
                        identity->name, device, wanted);
}
