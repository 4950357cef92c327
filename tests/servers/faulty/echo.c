/* A blocking echo server. Without a macro, or with one of the first group, it is correct. Each macro
 * of the second group adds one fault, which a beginner's server may have. */
#include "../common.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BUFFER 4096

struct conversation {
    char bytes[BUFFER];
    int client;
};

static volatile sig_atomic_t is_ending;

static void end(int signal) { (void)signal, is_ending = 1; }

static void nap(long millis)
{
    struct timespec time = {millis / 1000, millis % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* Returns -1 if the client has left. */
static int send_bytes(int client, const char *from, ssize_t count)
{
    for (ssize_t sent = 0, now; sent < count; sent += now) {
        now = write(client, from + sent, count - sent);
        if (now == -1 && errno == EINTR)
            now = 0;
#ifdef SPINS_ON_EAGAIN
        if (now == -1 && errno == EAGAIN)
            now = 0;
#endif
        if (now == -1)
            return -1;
    }
    return 0;
}

/* Returns -1 if the client was lost while the server wrote. */
static int converse(int client)
{
    struct conversation it = {.client = client};
    for (;;) {
        ssize_t count = read(it.client, it.bytes, BUFFER);
#ifdef SPINS_ON_EAGAIN
        struct pollfd next = {it.client, POLLIN, 0};
        while (count == -1 && errno == EAGAIN && poll(&next, 1, -1) == 1)
            count = read(it.client, it.bytes, BUFFER);
#endif
        if (count == -1 && errno == EINTR && !is_ending)
            continue;
        if (is_ending) {
            /* A correct server may let its client finish for a moment. */
            struct pollfd last = {it.client, POLLIN, 0};
            for (int left = 5; left > 0 && poll(&last, 1, 100) == 0; left--)
                ;
            return 0;
        }
        if (count <= 0) {
            if (count == -1)
                perror("read");
            return 0;
        }
#ifdef CHANGES_LAST
        if (count == BUFFER)
            it.bytes[BUFFER - 1] = '\0'; /* the place of the NUL that a text needs */
#endif
#ifdef WRITES_PAST_BUFFER
        it.bytes[count] = '\0';
#endif
        if (send_bytes(it.client, it.bytes, count) == -1)
            return -1;
    }
}

/* Called after accept has failed. Returns whether the server can go on. */
static int can_go_on(void)
{
#ifdef ENDS_ON_ACCEPT_ERROR
    return 0;
#endif
    switch (errno) {
    case EINTR:
    case ECONNABORTED:
        return 1;
    case EMFILE:
#if defined BACKS_OFF_A_SECOND
        nap(1000);
#elif !defined RETRIES_AT_ONCE
        nap(10);
#endif
        return 1;
    default:
        return 0;
    }
}

static void bind_or_end(int listener, int port)
{
    int is_bound = -1;
#if defined IPV6_ONLY
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    const struct sockaddr *address = (void *)&v6;
    socklen_t length = sizeof v6;
    int yes = 1;
    setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
#else
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    const struct sockaddr *address = (void *)&v4;
    socklen_t length = sizeof v4;
#ifdef LOOPBACK_ONLY
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
#endif
#endif
#if defined RETRIES_BIND
    while ((is_bound = bind(listener, address, length)) == -1)
        nap(50);
#elif defined RETRIES_BIND_SOMETIMES
    for (int left = 4; left > 0 && (is_bound = bind(listener, address, length)) == -1; left--)
        nap(50);
#else
    is_bound = bind(listener, address, length);
#endif
#ifndef UNCHECKED_BIND
    if (is_bound == -1 || listen(listener, 128) == -1)
        refuse_port(port);
#else
    (void)is_bound;
    listen(listener, 128);
#endif
}

int main(void)
{
#ifdef FULLY_BUFFERED
    static char kept[1 << 16];
    setvbuf(stdout, kept, _IOFBF, sizeof kept);
#endif
#ifdef UNCHECKED_PORT
    int port = getenv("PORT") ? atoi(getenv("PORT")) : 3490;
#else
    int port = setting("PORT", 3490, 65535);
#endif
    struct sigaction action = {.sa_handler = SIG_DFL};
    signal(SIGPIPE, SIG_IGN);
#ifdef IGNORES_SIGTERM
    action.sa_handler = SIG_IGN;
#endif
#ifdef LETS_CLIENT_FINISH
    action.sa_handler = end;
#endif
    (void)end;
    sigaction(SIGTERM, &action, NULL);

#ifdef IPV6_ONLY
    int listener = socket(AF_INET6, SOCK_STREAM, 0), yes = 1;
#else
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
#endif
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
#ifdef SHARES_PORT
    setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
#endif
    bind_or_end(listener, port);
#ifdef UNTAGGED_START
    printf("START port=%d\n", port);
#else
    printf("[START] port=%d\n", port);
#endif
    struct sockaddr_in peer;
#ifdef ADDRESS_LENGTH
    socklen_t length = -1; /* the size of peer belongs here (accept(2)) */
#endif
    while (!is_ending) {
#ifndef ADDRESS_LENGTH
        socklen_t length = sizeof peer;
#endif
        int client = accept(listener, (void *)&peer, &length);
#ifndef UNCHECKED_ACCEPT
        if (client == -1 && is_ending)
            break;
        if (client == -1) {
            int error = errno;
            perror("accept");
            errno = error;
            if (!can_go_on())
                return 1;
            continue;
        }
#endif
#if defined SPINS_ON_EAGAIN
        fcntl(client, F_SETFL, O_NONBLOCK);
#elif defined ACCEPT_AT_FIRST_BYTE
        recv(client, &(char){0}, 1, MSG_PEEK);
#endif
        printf("[ACCEPT] fd=%d\n", client);
#ifdef KEEPS_SILENT_CLIENT
        if (recv(client, &(char){0}, 1, MSG_PEEK) == 0) {
            shutdown(client, SHUT_RDWR);
            printf("[DISCONNECT] fd=%d\n", client);
            continue; /* the client has sent nothing, and its descriptor stays open */
        }
#endif
#ifdef KEEPS_DEAD_CLIENT
        socklen_t size = sizeof peer;
        if (getpeername(client, (void *)&peer, &size) == -1) {
            printf("[DISCONNECT] fd=%d\n", client);
            continue; /* the client has left before, and its descriptor stays open */
        }
#endif
        int is_lost = converse(client) == -1;
#ifdef KEEPS_AFTER_EPIPE
        if (is_lost && errno == EPIPE)
            continue;
#endif
        close(client);
#ifdef LOST_CLIENT_UNLOGGED
        if (is_lost)
            continue;
#endif
        (void)is_lost;
        printf("[DISCONNECT] fd=%d\n", client);
#ifdef SERVES_ONCE
        return 0;
#endif
    }
    (void)can_go_on, (void)nap;
    return 0;
}
