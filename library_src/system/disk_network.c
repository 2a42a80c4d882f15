#include "disk_network.h"

#include <errno.h>
#include <unistd.h>

#include "cleanup.h"
#include "sysfs.h"
#include "text.h"

/* The transport of an NVMe controller; other drivers have no such attribute. */
static int read_transport(int directory, bool *ret_network)
{
    AUTO_FREE char *transport = NULL;

    if (sysfs_text(directory, "device/transport", &transport) < 0)
        return -ENOMEM;
    *ret_network = text_equal(transport, "tcp") || text_equal(transport, "rdma");
    return 0;
}

/* A SCSI device's target hangs on an iSCSI session, or on something else. */
static bool is_iscsi(int directory)
{
    return faccessat(directory, "device/../../iscsi_session", F_OK, 0) == 0;
}

int disk_read_network(int directory, const char *name, bool *ret_network)
{
    struct string_list slaves = {0};
    bool network =
        text_starts_with(name, "nbd") || text_starts_with(name, "rbd") || is_iscsi(directory);
    int r = network ? 0 : read_transport(directory, &network);

    if (r == 0 && !network)
        r = sysfs_names(directory, "slaves", &slaves);
    for (size_t i = 0; r == 0 && !network && i < slaves.count; i++) {
        AUTO_FREE char *path = text_format("slaves/%s", slaves.items[i]);
        AUTO_CLOSE int slave = path ? sysfs_open_at(directory, path) : -ENOMEM;
        r = slave == -ENOMEM ? -ENOMEM : 0;
        if (slave >= 0)
            r = disk_read_network(slave, slaves.items[i], &network);
    }
    string_list_release(&slaves);
    if (r == 0)
        *ret_network = network;
    return r;
}
