/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Programs that are talked to, and what kubectl's failures become. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cleanup.h"
#include "cluster/cluster.h"
#include "process.h"

enum { LARGE = 8 * 1024 * 1024 };

static const char *const environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", NULL};

static int shell(const char *script, const char *input, size_t length, int seconds,
                 struct reply *reply)
{
    struct error error = ERROR_INIT;
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    int r = process_run(&(struct process){.path = argv[0],
                                          .argv = argv,
                                          .environment = environment,
                                          .input = input,
                                          .input_length = length,
                                          .output_limit = 2 * LARGE,
                                          .seconds = seconds},
                        reply, &error);

    error_clear(&error);
    return r;
}

static void test_large_input_comes_back(void **state)
{
    AUTO_FREE char *input = malloc(LARGE);
    AUTO_REPLY struct reply reply = {0};

    (void)state;
    for (size_t i = 0; i < LARGE; i++)
        input[i] = (char)(i * 7 + i / 4096);
    assert_int_equal(shell("cat", input, LARGE, 60, &reply), 0);
    assert_int_equal(reply.length, LARGE);
    assert_memory_equal(reply.output, input, LARGE);
}

/* Both streams are read while the input is still being written. */
static void test_much_on_both_streams_before_the_input_is_read(void **state)
{
    AUTO_FREE char *input = calloc(1, LARGE);
    AUTO_REPLY struct reply reply = {0};

    (void)state;
    assert_int_equal(shell("head -c 500000 /dev/zero >&2; head -c 500000 /dev/zero; wc -c; exit 3",
                           input, LARGE, 60, &reply),
                     0);
    assert_int_equal(reply.status, 3);
    assert_string_equal(reply.output + 500000, "8388608\n");
}

static void test_input_that_nobody_reads(void **state)
{
    AUTO_FREE char *input = calloc(1, LARGE);
    AUTO_REPLY struct reply reply = {0};

    (void)state;
    assert_int_equal(shell("exec <&-; echo no >&2; exit 1", input, LARGE, 60, &reply), 0);
    assert_int_equal(reply.status, 1);
    assert_string_equal(reply.errors, "no");
}

static void test_time_is_over(void **state)
{
    AUTO_REPLY struct reply reply = {0};

    (void)state;
    assert_int_equal(shell("exec sleep 60", NULL, 0, 1, &reply), -ETIMEDOUT);
}

static void test_ended_by_a_signal(void **state)
{
    AUTO_REPLY struct reply reply = {0};

    (void)state;
    assert_int_equal(shell("kill -9 $$", NULL, 0, 10, &reply), 0);
    assert_int_equal(reply.status, 128 + SIGKILL);
}

static void test_no_such_program(void **state)
{
    struct error error = ERROR_INIT;
    struct reply reply = {0};

    (void)state;
    const struct process process = {.path = "/nonexistent",
                                    .argv = (const char *const[]){"/nonexistent", NULL},
                                    .environment = environment,
                                    .seconds = 1};
    assert_int_equal(process_run(&process, &reply, &error), -ENOENT);
    error_clear(&error);
}

