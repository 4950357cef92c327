/* A level-triggered echo server. It reads once for each event, and waits for EPOLLOUT while a part
 * of its reply is not sent. */
#include "tracker.h"

enum { LISTENER = CLIENT_LIMIT };

struct answer {
    size_t length, sent;
    char bytes[4096];
};

static struct answer answers[CLIENT_LIMIT];

static bool is_open(ssize_t result)
{
    return result >= 0 || errno == EAGAIN || errno == EINTR;
}

/* Reads only if all bytes are sent, and then sends as many bytes as possible. Returns false if the
 * connection has ended. */
static bool serve(int slot)
{
    struct answer *answer = &answers[slot];
    if (answer->sent == answer->length) {
        ssize_t got = read(fd_at[slot], answer->bytes, sizeof answer->bytes);
        if (got <= 0)
            return got < 0 && is_open(got);
        answer->length = got;
        answer->sent = 0;
    }
    size_t left = answer->length - answer->sent;
    ssize_t put = send(fd_at[slot], answer->bytes + answer->sent, left, MSG_NOSIGNAL);
    if (put > 0)
        answer->sent += put;
    return is_open(put);
}

static bool drains(int slot) { return answers[slot].sent < answers[slot].length; }

static void accept_client(int epoll, int listener)
{
    int fd = accept_nonblocking(listener);
    if (fd < 0)
        reject_by_spare(listener);
    int slot = fd < 0 ? -1 : enter(fd);
    if (slot < 0)
        return; /* After a temporary error, epoll_wait reports the listener again. */
    answers[slot].length = answers[slot].sent = 0;
    watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, slot);
}

int main(void)
{
    make_table();
    int listener = listen_on(setting("PORT", 7000, 65535)), epoll = epoll_create1(0);
    watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN, LISTENER);
    log_start(max_clients);
    for (;;) {
        struct epoll_event events[EVENTS];
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            int slot = events[i].data.u64;
            if (slot == LISTENER) {
                accept_client(epoll, listener);
                continue;
            }
            bool drained = drains(slot);
            if (!serve(slot))
                leave(slot);
            else if (drains(slot) != drained)
                watch(epoll, EPOLL_CTL_MOD, fd_at[slot], drained ? EPOLLIN : EPOLLOUT, slot);
        }
    }
}
