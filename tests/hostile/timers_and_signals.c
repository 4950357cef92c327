/* Tries: to use up the signals and timers of its user, which other programs of the same user share.
 * Must: be proved, because a limit of the program's own stops it. */
#define _GNU_SOURCE

#include "hostile.h"

#include <signal.h>
#include <time.h>

static void attack(void)
{
    long timers = 0, signals = 0;
    timer_t timer;
    struct sigevent quiet = {.sigev_notify = SIGEV_NONE};
    while (timers < 20000 && timer_create(CLOCK_MONOTONIC, &quiet, &timer) == 0)
        timers++;
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    union sigval value = {0};
    while (signals < 20000 && sigqueue(getpid(), SIGRTMIN + 5, value) == 0)
        signals++;
    if (timers + signals > 8192)
        breach("%ld timers and %ld signals", timers, signals);
    signal(SIGRTMIN + 5, SIG_IGN); /* the kernel drops the signals that wait */
    sigemptyset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
}