static void test_failures(void **state)
{
    static const char *const cases[][2] = {
        {"The connection to the server 10.0.0.1:6443 was refused - did you specify the right host "
         "or port?",
         "kube-unreachable"},
        {"The connection to the server localhost:8080 was refused - did you specify the right host "
         "or port?",
         "kubeconfig-unreadable"},
        {"Unable to connect to the server: dial tcp: lookup api.example.org: no such host",
         "kube-unreachable"},
        {"Unable to connect to the server: EOF", "kube-unreachable"},
        {"Unable to connect to the server: dial tcp 10.0.0.1:6443: i/o timeout", "kube-timeout"},
        {"Unable to connect to the server: net/http: TLS handshake timeout", "kube-timeout"},
        {"Unable to connect to the server: context deadline exceeded (Client.Timeout exceeded "
         "while "
         "awaiting headers)",
         "kube-timeout"},
        {"Error from server (Timeout): the server was unable to return a response", "kube-timeout"},
        {"Unable to connect to the server: tls: failed to verify certificate: x509: certificate "
         "has "
         "expired or is not yet valid: current time 2026-01-01T00:00:00Z is after",
         "kube-certificate-expired"},
        {"Unable to connect to the server: x509: certificate signed by unknown authority",
         "kube-certificate"},
        {"Unable to connect to the server: remote error: tls: expired certificate",
         "kube-certificate-expired"},
        {"error: You must be logged in to the server (Unauthorized)", "kube-unauthorized"},
        {"error: You must be logged in to the server (the server has asked for the client to "
         "provide credentials)",
         "kube-unauthorized"},
        {"Error from server (Forbidden): nodes is forbidden: User \"x\" cannot list resource",
         "kube-forbidden"},
        {"error: context \"x\" does not exist", "kube-context"},
        {"error: stat /root/none: no such file or directory", "kubeconfig-unreadable"},
        {"error: open /root/.kube/config: permission denied", "kubeconfig-unreadable"},
        {"Error from server (NotFound): nodes \"x\" not found", "kube-not-found"},
        {"Error from server (NotFound): the server could not find the requested resource",
         "kube-version-skew"},
        {"Error from server (Expired): The provided continue parameter is too old",
         "kube-list-expired"},
        {"Error from server (ServiceUnavailable): the server is currently unable",
         "kube-unavailable"},
        {"error: unknown flag: --validate", "kube-version-skew"},
        {"something new", "kube-failed"},
    };
    const struct kubectl kubectl = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct error error = ERROR_INIT;

        assert_true(kubectl_explain(&kubectl, cases[i][0], &error) < 0);
        if (strcmp(error.id, cases[i][1]) != 0)
            fail_msg("%s: taken for %s", cases[i][0], error.id);
        assert_non_null(strstr(error_message(&error), cases[i][0]));
        error_clear(&error);
    }
}

static void write_file(const char *path, const char *text)
{
    AUTO_FCLOSE FILE *file = fopen(path, "we");

    assert_non_null(file);
    fputs(text, file);
}

/* What kubectl quotes may hold passwords: a proxy's, or the server's own. */
static void test_what_is_quoted_is_withheld(void **state)
{
    static const char *const texts[] = {
        "error: error loading config file \"x\": yaml: cannot unmarshal !!str `s3cret...` into "
        "string",
        "error: invalid 'proxy-url' \"http://u:s3cret@p:x\" for cluster \"c\": could not parse: "
        "http://u:s3cret@p:x",
        "error: host must be a URL or a host:port pair: \"https://u:s3cret@h:x\"",
    };
    const struct kubectl kubectl = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct error error = ERROR_INIT;

        kubectl_explain(&kubectl, texts[i], &error);
        assert_string_equal(error.id, "kubeconfig-broken");
        assert_null(strstr(error_message(&error), "s3cret"));
        error_clear(&error);
    }
}

static void test_nothing_secret_is_told(void **state)
{
    static const char *const secrets[] = {"hunter2secret", "LS0tLS1CRUdJTiBQUklWQVRF", "p4ssw0rd!",
                                          "in-json-secret"};
    char path[] = "/tmp/k3s_kubectl_test.XXXXXX";
    AUTO_CLOSE int fd = mkstemp(path);
    struct kubectl kubectl = {0};
    struct error error = ERROR_INIT;

    (void)state;
    assert_true(fd >= 0);
    write_file(path, "users:\n- name: a\n  user:\n    token: hunter2secret\n"
                     "    client-key-data: LS0tLS1CRUdJTiBQUklWQVRF\n    password: \"p4ssw0rd!\"\n"
                     "    auth-provider: {config:\n   \"id-token\": \"in-json-secret\" }\n");
    kubectl_read_secrets(path, &kubectl.secrets);
    unlink(path);
    for (size_t i = 0; i < ARRAY_SIZE(secrets); i++) {
        char text[128];

        snprintf(text, sizeof(text), "what is %s? (%s)", secrets[i], secrets[i]);
        AUTO_FREE char *scrubbed = kubectl_scrub(&kubectl, text);
        assert_string_equal(scrubbed, "what is ********? (********)");
        kubectl_explain(&kubectl, text, &error);
        assert_null(strstr(error_message(&error), secrets[i]));
    }
    error_clear(&error);
    kubectl_release(&kubectl);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_large_input_comes_back),
        cmocka_unit_test(test_much_on_both_streams_before_the_input_is_read),
        cmocka_unit_test(test_input_that_nobody_reads),
        cmocka_unit_test(test_time_is_over),
        cmocka_unit_test(test_ended_by_a_signal),
        cmocka_unit_test(test_no_such_program),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_what_is_quoted_is_withheld),
        cmocka_unit_test(test_nothing_secret_is_told),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
