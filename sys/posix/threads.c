/* SPDX-License-Identifier: BSD-2-Clause */
/* <threads.h> over POSIX threads. */
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

static int answer(int error)
{
	switch (error) {
	case 0: return thrd_success;
	case EBUSY: return thrd_busy;
	case ETIMEDOUT: return thrd_timedout;
	case ENOMEM: return thrd_nomem;
	default: return thrd_error;
	}
}

struct start {
	thrd_start_t function;
	void *argument;
};

static void *start(void *argument)
{
	struct start s = *(struct start *)argument;

	free(argument);
	return (void *)(intptr_t)s.function(s.argument);
}

int thrd_create(thrd_t *thread, thrd_start_t function, void *argument)
{
	struct start *s = malloc(sizeof(*s));
	int error;

	if (!s)
		return thrd_nomem;
	*s = (struct start){function, argument};
	error = pthread_create(thread, NULL, start, s);
	if (error)
		free(s);
	return error == EAGAIN ? thrd_nomem : answer(error);
}

int thrd_join(thrd_t thread, int *result)
{
	void *value;
	int error = pthread_join(thread, &value);

	if (!error && result)
		*result = (int)(intptr_t)value;
	return answer(error);
}

int thrd_detach(thrd_t thread)
{
	return answer(pthread_detach(thread));
}

thrd_t thrd_current(void)
{
	return pthread_self();
}

int thrd_equal(thrd_t a, thrd_t b)
{
	return pthread_equal(a, b);
}

void thrd_exit(int result)
{
	pthread_exit((void *)(intptr_t)result);
}

/* -1 for a signal, another negative number for an error */
int thrd_sleep(const struct timespec *time, struct timespec *left)
{
	int error = clock_nanosleep(CLOCK_MONOTONIC, 0, time, left);

	return error == 0 ? 0 : error == EINTR ? -1 : -2;
}

void thrd_yield(void)
{
	(void)sched_yield();
}

int mtx_init(mtx_t *mutex, int type)
{
	pthread_mutexattr_t attr;

	if (type & ~(mtx_timed | mtx_recursive))
		return thrd_error;
	(void)pthread_mutexattr_init(&attr);
	(void)pthread_mutexattr_settype(&attr, type & mtx_recursive ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
	return answer(pthread_mutex_init(mutex, &attr));
}

void mtx_destroy(mtx_t *mutex)
{
	(void)pthread_mutex_destroy(mutex);
}

int mtx_lock(mtx_t *mutex)
{
	return answer(pthread_mutex_lock(mutex));
}

int mtx_trylock(mtx_t *mutex)
{
	return answer(pthread_mutex_trylock(mutex));
}

int mtx_timedlock(mtx_t *restrict mutex, const struct timespec *restrict until)
{
	return answer(pthread_mutex_timedlock(mutex, until));
}

int mtx_unlock(mtx_t *mutex)
{
	return answer(pthread_mutex_unlock(mutex));
}

int cnd_init(cnd_t *cond)
{
	return answer(pthread_cond_init(cond, NULL));
}

void cnd_destroy(cnd_t *cond)
{
	(void)pthread_cond_destroy(cond);
}

int cnd_wait(cnd_t *cond, mtx_t *mutex)
{
	return answer(pthread_cond_wait(cond, mutex));
}

int cnd_timedwait(cnd_t *restrict cond, mtx_t *restrict mutex, const struct timespec *restrict until)
{
	return answer(pthread_cond_timedwait(cond, mutex, until));
}

int cnd_signal(cnd_t *cond)
{
	return answer(pthread_cond_signal(cond));
}

int cnd_broadcast(cnd_t *cond)
{
	return answer(pthread_cond_broadcast(cond));
}

int tss_create(tss_t *key, tss_dtor_t destructor)
{
	return answer(pthread_key_create(key, destructor));
}

void tss_delete(tss_t key)
{
	(void)pthread_key_delete(key);
}

void *tss_get(tss_t key)
{
	return pthread_getspecific(key);
}

int tss_set(tss_t key, void *value)
{
	return answer(pthread_setspecific(key, value));
}

void call_once(once_flag *flag, void (*function)(void))
{
	(void)pthread_once(flag, function);
}
