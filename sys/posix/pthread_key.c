/* SPDX-License-Identifier: BSD-2-Clause */
/* Thread-specific data. A key's generation tells its values from those of an earlier key in the
 * same slot. */
#undef MUTEX_HOLDS_SIGNALS /* these locks are held for long, or by the program */
#include <errno.h>

#include "sys/lib/mutex.h"
#include "sys/posix/pthread_internal.h"

struct key {
	void (*destructor)(void *);
	uint32_t generation; /* odd: in use */
};

struct value {
	const void *value;
	uint32_t generation; /* of the key when it was set */
};

static struct mutex keys_lock;
static struct key keys[PTHREAD_KEYS_MAX]; /* keys_lock */
static _Thread_local struct value values[PTHREAD_KEYS_MAX];

int pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
	int error = EAGAIN;

	mutex_lock(&keys_lock);
	for (unsigned i = 0; i < PTHREAD_KEYS_MAX; i++) {
		if (keys[i].generation & 1)
			continue;
		keys[i].generation++;
		keys[i].destructor = destructor;
		*key = i;
		error = 0;
		break;
	}
	mutex_unlock(&keys_lock);
	return error;
}

static bool key_used(pthread_key_t key)
{
	return key < PTHREAD_KEYS_MAX && (__atomic_load_n(&keys[key].generation, __ATOMIC_RELAXED) & 1);
}

int pthread_key_delete(pthread_key_t key)
{
	int error = EINVAL;

	mutex_lock(&keys_lock);
	if (key_used(key)) {
		__atomic_fetch_add(&keys[key].generation, 1, __ATOMIC_RELAXED);
		keys[key].destructor = NULL;
		error = 0;
	}
	mutex_unlock(&keys_lock);
	return error;
}

void *pthread_getspecific(pthread_key_t key)
{
	if (!key_used(key) || values[key].generation != __atomic_load_n(&keys[key].generation, __ATOMIC_RELAXED))
		return NULL;
	return (void *)(uintptr_t)values[key].value;
}

int pthread_setspecific(pthread_key_t key, const void *value)
{
	if (!key_used(key))
		return EINVAL;
	values[key].value = value;
	values[key].generation = __atomic_load_n(&keys[key].generation, __ATOMIC_RELAXED);
	return 0;
}

/* True if a destructor was called: it may have set values again. */
static bool destructors_run(void)
{
	bool any = false;

	for (unsigned i = 0; i < PTHREAD_KEYS_MAX; i++) {
		void *value = pthread_getspecific(i);
		void (*destructor)(void *);

		mutex_lock(&keys_lock);
		destructor = keys[i].destructor;
		mutex_unlock(&keys_lock);
		if (!value || !destructor)
			continue;
		values[i].value = NULL;
		destructor(value);
		any = true;
	}
	return any;
}

void __pthread_keys_end(void)
{
	for (int round = 0; round < PTHREAD_DESTRUCTOR_ITERATIONS && destructors_run(); round++)
		;
}
