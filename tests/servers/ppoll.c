/* SIGTERM is blocked except in ppoll. Therefore the server handles SIGTERM only while it waits.
 * Slot n is entry n + 1 of the pollfd array. ppoll gets the entries up to the highest slot in
 * use. */
#include "common.h"
#include "reserve.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile sig_atomic_t ending;

static struct pollfd watched[1 + CLIENT_LIMIT];
static nfds_t used = 1; /* the number of entries up to the last entry in use */
static int max_clients;

static void note_sigterm(int number)
{
    (void)number;
    ending = 1;
}

/* Blocks SIGTERM. Returns the previous signal mask without SIGTERM; ppoll uses this mask. */
static sigset_t mask_while_waiting(void)
{
    sigset_t sigterm, waiting;
    sigemptyset(&sigterm);
    sigaddset(&sigterm, SIGTERM);
    sigprocmask(SIG_BLOCK, &sigterm, &waiting);
    sigdelset(&waiting, SIGTERM);
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = note_sigterm}, NULL);
    return waiting;
}

static void seat(int fd)
{
    nfds_t i = 1;
    while (i < used && watched[i].fd >= 0)
        i++;
    if (i > (nfds_t)max_clients) {
        close(fd);
        log_reject(max_clients);
        return;
    }
    watched[i] = (struct pollfd){.fd = fd, .events = POLLIN};
    if (i == used)
        used++;
    log_accept(fd, (int)i - 1);
}

static void unseat(nfds_t i)
{
    int fd = watched[i].fd;
    close(fd);
    watched[i].fd = -1;
    while (used > 1 && watched[used - 1].fd < 0)
        used--;
    log_disconnect(fd, (int)i - 1);
}

static void read_some(nfds_t i)
{
    char bytes[4096];
    ssize_t got = read(watched[i].fd, bytes, sizeof bytes);
    int only_now = got < 0 && (errno == EAGAIN || errno == EINTR);
    if (got <= 0 && !only_now)
        unseat(i);
}

static void serve(void)
{
    for (nfds_t i = used - 1; i > 0; i--)
        if (watched[i].revents)
            read_some(i);
    if (watched[0].revents) {
        int fd = accept4(watched[0].fd, NULL, NULL, SOCK_NONBLOCK);
        if (fd >= 0)
            seat(fd);
        else
            back_off();
    }
}

int main(void)
{
    int port = port_setting(), yes = 1;
    max_clients = max_clients_setting();
    sigset_t waiting = mask_while_waiting();
    struct sockaddr_in at = {.sin_family = AF_INET};
    at.sin_port = htons(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 32) != 0)
        refuse_port(port);
    watched[0] = (struct pollfd){.fd = fd, .events = POLLIN};
    log_start(max_clients);
    while (!ending)
        if (ppoll(watched, used, NULL, &waiting) > 0)
            serve();
    puts("SIGTERM: good night");
    return EXIT_SUCCESS;
}
