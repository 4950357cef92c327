/* The children read with fgets, which waits for a newline. */
#include "../fork.h"

static void serve_lines(int client)
{
    char line[4096];
    FILE *in = fdopen(client, "r");
    while (fgets(line, sizeof line, in) != NULL) {
        for (char *letter = line; *letter; letter++)
            if (isalpha((unsigned char)*letter))
                *letter ^= 0x20;
        if (write(client, line, strlen(line)) < 0)
            return;
    }
}

int main(void)
{
    int listener = start();
    pid_t parent = getpid();
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int client = next_client(listener);
        pid_t child = fork();
        if (child == 0) {
            end_with_parent(parent);
            close(listener);
            serve_lines(client);
            _exit(0);
        }
        close(client);
        if (child > 0)
            printf("[FORK] pid=%d\n", child);
    }
}
