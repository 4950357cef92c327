/* Included by the forking servers in C: the creation of the listener, the next client, the end of
 * the children, and the work of a child. */
#ifndef FORK_H
#define FORK_H

#include "../common.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Creates a socket that listens on PORT, and logs [START]. */
static inline int start(void)
{
    int port = setting("PORT", 1205, 65535), yes = 1;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 5) < 0)
        refuse_port(port);
    printf("[START] port=%d\n", port);
    return listener;
}

/* Whether errno says that no descriptor or no memory is free. */
static inline int is_shortage(void)
{
    return errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
}

/* Waits for a client. Pauses while no descriptor is free, so that there is no busy loop. */
static inline int next_client(int listener)
{
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client >= 0)
            return client;
        if (is_shortage())
            usleep(20000);
        else if (errno != EINTR && errno != ECONNABORTED)
            exit(EXIT_FAILURE);
    }
}

/* Ends the calling child when its parent ends. */
static inline void end_with_parent(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(0);
}

/* SIGTERM ends all processes of the group: the server and its children. */
static inline void end_group(int signal_number)
{
    signal(signal_number, SIG_IGN);
    kill(0, signal_number);
    _exit(0);
}

/* Moves the server to a process group of its own, which its children inherit. */
static inline void lead_group(void)
{
    setpgid(0, 0);
    signal(SIGTERM, end_group);
}

/* Changes the case of the client's letters and sends the text back, until end of file. */
static inline void serve_client(int in, int out)
{
    char text[512];
    ssize_t count;
    while ((count = read(in, text, sizeof text)) > 0 || (count < 0 && errno == EINTR)) {
        for (ssize_t i = 0; i < count; i++)
            if (isalpha((unsigned char)text[i]))
                text[i] ^= 0x20;
        for (ssize_t sent = 0, once; sent < count; sent += once)
            if ((once = write(out, text + sent, (size_t)(count - sent))) < 0) {
                if (errno != EINTR)
                    return;
                once = 0;
            }
    }
}

#endif
