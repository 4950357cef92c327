/* The handler sets a flag. Without SA_RESTART accept fails with EINTR, and the loop reaps. A signal
 * between the look at the flag and accept would wake nobody, so SIGCHLD is blocked except in
 * pselect, which waits for a client with another mask. */
#include "reap.h"

#include <fcntl.h>
#include <sys/select.h>

static volatile sig_atomic_t has_ended;

static void on_sigchld(int number)
{
    (void)number;
    has_ended = 1;
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_sigchld};
    sigset_t unblocked;
    int listener = start(), client;
    sigprocmask(SIG_SETMASK, NULL, &unblocked);
    mask_sigchld(SIG_BLOCK);
    sigaction(SIGCHLD, &action, NULL);
    fcntl(listener, F_SETFL, O_NONBLOCK);
    for (;;) {
        fd_set watched;
        FD_ZERO(&watched);
        FD_SET(listener, &watched);
        int ready = pselect(listener + 1, &watched, NULL, NULL, NULL, &unblocked);
        if (has_ended) {
            has_ended = 0;
            reap_all();
        }
        if (ready <= 0)
            continue;
        if ((client = accept(listener, NULL, NULL)) >= 0)
            start_child(listener, client);
        else if (is_shortage())
            usleep(20000);
    }
}
