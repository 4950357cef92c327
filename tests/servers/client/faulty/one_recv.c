/* A client as a guide to sockets shows it; its output has the lines of the lesson. It trusts fgets:
 * at end of file, it takes what the buffer happens to contain for a line. An empty line is "sent",
 * and its answer awaited. send and recv are called once each, and 0 bytes are an answer too. */
#define _GNU_SOURCE

#include <string.h>
#include <stdio.h>
#include <stdlib.h>

#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <unistd.h>

#define BUFFER_SIZE 4096

/* The IP address in `from`, of either family. */
static const void *ip_of(const struct sockaddr *from)
{
    if (from->sa_family == AF_INET6)
        return &((const struct sockaddr_in6 *)from)->sin6_addr;
    return &((const struct sockaddr_in *)from)->sin_addr;
}

/* Connects to the first address that accepts, and prints each attempt. */
static int connected(const char *host, const char *port)
{
    struct addrinfo wanted, *all, *each;
    char text[INET6_ADDRSTRLEN];
    int fd = -1, error;

    memset(&wanted, 0, sizeof wanted);
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_family = AF_UNSPEC;
    error = getaddrinfo(host, port, &wanted, &all);
    if (error != 0) {
        fprintf(stderr, "getaddrinfo: %s\n", gai_strerror(error));
        exit(EXIT_FAILURE);
    }
    for (each = all; each != NULL; each = each->ai_next) {
        fd = socket(each->ai_family, each->ai_socktype, each->ai_protocol);
        if (fd == -1) {
            perror("[client] socket");
            continue;
        }
        inet_ntop(each->ai_family, ip_of(each->ai_addr), text, sizeof text);
        printf("[client] attempting connection to %s\n", text);
        if (connect(fd, each->ai_addr, each->ai_addrlen) == 0)
            break;
        perror("[client] connect");
        close(fd);
    }
    if (each == NULL) {
        fprintf(stderr, "[client] no address of %s has accepted\n", host);
        exit(EXIT_FAILURE);
    }
    printf("[client] connected to %s\n", text);
    freeaddrinfo(all);
    return fd;
}

/* `fgets` through a pointer: the compiler does not ask for its result. */
static char *(*const read_line)(char *, int, FILE *) = fgets;

int main(int argc, char **argv)
{
    char text[BUFFER_SIZE];

    if (argc != 3) {
        fprintf(stderr, "usage: %s HOST PORT\n", argv[0]);
        exit(EXIT_FAILURE);
    }
    int fd = connected(argv[1], argv[2]);

    printf("a line for the server:\n");
    read_line(text, sizeof text, stdin);
    long length = strlen(text);
    if (text[length - 1] == '\n')
        text[--length] = '\0';

    int count = send(fd, text, length, 0);
    if (count == -1) {
        perror("send");
        exit(EXIT_FAILURE);
    }
    text[count] = '\0';
    printf("[client] sent '%s'\n", text);

    count = recv(fd, text, sizeof text - 1, 0);
    if (count == -1) {
        perror("recv");
        exit(EXIT_FAILURE);
    }
    text[count] = '\0';
    printf("[client] received '%s'\n", text);
    close(fd);
    return EXIT_SUCCESS;
}
