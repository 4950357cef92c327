/* Included by the chat rooms in C: the defaults of a room, and the lines that it writes. */
#ifndef ROOM_H
#define ROOM_H

#include "../common.h"
#include "../reserve.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef REUSE_ADDRESS
#define REUSE_ADDRESS 1
#endif

#ifndef MAX_LINE
#define MAX_LINE 65536 /* bytes, with the newline */
#endif

static inline int room_port(void) { return setting("PORT", 9040, 65535); }

static inline int room_capacity(void) { return setting("MAX_CLIENTS", 256, CLIENT_LIMIT); }

/* A listener at every address, in non-blocking mode. */
static inline int room_listener(int port)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int reuse = REUSE_ADDRESS;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_ANY),
    };
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 128) < 0)
        refuse_port(port);
    return listener;
}

#endif
