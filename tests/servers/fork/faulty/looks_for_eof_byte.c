/* Reads byte by byte, and mistakes the byte 0xff for the end of file. */
#include "../fork.h"

static void serve_until_eof_byte(int client)
{
    signed char letter;
    if (read(client, &letter, 1) < 0)
        return;
    while (letter != EOF) {
        if (isalpha((unsigned char)letter))
            letter ^= 0x20;
        if (write(client, &letter, 1) < 0)
            return;
        if (read(client, &letter, 1) < 0)
            return;
    }
}

int main(void)
{
    int listener = start();
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int client = accept(listener, NULL, NULL);
        pid_t child = fork();
        if (child == 0) {
            close(listener);
            serve_until_eof_byte(client);
            return 0;
        }
        close(client);
        if (child > 0)
            printf("[FORK] pid=%d\n", child);
    }
}
