/* SPDX-License-Identifier: BSD-2-Clause */
/* The descriptor table, and the calls that only move descriptors about; fcntl is in fcntl.c. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/lib/hold.h"
#include "sys/posix/descriptors.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/fd_control.h"
#include "sys/posix/file.h"

int dup3(int fd, int to, int flags); /* <unistd.h> shows it to _GNU_SOURCE only */

static struct mutex table_lock;
struct fd_slot fd_table[FD_COUNT];
const struct descriptors fd_descriptors = {
	.magic = DESCRIPTORS_MAGIC,
	.count = FD_COUNT,
	.slots = (uintptr_t)fd_table,
	.slot_bytes = sizeof(struct fd_slot),
	.handle = offsetof(struct file, endpoint),
};
int fd_limit = FD_COUNT;
static int lowest_free;          /* table_lock: every slot before it is in use */
static struct mutex unused_lock; /* of open files */
static struct file *unused;      /* unused_lock */

/* One thread needs no locks, and does not become two while it is here; its handlers wait. */
static void lock_take(struct mutex *m)
{
	signals_hold();
	if (threads_started)
		mutex_lock(m);
}

static void lock_drop(struct mutex *m)
{
	if (threads_started)
		mutex_unlock(m);
	signals_release();
}

struct file *file_new(const struct open_file_ops *ops, int flags)
{
	struct file *f;

	lock_take(&unused_lock);
	f = unused;
	if (f)
		unused = f->next_unused;
	lock_drop(&unused_lock);
	if (!f) {
		f = calloc(1, sizeof(*f));
		if (!f)
			return NULL;
	}
	f->ops = ops;
	f->serial++;
	atomic_store_explicit(&f->flags, flags, memory_order_relaxed);
	atomic_store_explicit(&f->position, 0, memory_order_relaxed);
	f->endpoint = HANDLE_NONE;
	f->terminal = false;
	f->data = NULL;
	f->size = 0;
	atomic_store_explicit(&f->refs, 1, memory_order_release);
	return f;
}

struct file *file_get(struct file *f)
{
	atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
	return f;
}

void file_put(struct file *f)
{
	/* Nobody takes a reference out of nothing, so the last one can go only once. */
	if (atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (f->ops->close)
		f->ops->close(f);
	if (f->is_static)
		return;
	lock_take(&unused_lock);
	f->next_unused = unused;
	unused = f;
	lock_drop(&unused_lock);
}

static bool fd_in_range(int fd)
{
	return (unsigned)fd < FD_COUNT;
}

/* A reference, unless the last one is gone. */
static bool file_try_get(struct file *f)
{
	uint32_t refs = atomic_load_explicit(&f->refs, memory_order_relaxed);

	do {
		if (refs == 0)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&f->refs, &refs, refs + 1, memory_order_acquire,
							memory_order_relaxed));
	return true;
}

struct file *slot_get(_Atomic(struct file *) *slot)
{
	struct file *f;

	for (;;) {
		f = atomic_load_explicit(slot, memory_order_acquire);
		if (!f)
			return NULL;
		/* Closed just now, it may be another file already: then the slot says so. */
		if (!file_try_get(f))
			continue;
		if (atomic_load_explicit(slot, memory_order_acquire) == f)
			return f;
		file_put(f);
	}
}

struct file *fd_get(int fd)
{
	return fd_in_range(fd) ? slot_get(&fd_table[fd].file) : NULL;
}

struct file *fd_get_inherited(int fd)
{
	struct file *f = NULL;

	if (!fd_in_range(fd))
		return NULL;
	lock_take(&table_lock);
	if (fd_table[fd].file && !fd_table[fd].cloexec)
		f = file_get(fd_table[fd].file);
	lock_drop(&table_lock);
	return f;
}

/* With the lock held. */
static void slot_set(int fd, struct file *f, bool cloexec)
{
	fd_table[fd].cloexec = cloexec;
	atomic_store_explicit(&fd_table[fd].file, f, memory_order_release);
	if (!f && fd < lowest_free)
		lowest_free = fd;
}

int fd_install(struct file *f, int from, bool cloexec)
{
	int fd;

	lock_take(&table_lock);
	fd = from > lowest_free ? from : lowest_free;
	while (fd < fd_limit && fd_table[fd].file)
		fd++;
	if (from <= lowest_free)
		lowest_free = fd;
	if (fd < fd_limit)
		slot_set(fd, f, cloexec);
	lock_drop(&table_lock);
	if (fd < fd_limit)
		return fd;
	file_put(f);
	return -EMFILE;
}

bool fd_available(void)
{
	bool available = false;

	if (!threads_started && lowest_free < fd_limit && !fd_table[lowest_free].file)
		return true;
	lock_take(&table_lock);
	while (!available && lowest_free < fd_limit) {
		if (fd_table[lowest_free].file)
			lowest_free++;
		else
			available = true;
	}
	lock_drop(&table_lock);
	return available;
}

bool fd_taken(int fd)
{
	return atomic_load_explicit(&fd_table[fd].file, memory_order_relaxed) != NULL;
}

void fd_install_at(int fd, struct file *f)
{
	slot_set(fd, f, false);
}

int close(int fd)
{
	struct file *f = NULL;

	if (fd_in_range(fd)) {
		lock_take(&table_lock);
		f = fd_table[fd].file;
		if (f)
			slot_set(fd, NULL, false);
		lock_drop(&table_lock);
	}
	if (!f)
		return (int)posix_result(-EBADF);
	locks_release(f);
	file_put(f);
	return 0;
}

int fd_duplicate(int fd, int from, bool cloexec)
{
	struct file *f = fd_get(fd);

	if (!f)
		return -EBADF;
	if (from < 0 || from >= fd_limit) {
		file_put(f);
		return -EINVAL;
	}
	return fd_install(f, from, cloexec);
}

int dup(int fd)
{
	return (int)posix_result(fd_duplicate(fd, 0, false));
}

static int fd_duplicate_to(int fd, int to, bool cloexec)
{
	struct file *f, *old;

	if (!fd_in_range(to) || to >= fd_limit)
		return -EBADF;
	f = fd_get(fd);
	if (!f)
		return -EBADF;
	lock_take(&table_lock);
	old = fd_table[to].file;
	slot_set(to, f, cloexec);
	lock_drop(&table_lock);
	if (old) {
		locks_release(old);
		file_put(old);
	}
	return to;
}

int dup2(int fd, int to)
{
	struct file *f;

	if (fd != to)
		return (int)posix_result(fd_duplicate_to(fd, to, false));
	f = fd_get(fd);
	if (!f)
		return (int)posix_result(-EBADF);
	file_put(f);
	return fd;
}

int dup3(int fd, int to, int flags)
{
	if (fd == to || (flags & ~O_CLOEXEC))
		return (int)posix_result(-EINVAL);
	return (int)posix_result(fd_duplicate_to(fd, to, flags & O_CLOEXEC));
}

int fd_flags_get(int fd)
{
	int result = -EBADF;

	if (!fd_in_range(fd))
		return result;
	lock_take(&table_lock);
	if (fd_table[fd].file)
		result = fd_table[fd].cloexec ? FD_CLOEXEC : 0;
	lock_drop(&table_lock);
	return result;
}

int fd_flags_set(int fd, int flags)
{
	int result = -EBADF;

	if (!fd_in_range(fd))
		return result;
	lock_take(&table_lock);
	if (fd_table[fd].file) {
		fd_table[fd].cloexec = flags & FD_CLOEXEC;
		result = 0;
	}
	lock_drop(&table_lock);
	return result;
}
