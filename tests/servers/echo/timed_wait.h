/* A sleep in futex(2), as the threads of a runtime sleep. */
#include <pthread.h>
#include <time.h>

/* Waits this many milliseconds for a condition that nobody signals (pthread_cond_timedwait(3)). One
 * thread at a time calls it. */
static inline void timed_wait(int milliseconds)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    long nanoseconds = end.tv_nsec + milliseconds * 1000000L;
    end.tv_sec += nanoseconds / 1000000000L;
    end.tv_nsec = nanoseconds % 1000000000L;
    pthread_mutex_lock(&lock);
    pthread_cond_timedwait(&never, &lock, &end);
    pthread_mutex_unlock(&lock);
}
