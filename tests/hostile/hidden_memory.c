/* Tries: to use more memory than the limit in a shared mapping, whose pages leave the resident
 * memory of the process when the process asks for it.
 * Must: be killed because of its memory, and never listen. */
#define _GNU_SOURCE

#include "hostile.h"

#include <sys/mman.h>

static void attack(void)
{
    const size_t all = (size_t)900 << 20, step = 8 << 20;
    char *block = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED)
        breach("no mapping: %s", strerror(errno));
    for (size_t at = 0; at < all; at += step) {
        memset(block + at, 1, step);
        madvise(block + at, step, MADV_DONTNEED);
    }
    for (;;)
        pause();
}
