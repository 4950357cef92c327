/* SIGTERM ends the server's loop: the signal handler writes a byte to a pipe, and poll waits for
 * this pipe, too. poll has a time-out of one second, or of 20 ms while no descriptor is free: then
 * the listener waits for no event. The free slots are a linked list inside the table. */
#include "common.h"
#include "reserve.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NONE = -1, WAKE = 0, LISTENER = 1, FIRST_CLIENT = 2, SECOND_MS = 1000, PAUSE_MS = 20 };

struct connection {
    int fd;        /* NONE when the slot is free */
    int next_free; /* for a free slot: the next free slot in the list */
};

static struct connection table[CLIENT_LIMIT];
static int first_free, max_clients;
static int wake_pipe[2];

/* A signal handler may call write (signal-safety(7)). */
static void on_sigterm(int signal_number)
{
    int saved = errno;
    (void)signal_number;
    (void)!write(wake_pipe[1], "", 1);
    errno = saved;
}

static void handle_sigterm(void)
{
    if (pipe2(wake_pipe, O_NONBLOCK | O_CLOEXEC) < 0) {
        perror("pipe2");
        exit(EXIT_FAILURE);
    }
    struct sigaction action = {.sa_handler = on_sigterm};
    sigaction(SIGTERM, &action, NULL);
}

static void chain_free_slots(void)
{
    for (int slot = 0; slot < max_clients; slot++)
        table[slot] = (struct connection){.fd = NONE, .next_free = slot + 1};
    table[max_clients - 1].next_free = NONE;
}

static void enter(int fd)
{
    int slot = first_free;
    if (slot == NONE) {
        close(fd);
        log_reject(max_clients);
        return;
    }
    first_free = table[slot].next_free;
    table[slot].fd = fd;
    log_accept(fd, slot);
}

static void leave(int slot)
{
    int fd = table[slot].fd;
    close(fd);
    table[slot] = (struct connection){.fd = NONE, .next_free = first_free};
    first_free = slot;
    log_disconnect(fd, slot);
}

static bool is_closed(int fd)
{
    char unread[512];
    ssize_t got = read(fd, unread, sizeof unread);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

/* Writes an entry and a slot for each client, after the entries of the pipe and the listener.
 * Returns the number of entries. */
static nfds_t list(struct pollfd watched[], int slot_at[])
{
    nfds_t count = FIRST_CLIENT;
    for (int slot = 0; slot < max_clients; slot++)
        if (table[slot].fd != NONE) {
            slot_at[count] = slot;
            watched[count++] = (struct pollfd){.fd = table[slot].fd, .events = POLLIN};
        }
    return count;
}

static int make_listener(int port)
{
    struct sockaddr_in self = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(self.sin_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1, failed = fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (failed || bind(fd, (struct sockaddr *)&self, sizeof self) || listen(fd, SOMAXCONN))
        refuse_port(port);
    return fd;
}

int main(void)
{
    static struct pollfd watched[FIRST_CLIENT + CLIENT_LIMIT];
    static int slot_at[FIRST_CLIENT + CLIENT_LIMIT];
    max_clients = max_clients_setting();
    chain_free_slots();
    handle_sigterm();
    watched[WAKE] = (struct pollfd){.fd = wake_pipe[0], .events = POLLIN};
    watched[LISTENER] = (struct pollfd){.fd = make_listener(port_setting()), .events = POLLIN};
    log_start(max_clients);
    do {
        nfds_t count = list(watched, slot_at);
        int ready = poll(watched, count, watched[LISTENER].events ? SECOND_MS : PAUSE_MS);
        watched[LISTENER].events = POLLIN;
        if (ready <= 0)
            continue; /* The time-out has expired, or a signal has interrupted poll. */
        for (nfds_t i = FIRST_CLIENT; i < count; i++)
            if (watched[i].revents && is_closed(watched[i].fd))
                leave(slot_at[i]);
        int fd = watched[LISTENER].revents
            ? accept4(watched[LISTENER].fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC) : NONE;
        if (fd >= 0)
            enter(fd);
        else if (watched[LISTENER].revents && is_out_of_descriptors())
            watched[LISTENER].events = 0;
    } while (!watched[WAKE].revents);
    puts("ended by SIGTERM");
    return EXIT_SUCCESS;
}
