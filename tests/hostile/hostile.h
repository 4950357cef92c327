/* Included by the hostile programs in C: a correct server that runs attack() before it listens.
 * Each program defines attack(), which exits if the attack succeeds. With -DBENIGN, attack() does
 * not run. With -DATTACK, only attack() runs. */
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

/* Ends the program because the attack has succeeded. Therefore the program is not proved. */
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
