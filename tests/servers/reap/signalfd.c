/* SIGCHLD is blocked, and read from a signalfd. poll waits for it and for clients. */
#include "reap.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>

int main(void)
{
    sigset_t set;
    int listener = start(), client;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    fcntl(listener, F_SETFL, O_NONBLOCK);
    for (;;) {
        struct signalfd_siginfo info;
        struct pollfd watched[] = {{listener, POLLIN, 0}, {signals, POLLIN, 0}};
        if (poll(watched, 2, -1) < 0)
            continue;
        if (watched[1].revents && read(signals, &info, sizeof info) > 0)
            reap_all();
        if (!watched[0].revents)
            continue;
        if ((client = accept(listener, NULL, NULL)) >= 0)
            start_child(listener, client);
        else if (is_shortage())
            usleep(20000);
    }
}
