/* A slow server: each event needs 5 ms of CPU time and 2 ms of sleep. The pollfd array grows as
 * needed. Clients that have left are marked, and then all marked entries are removed in one
 * pass. */
#include "common.h"
#include "reserve.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { GONE = -1 };

/* watched[i] and slots[i] belong to the same descriptor. Entry 0 is the listener. */
static struct pollfd *watched;
static int *slots;
static size_t count, capacity;

static char taken[CLIENT_LIMIT];
static int max_clients;

static long cpu_nanoseconds(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return used.tv_sec * 1000000000L + used.tv_nsec;
}

static void do_slow_work(void)
{
    for (long end = cpu_nanoseconds() + 5000000L; cpu_nanoseconds() < end;)
        for (volatile int i = 0; i < 50000; i++) /* compute */
            ;
    nanosleep(&(struct timespec){.tv_nsec = 2000000L}, NULL);
}

static void push(int fd, int slot)
{
    if (count == capacity) {
        capacity = capacity ? 2 * capacity : 4;
        watched = realloc(watched, capacity * sizeof *watched);
        slots = realloc(slots, capacity * sizeof *slots);
        if (watched == NULL || slots == NULL)
            abort();
    }
    watched[count] = (struct pollfd){.fd = fd, .events = POLLIN};
    slots[count] = slot;
    count++;
}

static void take_client(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) {
        reject_by_spare(listener);
        return; /* poll reports the listener again if a client waits. */
    }
    const char *free_slot = memchr(taken, 0, max_clients);
    if (free_slot == NULL) {
        close(fd);
        log_reject(max_clients);
        return;
    }
    int slot = free_slot - taken;
    taken[slot] = 1;
    push(fd, slot);
    log_accept(fd, slot);
}

static void read_client(size_t i)
{
    char bytes[1024];
    int fd = watched[i].fd;
    ssize_t got = read(fd, bytes, sizeof bytes);
    if (got > 0 || (got == -1 && (errno == EAGAIN || errno == EINTR)))
        return;
    close(fd);
    watched[i].fd = GONE;
    taken[slots[i]] = 0;
    log_disconnect(fd, slots[i]);
}

static void remove_gone(void)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (watched[i].fd == GONE)
            continue;
        watched[kept] = watched[i];
        slots[kept++] = slots[i];
    }
    count = kept;
}

int main(void)
{
    int port = port_setting();
    max_clients = max_clients_setting();
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    struct sockaddr_in local = {AF_INET, htons(port), {INADDR_ANY}, {0}};
    if (bind(listener, (void *)&local, sizeof local) || listen(listener, 512))
        refuse_port(port);
    push(listener, -1);
    open_spare();
    log_start(max_clients);
    for (;;) {
        if (poll(watched, count, -1) == -1)
            continue;
        for (size_t i = count; i-- > 0;) {
            if (!watched[i].revents)
                continue;
            do_slow_work();
            if (i == 0)
                take_client(listener);
            else
                read_client(i);
        }
        remove_gone();
    }
}
