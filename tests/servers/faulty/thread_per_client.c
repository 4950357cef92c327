/* Keeps the log of a tracker, but gives each client a thread that blocks in read. */
#include "../common.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

struct seat {
    int fd, taken;
};

/* The lock holds for the table and for the order of the log. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct seat seats[MOST_CLIENTS];
static int max_clients;

/* The thread of one client, until it leaves. */
static void *attend(void *argument)
{
    struct seat *seat = argument;
    char bytes[4096];
    ssize_t got;
    do
        got = read(seat->fd, bytes, sizeof bytes);
    while (got > 0 || (got < 0 && errno == EINTR));
    pthread_mutex_lock(&lock);
    close(seat->fd);
    seat->taken = 0;
    log_disconnect(seat->fd, (int)(seat - seats));
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void start_thread(struct seat *seat)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, attend, seat) != 0)
        abort();
    pthread_detach(thread);
}

static void place(int fd)
{
    int slot = 0;
    while (slot < max_clients && seats[slot].taken)
        slot++;
    if (slot == max_clients) {
        close(fd);
        log_reject(max_clients);
        return;
    }
    seats[slot] = (struct seat){.fd = fd, .taken = 1};
    log_accept(fd, slot);
    start_thread(&seats[slot]);
}

int main(void)
{
    int port = port_setting();
    max_clients = max_clients_setting();
    struct sockaddr_in street = {.sin_family = AF_INET, .sin_port = htons(port)};
    int door = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(door, (struct sockaddr *)&street, sizeof street) || listen(door, 128))
        refuse_port(port);
    log_start(max_clients);
    for (;;) {
        int fd = accept(door, NULL, NULL);
        if (fd < 0)
            continue;
        pthread_mutex_lock(&lock);
        place(fd);
        pthread_mutex_unlock(&lock);
    }
}
