/* What the hostile programs in C share: a right server, and the end of it where an attack succeeds.
 * Each defines attack(). -DBENIGN leaves it out; -DATTACK does nothing else. */
#ifndef HOSTILE_H
#define HOSTILE_H

#define main serve
#include "../servers/linear_scan.c"
#undef main

#include <stdarg.h>

#ifdef BENIGN
enum { HOSTILE = 0 };
#else
enum { HOSTILE = 1 };
#endif

static void attack(void);

/* The attack has got through: the server must not be proved. */
static inline __attribute__((format(printf, 1, 2))) _Noreturn void breach(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("breach: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    _exit(99);
}

int main(void)
{
    if (HOSTILE)
        attack();
#ifdef ATTACK
    return 0;
#else
    return serve();
#endif
}

#endif
