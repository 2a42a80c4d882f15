/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kubernetes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "text.h"

#define ALPHABET "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define ALPHANUMERIC ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS

enum { NAME_MAX_LENGTH = 63, DOMAIN_MAX_LENGTH = 253 };

static const char NAME_RULE[] =
    "be at most 63 letters, digits, \"-\", \"_\" and \".\", with a letter or digit at both ends";
static const char KEY_RULE[] = "have a name of 1 to 63 letters, digits, \"-\", \"_\" and \".\", "
                               "with a letter or digit at both "
                               "ends, after the \"/\" if there is one";
static const char DOMAIN_RULE[] = "be a DNS name: at most 253 lower case letters, digits, \"-\" "
                                  "and \".\", with a letter or digit "
                                  "at both ends of each part";
static const char KEY_DOMAIN_RULE[] = "have a DNS name before its \"/\": at most 253 lower case "
                                      "letters, digits, \"-\" and \".\", with "
                                      "a letter or digit at both ends of each part";
static const char EFFECT_RULE[] = "be NoSchedule, PreferNoSchedule or NoExecute";

static bool is_framed(const char *text, size_t length, const char *ends, const char *inside)
{
    if (length == 0 || !strchr(ends, text[0]) || !strchr(ends, text[length - 1]))
        return false;
    return strspn(text, inside) >= length;
}

static bool is_name(const char *text, size_t length)
{
    return length <= NAME_MAX_LENGTH && is_framed(text, length, ALPHANUMERIC, ALPHANUMERIC "-_.");
}

static bool is_domain(const char *text, size_t length)
{
    if (length > DOMAIN_MAX_LENGTH)
        return false;
    for (const char *end = text + length;; text++) {
        size_t part = strcspn(text, ".");
        if (part > (size_t)(end - text))
            part = (size_t)(end - text);
        if (!is_framed(text, part, ALPHABET DIGITS, ALPHABET DIGITS "-"))
            return false;
        text += part;
        if (text == end)
            return true;
    }
}

const char *kubernetes_key_rule(const char *key)
{
    const char *slash = strchr(key, '/');
    const char *name = slash ? slash + 1 : key;

    if (slash && !is_domain(key, (size_t)(slash - key)))
        return KEY_DOMAIN_RULE;
    return is_name(name, strlen(name)) ? NULL : KEY_RULE;
}

const char *kubernetes_value_rule(const char *value)
{
    return !*value || is_name(value, strlen(value)) ? NULL : NAME_RULE;
}

const char *kubernetes_name_rule(const char *name)
{
    return is_domain(name, strlen(name)) ? NULL : DOMAIN_RULE;
}

/* `domain` itself, or below it. */
static bool is_within(const char *key, const char *domain)
{
    size_t length = strcspn(key, "/"), wanted = strlen(domain);

    if (!key[length] || length < wanted || strncmp(key + length - wanted, domain, wanted) != 0)
        return false;
    return length == wanted || key[length - wanted - 1] == '.';
}

static bool is_listed(const char *key, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(key, *list) == 0)
            return true;
    return false;
}

bool kubernetes_label_is_systems(const char *key)
{
    static const char *const keys[] = {"kubernetes.io/hostname",
                                       "kubernetes.io/arch",
                                       "kubernetes.io/os",
                                       "beta.kubernetes.io/arch",
                                       "beta.kubernetes.io/os",
                                       "node-role.kubernetes.io/control-plane",
                                       "node-role.kubernetes.io/master",
                                       "node-role.kubernetes.io/etcd",
                                       NULL};

    return is_listed(key, keys);
}

bool kubernetes_taint_is_systems(const char *key)
{
    static const char *const keys[] = {"node-role.kubernetes.io/control-plane",
                                       "node-role.kubernetes.io/master",
                                       "node-role.kubernetes.io/etcd", NULL};

    return text_starts_with(key, "node.kubernetes.io/") || is_listed(key, keys);
}

bool kubernetes_kubelet_may_set(const char *key)
{
    static const char *const keys[] = {"beta.kubernetes.io/instance-type",
                                       "failure-domain.beta.kubernetes.io/region",
                                       "failure-domain.beta.kubernetes.io/zone",
                                       "topology.kubernetes.io/region",
                                       "topology.kubernetes.io/zone",
                                       NULL};

    if (!is_within(key, "kubernetes.io") && !is_within(key, "k8s.io"))
        return true;
    return is_within(key, "kubelet.kubernetes.io") || is_within(key, "node.kubernetes.io") ||
           is_listed(key, keys);
}

bool kubernetes_key_is_reserved(const char *key)
{
    return is_within(key, "kubernetes.io") || is_within(key, "k8s.io") || is_within(key, "k3s.io");
}

static int refuse_taint(const char *text, const char *part, const char *value, const char *rule,
                        struct error *error)
{
    return error_set(error, -EINVAL, "taint %s: the %s \"%s\" must %s", text, part, value, rule);
}

static bool is_effect(const char *effect)
{
    return text_equal(effect, "NoSchedule") || text_equal(effect, "PreferNoSchedule") ||
           text_equal(effect, "NoExecute");
}

int kubernetes_taint_parse(const char *text, json_t **ret_taint, struct error *error)
{
    AUTO_FREE char *key = alloc_string(text);
    const char *rule;

    char *effect = strrchr(key, ':');
    if (effect)
        *effect++ = '\0';
    else
        effect = key + strlen(key);
    char *value = key + strcspn(key, "=");
    if (*value)
        *value++ = '\0';
    if ((rule = kubernetes_key_rule(key)))
        return refuse_taint(text, "key", key, rule, error);
    if ((rule = kubernetes_value_rule(value)))
        return refuse_taint(text, "value", value, rule, error);
    if (!is_effect(effect))
        return refuse_taint(text, "effect", effect, EFFECT_RULE, error);
    *ret_taint = *value ? json_pack("{s:s, s:s, s:s}", "key", key, "value", value, "effect", effect)
                        : json_pack("{s:s, s:s}", "key", key, "effect", effect);
    return 0;
}

static const char *part_of(const json_t *taint, const char *part)
{
    const char *text = json_string_value(json_object_get(taint, part));

    return text ? text : "";
}

char *kubernetes_taint_text(const json_t *taint)
{
    const char *value = part_of(taint, "value");

    return text_format("%s%s%s:%s", part_of(taint, "key"), *value ? "=" : "", value,
                       part_of(taint, "effect"));
}

bool kubernetes_taint_same(const json_t *a, const json_t *b)
{
    return text_equal(part_of(a, "key"), part_of(b, "key")) &&
           text_equal(part_of(a, "effect"), part_of(b, "effect"));
}

json_t *kubernetes_find_taint(const json_t *taints, const json_t *like)
{
    json_t *taint;
    size_t i;

    json_array_foreach (taints, i, taint)
        if (kubernetes_taint_same(taint, like))
            return taint;
    return NULL;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

json_t *kubernetes_keys(const json_t *labels)
{
    AUTO_FREE const char **keys = alloc_zeroed(json_object_size(labels), sizeof(*keys));
    json_t *array = json_array();
    const char *key;
    json_t *value;
    size_t count = 0;

    json_object_foreach ((json_t *)labels, key, value)
        keys[count++] = key;
    qsort(keys, count, sizeof(*keys), compare_keys);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_string(keys[i]));
    return array;
}
