/* Logs like a tracker, but starts a thread for each client. The thread blocks in read. */
#include "../common.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

struct slot {
    int fd, taken;
};

/* The lock protects the table and the order of the log. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct slot slots[CLIENT_LIMIT];
static int max_clients;

/* Runs in the thread of one client, until the connection has ended. */
static void *serve_client(void *argument)
{
    struct slot *slot = argument;
    char bytes[4096];
    ssize_t got;
    do
        got = read(slot->fd, bytes, sizeof bytes);
    while (got > 0 || (got < 0 && errno == EINTR));
    pthread_mutex_lock(&lock);
    close(slot->fd);
    slot->taken = 0;
    log_disconnect(slot->fd, (int)(slot - slots));
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void start_thread(struct slot *slot)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve_client, slot) != 0)
        abort();
    pthread_detach(thread);
}

static void add_client(int fd)
{
    int number = 0;
    while (number < max_clients && slots[number].taken)
        number++;
    if (number == max_clients) {
        close(fd);
        log_reject(max_clients);
        return;
    }
    slots[number] = (struct slot){.fd = fd, .taken = 1};
    log_accept(fd, number);
    start_thread(&slots[number]);
}

int main(void)
{
    int port = port_setting();
    max_clients = max_clients_setting();
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 128))
        refuse_port(port);
    log_start(max_clients);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            continue;
        pthread_mutex_lock(&lock);
        add_client(fd);
        pthread_mutex_unlock(&lock);
    }
}
