/* SPDX-License-Identifier: BSD-2-Clause */
/* Barriers, spin locks, robust and timed locks. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"

#define THREADS 4
#define ROUNDS  200

static const struct timespec past = {1, 0};
static pthread_barrier_t barrier;
static atomic_int serial, arrived, early;
static pthread_spinlock_t spin;
static long spun;
static pthread_mutex_t robust;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

static void *barrier_thread(void *unused)
{
	(void)unused;
	for (int i = 1; i <= ROUNDS; i++) {
		int result;

		atomic_fetch_add(&arrived, 1);
		result = pthread_barrier_wait(&barrier);
		if (atomic_load(&arrived) < i * THREADS)
			atomic_fetch_add(&early, 1);
		if (result == PTHREAD_BARRIER_SERIAL_THREAD)
			atomic_fetch_add(&serial, 1);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static void *spin_thread(void *unused)
{
	(void)unused;
	for (int i = 0; i < 10000; i++) {
		pthread_spin_lock(&spin);
		spun++;
		pthread_spin_unlock(&spin);
	}
	return NULL;
}

static void together(void *(*function)(void *))
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		MUST_BE(pthread_create(&threads[i], NULL, function, NULL) == 0);
	for (int i = 0; i < THREADS; i++)
		MUST_BE(pthread_join(threads[i], NULL) == 0);
}

static void barriers(void)
{
	FACT("barrier of none", as_errno(pthread_barrier_init(&barrier, NULL, 0)));
	FACT("barrier of one", as_errno(pthread_barrier_init(&barrier, NULL, 1)));
	FACT("is passed", pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD);
	FACT("and again", pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD);
	FACT("barrier_destroy", as_errno(pthread_barrier_destroy(&barrier)));
	MUST_BE(pthread_barrier_init(&barrier, NULL, THREADS) == 0);
	together(barrier_thread);
	FACT("nobody came out early", atomic_load(&early));
	FACT("one of each round", atomic_load(&serial));
	FACT("barrier_destroy after all", as_errno(pthread_barrier_destroy(&barrier)));
}

static void spins(void)
{
	MUST_BE(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
	together(spin_thread);
	FACT("spin lock", spun);
	MUST_BE(pthread_spin_lock(&spin) == 0);
	FACT("spin_trylock of a held one", as_errno(pthread_spin_trylock(&spin)));
	FACT("spin_unlock", as_errno(pthread_spin_unlock(&spin)));
	FACT("spin_trylock of a free one", as_errno(pthread_spin_trylock(&spin)));
	MUST_BE(pthread_spin_unlock(&spin) == 0 && pthread_spin_destroy(&spin) == 0);
}

static void *die_with_lock(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&robust);
	return NULL;
}

static void die(void)
{
	pthread_t thread;

	MUST_BE(pthread_create(&thread, NULL, die_with_lock, NULL) == 0 && pthread_join(thread, NULL) == 0);
}

static void robustness(void)
{
	pthread_mutexattr_t attr;
	int value;

	MUST_BE(pthread_mutexattr_init(&attr) == 0);
	FACT("getrobust", (pthread_mutexattr_getrobust(&attr, &value), value == PTHREAD_MUTEX_STALLED));
	FACT("setrobust", as_errno(pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST)));
	FACT("setrobust to nonsense", as_errno(pthread_mutexattr_setrobust(&attr, 77)));
	FACT("getprotocol", (pthread_mutexattr_getprotocol(&attr, &value), value == PTHREAD_PRIO_NONE));
	MUST_BE(pthread_mutex_init(&robust, &attr) == 0);
	FACT("lock", as_errno(pthread_mutex_lock(&robust)));
	FACT("unlock", as_errno(pthread_mutex_unlock(&robust)));
	die();
	FACT("trylock after its owner ended", as_errno(pthread_mutex_trylock(&robust)));
	FACT("consistent", as_errno(pthread_mutex_consistent(&robust)));
	FACT("consistent twice", as_errno(pthread_mutex_consistent(&robust)));
	FACT("unlock after that", as_errno(pthread_mutex_unlock(&robust)));
	FACT("lock after that", as_errno(pthread_mutex_lock(&robust)));
	FACT("unlock again", as_errno(pthread_mutex_unlock(&robust)));
	die();
	FACT("timedlock after its owner ended", as_errno(pthread_mutex_timedlock(&robust, &past)));
	FACT("unlock without consistent", as_errno(pthread_mutex_unlock(&robust)));
	FACT("lock is lost", as_errno(pthread_mutex_lock(&robust)));
	FACT("trylock is lost", as_errno(pthread_mutex_trylock(&robust)));
	FACT("destroy", as_errno(pthread_mutex_destroy(&robust)));
	(void)pthread_mutexattr_destroy(&attr);
}

static void *reads(void *unused)
{
	(void)unused;
	FACT("timedrdlock of a written one", as_errno(pthread_rwlock_timedrdlock(&rwlock, &past)));
	FACT("clockrdlock of a written one", as_errno(pthread_rwlock_clockrdlock(&rwlock, CLOCK_MONOTONIC, &past)));
	FACT("timedwrlock of a written one", as_errno(pthread_rwlock_timedwrlock(&rwlock, &past)));
	FACT("tryrdlock of a written one", as_errno(pthread_rwlock_tryrdlock(&rwlock)));
	return NULL;
}

static void *writes(void *unused)
{
	(void)unused;
	FACT("clockwrlock of a read one", as_errno(pthread_rwlock_clockwrlock(&rwlock, CLOCK_REALTIME, &past)));
	FACT("rdlock after the writer gave up", as_errno(pthread_rwlock_tryrdlock(&rwlock)));
	pthread_rwlock_unlock(&rwlock);
	return NULL;
}

static void alone(void *(*function)(void *))
{
	pthread_t thread;

	MUST_BE(pthread_create(&thread, NULL, function, NULL) == 0 && pthread_join(thread, NULL) == 0);
}

static void timed(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
	struct timespec nonsense = {0, 2000000000};
	pthread_mutexattr_t attr;
	sem_t sem;
	int value;

	MUST_BE(pthread_rwlock_wrlock(&rwlock) == 0);
	alone(reads);
	MUST_BE(pthread_rwlock_unlock(&rwlock) == 0);
	FACT("timedrdlock of a free one", as_errno(pthread_rwlock_timedrdlock(&rwlock, &past)));
	alone(writes);
	MUST_BE(pthread_rwlock_unlock(&rwlock) == 0);
	FACT("timedwrlock of a free one", as_errno(pthread_rwlock_timedwrlock(&rwlock, &past)));
	MUST_BE(pthread_rwlock_unlock(&rwlock) == 0);
	MUST_BE(pthread_mutex_lock(&mutex) == 0);
	FACT("mutex_clocklock", as_errno(pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &past)));
	FACT("mutex_clocklock by another clock",
	     as_errno(pthread_mutex_clocklock(&mutex, CLOCK_PROCESS_CPUTIME_ID, &past)));
	FACT("mutex_timedlock with nonsense", as_errno(pthread_mutex_timedlock(&mutex, &nonsense)));
	FACT("cond_clockwait", as_errno(pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &past)));
	FACT("cond_timedwait with nonsense", as_errno(pthread_cond_timedwait(&cond, &mutex, &nonsense)));
	MUST_BE(pthread_mutex_unlock(&mutex) == 0);
	MUST(sem_init(&sem, 0, 1));
	FACT("sem_clockwait", sem_clockwait(&sem, CLOCK_MONOTONIC, &past));
	FACT("sem_clockwait of none left", sem_clockwait(&sem, CLOCK_MONOTONIC, &past));
	FACT("sem_timedwait of none left", sem_timedwait(&sem, &past));
	FACT("sem_trywait of none left", sem_trywait(&sem));
	MUST(sem_destroy(&sem));
	MUST_BE(pthread_mutexattr_init(&attr) == 0);
	FACT("setpshared", as_errno(pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED)));
	FACT("getpshared", (pthread_mutexattr_getpshared(&attr, &value), value == PTHREAD_PROCESS_SHARED));
	FACT("setpshared to nonsense", as_errno(pthread_mutexattr_setpshared(&attr, 77)));
	(void)pthread_mutexattr_destroy(&attr);
}

void chapter_threads_locks(void)
{
	barriers();
	spins();
	robustness();
	timed();
}
