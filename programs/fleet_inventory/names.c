/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "names.h"

#include <arpa/inet.h>
#include <string.h>

#include "cleanup.h"
#include "text.h"

enum { LABEL_LIMIT = 63, NAME_LIMIT = 253, QUOTE_LIMIT = 60 };

static const char digits[] = "0123456789";
static const char alphanumeric[] = "0123456789"
                                   "abcdefghijklmnopqrstuvwxyz"
                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

const char *const role_names[] = {"cdb", "cpl", "ops", "sts", "wkr", NULL};
const char *const provider_names[] = {"proxmox", "aws", "gcp", "oci", "generic", NULL};
const char *const tier_names[] = {"swap", "hot", "warm", "cold", NULL};
static const char *const output_keys[] = {"username", "password", "vms", NULL};
static const char *const node_keys[] = {"hostname", "ip", "provider", "disks", NULL};
const char *const node_variables[] = {"ansible_port", "ansible_user",  "k3s_labels",
                                      "k3s_taints",   "k3s_node_name", NULL};

bool word_in(const char *const *words, const char *word)
{
    for (; *words; words++)
        if (text_equal(*words, word))
            return true;
    return false;
}

char *words_joined(const char *const *words)
{
    AUTO_TEXT struct text text = {0};

    for (const char *const *w = words; *w; w++)
        text_addf(&text, "%s%s", w == words ? "" : ", ", *w);
    return text_take(&text);
}

bool name_is_output_key(const char *key)
{
    return word_in(output_keys, key);
}

bool name_is_node_key(const char *key)
{
    return word_in(node_keys, key) || word_in(node_variables, key);
}

bool name_is_host(const char *name)
{
    const char *label = name;

    if (strlen(name) > NAME_LIMIT)
        return false;
    for (;;) {
        size_t length = strcspn(label, ".");
        if (length == 0 || length > LABEL_LIMIT || label[0] == '-' || label[length - 1] == '-')
            return false;
        for (size_t i = 0; i < length; i++)
            if (label[i] != '-' && !strchr(alphanumeric, label[i]))
                return false;
        if (label[length] == '\0')
            return true;
        label += length + 1;
    }
}

bool name_is_numeric(const char *name)
{
    return *name && name[strspn(name, "0123456789.")] == '\0';
}

static bool is_zone(const char *zone)
{
    return *zone && zone[strspn(zone, alphanumeric)] == '\0';
}

static bool is_ipv6(const char *name)
{
    char address[INET6_ADDRSTRLEN];
    struct in6_addr parsed;
    size_t length = strcspn(name, "%");

    if (length >= sizeof(address) || (name[length] && !is_zone(name + length + 1)))
        return false;
    memcpy(address, name, length);
    address[length] = '\0';
    return inet_pton(AF_INET6, address, &parsed) == 1;
}

bool name_is_address(const char *name)
{
    struct in_addr parsed;

    if (name_is_numeric(name))
        return inet_pton(AF_INET, name, &parsed) == 1;
    return is_ipv6(name) || name_is_host(name);
}

bool name_is_data_disk(const char *name)
{
    if (!text_starts_with(name, "data-"))
        return false;
    name += strlen("data-");
    return *name && name[strspn(name, digits)] == '\0' && (name[0] != '0' || name[1] == '\0');
}

bool name_is_plain(const char *string)
{
    for (; *string; string++)
        if (!strchr(alphanumeric, *string) && !strchr(" _.,:/@%+-", *string))
            return false;
    return true;
}

bool name_is_data_key(const char *key)
{
    for (; *key; key++)
        if ((unsigned char)*key < 0x80 && !name_is_plain((char[]){*key, '\0'}))
            return false;
    return true;
}

bool name_is_variable(const char *name)
{
    if (*name == '\0' || strchr(digits, *name))
        return false;
    for (; *name; name++)
        if (*name != '_' && !strchr(alphanumeric, *name))
            return false;
    return true;
}

bool name_has_controls(const char *string)
{
    for (const unsigned char *c = (const unsigned char *)string; *c; c++)
        if (*c < ' ' || *c == 0x7f || (*c == 0xc2 && c[1] < 0xa0) ||
            (c[0] == 0xe2 && c[1] == 0x80 && (c[2] == 0xa8 || c[2] == 0xa9)))
            return true;
    return false;
}

char *name_quoted(const char *value)
{
    AUTO_TEXT struct text text = {0};
    size_t length = strlen(value), end = length;

    if (end > QUOTE_LIMIT)
        for (end = QUOTE_LIMIT; end > 0 && ((unsigned char)value[end] & 0xc0) == 0x80; end--)
            ;
    text_add(&text, "\"");
    for (size_t i = 0; i < end; i++) {
        unsigned char c = (unsigned char)value[i];
        bool control = c < ' ' || c == 0x7f || (c == 0xc2 && (unsigned char)value[i + 1] < 0xa0);
        if (control)
            text_addf(&text, "\\x%02x", c == 0xc2 ? (unsigned char)value[++i] : c);
        else
            text_add_bytes(&text, &value[i], 1);
    }
    text_add(&text, end < length ? "…\"" : "\"");
    return text_take(&text);
}
