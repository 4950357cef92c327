/* A fork server as an article about sockets prints it, with log lines. The port is a constant. No
 * call's result is checked: what follows bind, listen, accept or fork also follows their errors. A
 * child handles one byte a call, takes the byte 0xff for EOF, and does not see that read returns 0. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVER_PORT 1205

static void answer(int client)
{
    char letter = 0;

    if (read(client, &letter, 1) < 0)
        perror("read");
    while (letter != EOF) {
        int is_letter = (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z');
        if (is_letter)
            letter ^= 0x20;
        if (write(client, &letter, 1) < 0)
            perror("write");
        if (read(client, &letter, 1) < 0)
            perror("read");
    }
}

int main(void)
{
    struct sockaddr_in here = {0}, peer;
    char text[INET_ADDRSTRLEN];
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    here.sin_family = AF_INET;
    here.sin_port = htons(SERVER_PORT);
    here.sin_addr.s_addr = htonl(INADDR_ANY);
    bind(listener, (struct sockaddr *)&here, sizeof here);
    listen(listener, 5);
    signal(SIGCHLD, SIG_IGN);
    printf("[START] port=%d\n", SERVER_PORT);

    for (;;) {
        printf("waiting for a client\n");
        socklen_t size = sizeof peer;
        int client = accept(listener, (struct sockaddr *)&peer, &size);
        pid_t child = fork();
        if (child == 0) {
            inet_ntop(AF_INET, &peer.sin_addr, text, sizeof text);
            printf("a child serves %s\n", text);
            close(listener);
            answer(client);
            close(client);
            return 0;
        }
        if (child > 0)
            printf("[FORK] pid=%d\n", child);
        close(client);
    }
}
