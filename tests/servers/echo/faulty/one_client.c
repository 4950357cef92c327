/* An echo server as a guide to sockets begins with, and with log lines. The port is a constant. It
 * accepts one client, closes the listener, and ends when this client has left. After an error of recv
 * it goes on with the result -1, and a full buffer has no room for the NUL byte that is added. */
#define _GNU_SOURCE

#include <string.h>
#include <stdio.h>
#include <stdlib.h>

#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <unistd.h>

#define SERVER_PORT "3490"
#define QUEUE_LENGTH 10
#define BUFFER_SIZE 4096

static void fail(const char *call)
{
    perror(call);
    exit(EXIT_FAILURE);
}

/* Binds the first address that can be bound. */
static int bound_socket(void)
{
    struct addrinfo wanted, *all, *each;
    int fd = -1, on = 1;

    memset(&wanted, 0, sizeof wanted);
    wanted.ai_flags = AI_PASSIVE;
    wanted.ai_family = AF_INET;
    wanted.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(NULL, SERVER_PORT, &wanted, &all) != 0)
        fail("getaddrinfo");
    for (each = all; each != NULL; each = each->ai_next) {
        fd = socket(each->ai_family, each->ai_socktype, each->ai_protocol);
        if (fd == -1) {
            perror("socket");
            continue;
        }
        if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
            fail("setsockopt");
        if (bind(fd, each->ai_addr, each->ai_addrlen) == 0)
            break;
        perror("bind");
        close(fd);
    }
    if (each == NULL)
        exit(EXIT_FAILURE);
    freeaddrinfo(all);
    return fd;
}

static void echo(int client, const char *peer)
{
    char bytes[BUFFER_SIZE];

    for (;;) {
        printf("waiting for bytes from %s\n", peer);
        int count = recv(client, bytes, BUFFER_SIZE, 0);
        if (count == 0) {
            printf("%s has left\n", peer);
            return;
        }
        if (count < 0)
            perror("recv");
        bytes[count] = '\0';
        printf("%s sent: %s\n", peer, bytes);
        if (send(client, bytes, count, 0) == -1)
            perror("send");
    }
}

int main(void)
{
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    char peer[INET_ADDRSTRLEN];
    int listener = bound_socket();

    if (listen(listener, QUEUE_LENGTH) == -1)
        fail("listen");
    printf("[START] port=%s\n", SERVER_PORT);
    int client = accept(listener, (struct sockaddr *)&from, &size);
    if (client == -1)
        fail("accept");
    inet_ntop(AF_INET, &from.sin_addr, peer, sizeof peer);
    printf("[ACCEPT] fd=%d from=%s\n", client, peer);
    close(listener);
    echo(client, peer);
    close(client);
    printf("[DISCONNECT] fd=%d\n", client);
    return EXIT_SUCCESS;
}
