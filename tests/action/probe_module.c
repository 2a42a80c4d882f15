/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A module for the tests of the action plugin: says what reached it, and misbehaves as it is told.
 * Uses libc only, so that it is easily built for another architecture. Options are found by their
 * text, as ansible-core's json.dumps writes it: "sleep": SECONDS, "signal": NUMBER, "exit": STATUS,
 * "junk": true (a line before the result), "quiet": true (no result).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__aarch64__)
static const char built_for[] = "aarch64";
#else
static const char built_for[] = "x86_64";
#endif

static char arguments[1 << 16];

static int number(const char *option)
{
    const char *found = strstr(arguments, option);

    return found ? atoi(found + strlen(option)) : 0;
}

static void print_string(const char *key, const char *text)
{
    printf(", \"%s\": \"", key);
    for (; *text; text++)
        printf(*text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    printf("\"");
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "-";
    const char *environment = getenv("PROBE");
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    size_t most = argc > 2 ? (size_t)atoi(argv[2]) : sizeof(arguments) - 1;

    if (!file || most >= sizeof(arguments) || fread(arguments, 1, most, file) == 0) {
        puts("{\"failed\": true, \"msg\": \"no arguments\"}");
        return 1;
    }
    sleep((unsigned)number("\"sleep\": "));
    if (number("\"signal\": "))
        raise(number("\"signal\": "));
    if (strstr(arguments, "\"junk\": true"))
        puts("a line that is no JSON");
    if (strstr(arguments, "\"quiet\": true"))
        return number("\"exit\": ");
    printf("{\"changed\": false, \"arguments\": %s, \"uid\": %u", arguments, getuid());
    print_string("environment", environment ? environment : "");
    print_string("built_for", built_for);
    print_string("by", strcmp(path, "-") == 0 ? "standard input" : "file");
    puts("}");
    return number("\"exit\": ");
}
