/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects in memory that processes share: futexes work across processes by themselves, and no object holds an address that another
 * process would follow. The attributes change nothing: every object may be shared, but for robust mutexes whose owner is another process that ends. */
#include <errno.h>
#include <pthread.h>

static int shared_check(int shared)
{
	return shared == PTHREAD_PROCESS_PRIVATE || shared == PTHREAD_PROCESS_SHARED ? 0 : EINVAL;
}

#define SHARED(kind, attr_t, member)                                     \
	int pthread_##kind##_setpshared(attr_t *attr, int shared)        \
	{                                                                \
		int error = shared_check(shared);                        \
                                                                         \
		if (!error)                                              \
			attr->member = (uint32_t)shared;                 \
		return error;                                            \
	}                                                                \
	int pthread_##kind##_getpshared(const attr_t *attr, int *shared) \
	{                                                                \
		*shared = (int)attr->member;                             \
		return 0;                                                \
	}

SHARED(mutexattr, pthread_mutexattr_t, __shared)
SHARED(condattr, pthread_condattr_t, __shared)
SHARED(rwlockattr, pthread_rwlockattr_t, __shared)
SHARED(barrierattr, pthread_barrierattr_t, __shared)
