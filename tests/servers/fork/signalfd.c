/* Reads SIGCHLD and SIGTERM from a signalfd, beside a listener that does not block. Accepts until
 * EAGAIN. While no descriptor is free, the listener is not polled. */
#include "fork.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>

static void handle_signal(int signals)
{
    struct signalfd_siginfo info;
    if (read(signals, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (info.ssi_signo == SIGTERM) {
        signal(SIGTERM, SIG_IGN);
        kill(0, SIGTERM);
        exit(EXIT_SUCCESS);
    }
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

static void start_child(int listener, int signals, int client, sigset_t *before)
{
    pid_t child = fork();
    if (child == 0) {
        close(listener);
        close(signals);
        sigprocmask(SIG_SETMASK, before, NULL);
        serve_client(client, client);
        _exit(0);
    }
    close(client);
    if (child > 0)
        printf("[FORK] pid=%d fd=%d\n", child, client);
    else
        perror("fork");
}

int main(void)
{
    sigset_t wanted, before;
    int listener = start();
    setpgid(0, 0);
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    sigaddset(&wanted, SIGTERM);
    sigprocmask(SIG_BLOCK, &wanted, &before);
    int signals = signalfd(-1, &wanted, SFD_CLOEXEC);
    fcntl(listener, F_SETFL, O_NONBLOCK);
    for (;;) {
        static int is_short;
        struct pollfd watched[] = {{is_short ? -1 : listener, POLLIN, 0}, {signals, POLLIN, 0}};
        if (poll(watched, 2, is_short ? 50 : -1) < 0)
            continue;
        if (watched[1].revents)
            handle_signal(signals);
        if (!is_short && !watched[0].revents)
            continue;
        int client;
        while ((client = accept(listener, NULL, NULL)) >= 0)
            start_child(listener, signals, client, &before);
        is_short = is_shortage();
    }
}
