/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads: attributes, keys and their destructors, names, C11's names for it all. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"

static pthread_key_t again_key, once_key;
static int again_calls, once_calls;

static void destroy_again(void *value)
{
	again_calls++;
	(void)pthread_setspecific(again_key, value);
}

static void destroy_once(void *value)
{
	once_calls += *(int *)value;
}

static void *values_set(void *value)
{
	(void)pthread_setspecific(again_key, value);
	(void)pthread_setspecific(once_key, value);
	return value;
}

static void keys(void)
{
	pthread_key_t many[128];
	pthread_t thread;
	int value = 5, made = 0;

	FACT("key_create", as_errno(pthread_key_create(&again_key, destroy_again)));
	FACT("a second", as_errno(pthread_key_create(&once_key, destroy_once)));
	FACT_YES("a new key's value", pthread_getspecific(once_key) == NULL);
	MUST_BE(pthread_create(&thread, NULL, values_set, &value) == 0 && pthread_join(thread, NULL) == 0);
	FACT("a destructor that sets its value again is called", again_calls);
	FACT("one that does not", once_calls);
	FACT("key_delete", as_errno(pthread_key_delete(again_key)));
	FACT("key_delete of the second", as_errno(pthread_key_delete(once_key)));
	while (made < 100 && pthread_key_create(&many[made], NULL) == 0)
		made++;
	FACT("a hundred keys", made);
	for (int i = 0; i < made; i++)
		MUST_BE(pthread_setspecific(many[i], &many[i]) == 0);
	FACT_YES("each has its value",
		 pthread_getspecific(many[0]) == &many[0] && pthread_getspecific(many[99]) == &many[99]);
	for (int i = 0; i < made; i++)
		MUST_BE(pthread_key_delete(many[i]) == 0);
	FACT("setspecific of a key that is gone", as_errno(pthread_setspecific(many[5], &value)));
	FACT_YES("getspecific of it", pthread_getspecific(many[5]) == NULL);
}

static void *stack_look(void *unused)
{
	pthread_attr_t attr;
	size_t size = 0;
	void *stack = NULL;
	char here;

	(void)unused;
	if (pthread_getattr_np(pthread_self(), &attr) != 0 || pthread_attr_getstack(&attr, &stack, &size) != 0)
		return NULL;
	(void)pthread_attr_destroy(&attr);
	return (uintptr_t)&here > (uintptr_t)stack && (uintptr_t)&here < (uintptr_t)stack + size && size >= 100000
		       ? &again_calls
		       : NULL;
}

static void attributes(void)
{
	struct sched_param param = {.sched_priority = 7};
	pthread_attr_t attr;
	pthread_t thread;
	size_t size;
	void *result;
	int value;

	FACT("attr_init", as_errno(pthread_attr_init(&attr)));
	FACT("getdetachstate", (pthread_attr_getdetachstate(&attr, &value), value == PTHREAD_CREATE_JOINABLE));
	FACT("setdetachstate to nonsense", as_errno(pthread_attr_setdetachstate(&attr, 77)));
	FACT("setstacksize", as_errno(pthread_attr_setstacksize(&attr, 256 * 1024)));
	FACT("getstacksize", (pthread_attr_getstacksize(&attr, &size), (long)size));
	FACT("setstacksize too small", as_errno(pthread_attr_setstacksize(&attr, 16)));
	FACT_YES("getguardsize", pthread_attr_getguardsize(&attr, &size) == 0 && size == (size_t)sysconf(_SC_PAGESIZE));
	FACT("setguardsize", as_errno(pthread_attr_setguardsize(&attr, 0)));
	FACT("setscope", as_errno(pthread_attr_setscope(&attr, PTHREAD_SCOPE_SYSTEM)));
	FACT("setscope of processes", as_errno(pthread_attr_setscope(&attr, PTHREAD_SCOPE_PROCESS)));
	FACT("setscope to nonsense", as_errno(pthread_attr_setscope(&attr, 77)));
	FACT("getscope", (pthread_attr_getscope(&attr, &value), value == PTHREAD_SCOPE_SYSTEM));
	FACT("getinheritsched", (pthread_attr_getinheritsched(&attr, &value), value == PTHREAD_INHERIT_SCHED));
	FACT("setinheritsched", as_errno(pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED)));
	FACT("setinheritsched to nonsense", as_errno(pthread_attr_setinheritsched(&attr, 77)));
	FACT("setschedpolicy", as_errno(pthread_attr_setschedpolicy(&attr, SCHED_RR)));
	FACT("setschedpolicy to nonsense", as_errno(pthread_attr_setschedpolicy(&attr, 77)));
	FACT("setschedparam", as_errno(pthread_attr_setschedparam(&attr, &param)));
	FACT("getschedparam", (pthread_attr_getschedparam(&attr, &param), param.sched_priority));
	(void)pthread_attr_destroy(&attr);
	MUST_BE(pthread_attr_init(&attr) == 0 && pthread_attr_setstacksize(&attr, 256 * 1024) == 0);
	MUST_BE(pthread_create(&thread, &attr, stack_look, NULL) == 0 && pthread_join(thread, &result) == 0);
	FACT_YES("getattr_np finds the stack", result != NULL);
	FACT_YES("and that of the first thread", stack_look(NULL) != NULL);
	(void)pthread_attr_destroy(&attr);
	FACT("setconcurrency", as_errno(pthread_setconcurrency(3)));
	FACT("getconcurrency", pthread_getconcurrency());
	FACT("setconcurrency to nonsense", as_errno(pthread_setconcurrency(-1)));
	FACT_YES("getschedparam of the own", pthread_getschedparam(pthread_self(), &value, &param) == 0 &&
						     value == SCHED_OTHER && param.sched_priority == 0);
	FACT("setschedparam to what it is", as_errno(pthread_setschedparam(pthread_self(), SCHED_OTHER, &param)));
	FACT("setschedparam to nonsense", as_errno(pthread_setschedparam(pthread_self(), 77, &param)));
}

