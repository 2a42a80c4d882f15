/* UTF-8 and the few facts about code points that Python's str methods depend on. */
#include <string.h>

#include "cleanup.h"
#include "python_text.h"

/* The zeros of all scripts' decimal digits (Unicode 14, general category Nd). */
static const unsigned ZEROS[] = {
    0x30,    0x660,   0x6f0,   0x7c0,   0x966,   0x9e6,   0xa66,   0xae6,   0xb66,   0xbe6,
    0xc66,   0xce6,   0xd66,   0xde6,   0xe50,   0xed0,   0xf20,   0x1040,  0x1090,  0x17e0,
    0x1810,  0x1946,  0x19d0,  0x1a80,  0x1a90,  0x1b50,  0x1bb0,  0x1c40,  0x1c50,  0xa620,
    0xa8d0,  0xa900,  0xa9d0,  0xa9f0,  0xaa50,  0xabf0,  0xff10,  0x104a0, 0x10d30, 0x11066,
    0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0,
    0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2,
    0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0};

int python_digit(unsigned code)
{
    for (size_t i = 0; i < ARRAY_SIZE(ZEROS); i++)
        if (code >= ZEROS[i] && code < ZEROS[i] + 10)
            return (int)(code - ZEROS[i]);
    return -1;
}

size_t utf8_decode(const char *p, const char *end, unsigned *ret_code)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *u = (const unsigned char *)p;
    size_t length = u[0] < 0x80 ? 1 : u[0] < 0xc2 ? 0 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;

    if (length == 0 || u[0] > 0xf4 || (size_t)(end - p) < length)
        return 0;
    unsigned code = length == 1 ? u[0] : u[0] & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((u[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (u[i] & 0x3f);
    }
    if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    *ret_code = code;
    return length;
}

void utf8_add(struct text *text, unsigned code)
{
    char bytes[4];
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    for (size_t i = length - 1; i > 0; i--, code >>= 6)
        bytes[i] = (char)(0x80 | (code & 0x3f));
    bytes[0] = (char)(length == 1 ? code : (0xf00U >> length & 0xff) | code);
    text_add_bytes(text, bytes, length);
}

static bool is_space(unsigned code)
{
    return (code >= 9 && code <= 13) || (code >= 0x1c && code <= 0x20) || code == 0x85 ||
           code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
           code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

void python_strip(const char *string, const char **ret_start, size_t *ret_length)
{
    const char *end = string + strlen(string), *start = NULL, *stop = string;
    unsigned code;
    size_t n;

    for (const char *p = string; p < end; p += n) {
        n = utf8_decode(p, end, &code);
        if (n == 0) {
            n = 1;
            code = 0xfffd;
        }
        if (is_space(code))
            continue;
        if (!start)
            start = p;
        stop = p + n;
    }
    *ret_start = start ? start : string;
    *ret_length = start ? (size_t)(stop - start) : 0;
}

size_t python_blanks(const char *string)
{
    const char *p = string, *end = string + strlen(string);
    unsigned code;
    size_t n;

    while (p < end && (n = utf8_decode(p, end, &code)) > 0 && is_space(code))
        p += n;
    return (size_t)(p - string);
}
