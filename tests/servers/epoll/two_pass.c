/* Handles each batch of events in two passes: first it reads from every client that is ready, and
 * then it removes the clients that have left. A client that connects is accepted after both. The
 * server never replies. Two more threads work: one sleeps for 20 ms again and again, and one waits
 * for a condition that never becomes true. */
#include "tracker.h"

#include <pthread.h>

enum { LISTENER = CLIENT_LIMIT, BATCH = 1024 };

static void *tick(void *unused)
{
    for (;;)
        nanosleep(&(struct timespec){.tv_nsec = 20000000L}, NULL);
    return unused;
}

static void *wait_for_work(void *unused)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
    pthread_mutex_lock(&mutex);
    for (;;)
        pthread_cond_wait(&work, &mutex);
    return unused;
}

static void start_thread(void *(*body)(void *))
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, body, NULL) != 0)
        abort();
}

/* Reads once. Returns false if the connection has ended. */
static bool read_once(int fd)
{
    static char bytes[65536];
    ssize_t got = recv(fd, bytes, sizeof bytes, 0);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

static void accept_client(int epoll, int listener)
{
    int fd = accept_nonblocking(listener);
    if (fd < 0) {
        reject_by_spare(listener);
        return;
    }
    int slot = enter(fd);
    if (slot >= 0)
        watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, slot);
}

int main(void)
{
    make_table();
    int listener = listen_on(setting("PORT", 7000, 65535)), epoll = epoll_create1(EPOLL_CLOEXEC);
    watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN, LISTENER);
    start_thread(tick);
    start_thread(wait_for_work);
    log_start(max_clients);
    for (;;) {
        static struct epoll_event events[BATCH];
        static int left[BATCH];
        int count = epoll_wait(epoll, events, BATCH, -1), left_count = 0;
        bool arrived = false;
        for (int i = 0; i < count; i++) {
            int slot = events[i].data.u64;
            if (slot == LISTENER)
                arrived = true;
            else if (!read_once(fd_at[slot]))
                left[left_count++] = slot;
        }
        while (left_count > 0)
            leave(left[--left_count]);
        if (arrived)
            accept_client(epoll, listener);
    }
}