static void names(void)
{
	char name[32];

	FACT("setname", as_errno(pthread_setname_np(pthread_self(), "fifteen letters")));
	FACT("getname", as_errno(pthread_getname_np(pthread_self(), name, sizeof(name))));
	FACT_TEXT("the name", name);
	FACT("setname of 16", as_errno(pthread_setname_np(pthread_self(), "sixteen lettersx")));
	FACT("getname into a small buffer", as_errno(pthread_getname_np(pthread_self(), name, 4)));
}

static mtx_t c11_lock;
static cnd_t c11_changed;
static int c11_turn;
static once_flag c11_once = ONCE_FLAG_INIT;
static int c11_once_calls;

static void c11_count(void)
{
	c11_once_calls++;
}

static int c11_player(void *me)
{
	call_once(&c11_once, c11_count);
	for (int i = 0; i < 100; i++) {
		mtx_lock(&c11_lock);
		while (c11_turn % 2 != *(int *)me)
			cnd_wait(&c11_changed, &c11_lock);
		c11_turn++;
		cnd_broadcast(&c11_changed);
		mtx_unlock(&c11_lock);
	}
	return 10 + *(int *)me;
}

static int c11_exits(void *unused)
{
	(void)unused;
	thrd_exit(-3);
}

static void c11(void)
{
	struct timespec past = {1, 0};
	int even = 0, odd = 1, result = 0;
	thrd_t a, b;
	mtx_t recursive;

	FACT("mtx_init", mtx_init(&c11_lock, mtx_plain) == thrd_success);
	FACT("cnd_init", cnd_init(&c11_changed) == thrd_success);
	MUST_BE(thrd_create(&a, c11_player, &even) == thrd_success &&
		thrd_create(&b, c11_player, &odd) == thrd_success);
	FACT("thrd_join", thrd_join(a, &result) == thrd_success);
	FACT("its result", result);
	MUST_BE(thrd_join(b, &result) == thrd_success);
	FACT("the other's", result);
	FACT("turns", c11_turn);
	FACT("call_once calls", c11_once_calls);
	MUST_BE(thrd_create(&a, c11_exits, NULL) == thrd_success && thrd_join(a, &result) == thrd_success);
	FACT("thrd_exit", result);
	MUST_BE(mtx_init(&recursive, mtx_recursive | mtx_timed) == thrd_success);
	FACT("recursive", mtx_lock(&recursive) == thrd_success && mtx_trylock(&recursive) == thrd_success);
	mtx_unlock(&recursive);
	mtx_unlock(&recursive);
	mtx_destroy(&recursive);
	MUST_BE(mtx_lock(&c11_lock) == thrd_success);
	FACT("mtx_trylock of a held one", mtx_trylock(&c11_lock) == thrd_busy);
	FACT("cnd_timedwait", cnd_timedwait(&c11_changed, &c11_lock, &past) == thrd_timedout);
	mtx_unlock(&c11_lock);
	FACT("thrd_equal", thrd_equal(thrd_current(), thrd_current()) != 0);
	mtx_destroy(&c11_lock);
	cnd_destroy(&c11_changed);
}

void chapter_threads(void)
{
	keys();
	attributes();
	names();
	c11();
}
