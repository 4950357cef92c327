/* A fork server with one fault, which a macro chooses:
 *
 *   WRITES_TWICE   the rest of a short write is written once, and may be short, too
 *   RETRIES_EPIPE  a send that fails with EPIPE is tried again, after a nap
 *   NEEDS_PEER     the server ends if getpeername fails for a client, which has left before
 *   KEEPS_PEERLESS such a client gets no child, and is not closed
 *   SHUTS_DOWN     if fork fails, the client's connection is ended and its descriptor stays open
 * or the parent ends the children in a handler of SIGTERM, and:
 *   KEEPS_BLOCKED  SIGTERM stays blocked after a failed fork, until the next one succeeds
 *   TABLE          it has room for 64 children
 * Without a macro, there is no fault. */
#include "../fork.h"

static char text[65536];

static void send_back(int client, ssize_t count)
{
    for (ssize_t sent = 0, once, writes = 0; sent < count; sent += once) {
#ifdef WRITES_TWICE
        if (writes == 2)
            break;
#endif
        once = write(client, text + sent, (size_t)(count - sent));
        writes++;
#ifdef RETRIES_EPIPE
        while (once < 0 && errno == EPIPE) {
            usleep(10000);
            once = write(client, text + sent, (size_t)(count - sent));
        }
#endif
        if (once < 0 && errno != EINTR)
            _exit(0);
        if (once < 0)
            once = 0;
    }
}

static void converse(int client)
{
    ssize_t count;
    while ((count = read(client, text, sizeof text)) > 0 || (count < 0 && errno == EINTR)) {
        for (ssize_t i = 0; i < count; i++)
            if (isalpha((unsigned char)text[i]))
                text[i] ^= 0x20;
        send_back(client, count);
    }
}

#if defined(KEEPS_BLOCKED) || defined(TABLE)
#define ENDS_IN_HANDLER
#endif
#ifdef TABLE
#define ROWS 64
#else
#define ROWS 4096
#endif

static pid_t children[ROWS];
static int count;

static void end_children(int number)
{
    (void)number;
    for (int row = 0; row < count; row++)
        kill(children[row], SIGTERM);
    _exit(0);
}

/* Blocks or unblocks SIGTERM, if it has a handler: `how` is SIG_BLOCK or SIG_UNBLOCK. */
static void mask(int how)
{
#ifdef ENDS_IN_HANDLER
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(how, &set, NULL);
#else
    (void)how;
#endif
}

/* The first part of a child's work. */
static void begin(pid_t parent)
{
#ifdef ENDS_IN_HANDLER
    (void)parent;
    signal(SIGTERM, SIG_DFL);
    mask(SIG_UNBLOCK);
#else
    end_with_parent(parent);
#endif
}

/* Whether the next client gets a child. */
static int is_welcome(int client)
{
#if defined(NEEDS_PEER) || defined(KEEPS_PEERLESS)
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    if (getpeername(client, (void *)&peer, &length) < 0) {
#ifdef NEEDS_PEER
        perror("getpeername");
        exit(EXIT_FAILURE);
#endif
        return 0;
    }
#endif
    (void)client;
    return 1;
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
#ifdef ENDS_IN_HANDLER
    signal(SIGTERM, end_children);
#else
    (void)end_children;
#endif
    int listener = start();
    for (;;) {
        int client = next_client(listener);
        if (!is_welcome(client))
            continue;
        mask(SIG_BLOCK);
        pid_t parent = getpid(), child = fork();
        if (child == 0) {
            close(listener);
            begin(parent);
            converse(client);
            _exit(0);
        }
        if (child > 0 && count < ROWS)
            children[count++] = child;
#ifdef KEEPS_BLOCKED
        if (child > 0)
            mask(SIG_UNBLOCK);
#else
        mask(SIG_UNBLOCK);
#endif
#ifdef SHUTS_DOWN
        if (child < 0) {
            shutdown(client, SHUT_RDWR);
            continue;
        }
#endif
        close(client);
        if (child > 0)
            printf("[FORK] pid=%d\n", child);
    }
}
