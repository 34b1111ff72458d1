/* SPDX-License-Identifier: BSD-2-Clause */
/* Advisory locks: of bytes for the process (fcntl, lockf) or the open file (fcntl's F_OFD_*), and of open files (flock). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <unistd.h>

#include "sys/posix/errno_map.h"
#include "sys/posix/fd_control.h"
#include "sys/posix/remote.h"
#include "sys/posix/resolve.h"

#define OWNER_DESCRIPTION 0 /* of the protocol: flock's and F_OFD_*'s */

/* Bytes that no file has: flock locks these, so that it and fcntl do not see each other. */
#define BEYOND_FILES ((uint64_t)1 << 63)

static _Atomic bool any_taken; /* by fcntl or lockf, ever: then closing a descriptor costs a call */

struct range {
	uint64_t start, end;
};

/* Where l_whence counts from; 0 or a negative errno value. */
static int range_base(struct file *f, int whence, off_t *base)
{
	struct stat st = {0};
	int result;

	switch (whence) {
	case SEEK_SET: *base = 0; return 0;
	case SEEK_CUR: *base = f->ops->seek(f, 0, SEEK_CUR); return *base < 0 ? (int)*base : 0;
	case SEEK_END:
		result = f->ops->stat(f, &st);
		*base = st.st_size;
		return result;
	default: return -EINVAL;
	}
}

static int range_from(struct file *f, int whence, off_t start, off_t len, struct range *out)
{
	off_t base, end = 0;
	int result = range_base(f, whence, &base);

	if (result)
		return result;
	if (__builtin_add_overflow(base, start, &start))
		return -EOVERFLOW;
	if (len < 0) {
		/* The bytes before the start. */
		end = start;
		if (__builtin_add_overflow(start, len, &start))
			return -EINVAL;
	} else if (len > 0 && __builtin_add_overflow(start, len - 1, &end)) {
		return -EOVERFLOW; /* end: of the last byte, which may be the last of all */
	}
	if (start < 0)
		return -EINVAL;
	*out = (struct range){(uint64_t)start, len == 0 ? BEYOND_FILES : (uint64_t)end + (len > 0)};
	return 0;
}

static int lock_apply(struct file *f, uint64_t owner, const struct range *range, enum file_lock_kind kind, bool wait)
{
	status_t status;

	CALL_WAIT(status,
		  file_lock_until(f->endpoint, DEADLINE_INTERRUPTIBLE, owner, range->start, range->end, kind, wait));
	return status == ERR_ACCESS ? -EBADF : neg_errno(status);
}

static int bytes_lock(struct file *f, uint64_t owner, const struct range *range, enum file_lock_kind kind, bool wait)
{
	int access = f->flags & O_ACCMODE;

	if ((kind == FILE_LOCK_KIND_SHARED && access == O_WRONLY) ||
	    (kind == FILE_LOCK_KIND_EXCLUSIVE && access == O_RDONLY))
		return -EBADF;
	if (kind != FILE_LOCK_KIND_NONE && owner != OWNER_DESCRIPTION)
		atomic_store_explicit(&any_taken, true, memory_order_relaxed);
	return lock_apply(f, owner, range, kind, wait);
}

static int lock_find(struct file *f, uint64_t owner, const struct range *range, enum file_lock_kind kind,
		     struct flock *lock)
{
	uint64_t holder, start, end;
	enum file_lock_kind found;
	status_t status;

	CALL_AGAIN(status,
		   file_lock_find(f->endpoint, owner, range->start, range->end, kind, &holder, &start, &end, &found));
	if (status != OK)
		return neg_errno(status);
	if (found == FILE_LOCK_KIND_NONE) {
		lock->l_type = F_UNLCK;
		return 0;
	}
	lock->l_type = found == FILE_LOCK_KIND_SHARED ? F_RDLCK : F_WRLCK;
	lock->l_whence = SEEK_SET;
	lock->l_start = (off_t)start;
	lock->l_len = end >= BEYOND_FILES ? 0 : (off_t)(end - start);
	lock->l_pid = holder == OWNER_DESCRIPTION ? -1 : (pid_t)holder;
	return 0;
}

static int lock_do(struct file *f, int command, struct flock *lock)
{
	bool of_file = command == F_OFD_GETLK || command == F_OFD_SETLK || command == F_OFD_SETLKW;
	bool find = command == F_GETLK || command == F_OFD_GETLK;
	uint64_t owner = of_file ? OWNER_DESCRIPTION : (uint64_t)getpid();
	enum file_lock_kind kind;
	struct range range = {0};
	int result;

	switch (lock->l_type) {
	case F_RDLCK: kind = FILE_LOCK_KIND_SHARED; break;
	case F_WRLCK: kind = FILE_LOCK_KIND_EXCLUSIVE; break;
	case F_UNLCK: kind = FILE_LOCK_KIND_NONE; break;
	default: return -EINVAL;
	}
	if ((find && kind == FILE_LOCK_KIND_NONE) || (of_file && lock->l_pid != 0))
		return -EINVAL;
	result = range_from(f, lock->l_whence, lock->l_start, lock->l_len, &range);
	if (result)
		return result;
	if (find)
		return lock_find(f, owner, &range, kind, lock);
	return bytes_lock(f, owner, &range, kind, command == F_SETLKW || command == F_OFD_SETLKW);
}

/* A file that can be locked, with a reference, or a negative errno value. */
static int file_get_lockable(int fd, struct file **out)
{
	struct file *f = fd_use(fd);

	if (!f)
		return -EBADF;
	if (!remote_is(f) || FILE_IS_PLACE(f)) {
		int result = remote_is(f) ? -EBADF : -EINVAL;

		fd_done(f);
		return result;
	}
	*out = f;
	return 0;
}

int lock_control(int fd, int command, struct flock *lock)
{
	struct file *f;
	int result = file_get_lockable(fd, &f);

	if (result)
		return result;
	result = lock_do(f, command, lock);
	fd_done(f);
	return result;
}

void locks_release(struct file *f)
{
	status_t status;

	if (__builtin_expect(!atomic_load_explicit(&any_taken, memory_order_relaxed), 1) || !remote_is(f))
		return;
	CALL_AGAIN(status, file_unlock_owner(f->endpoint, (uint64_t)getpid()));
	(void)status; /* a file system that is gone keeps no locks */
}

int lockf(int fd, int command, off_t len)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_len = len};
	int result;

	switch (command) {
	case F_ULOCK:
		lock.l_type = F_UNLCK;
		result = lock_control(fd, F_SETLK, &lock);
		break;
	case F_LOCK: result = lock_control(fd, F_SETLKW, &lock); break;
	case F_TLOCK: result = lock_control(fd, F_SETLK, &lock); break;
	case F_TEST:
		result = lock_control(fd, F_GETLK, &lock);
		if (result == 0 && lock.l_type != F_UNLCK)
			result = -EACCES;
		break;
	default: result = -EINVAL; break;
	}
	return (int)posix_result(result);
}

int flock(int fd, int operation)
{
	static const struct range whole = {BEYOND_FILES, FILE_AT_POSITION};
	enum file_lock_kind kind;
	struct file *f;
	int result;

	switch (operation & ~LOCK_NB) {
	case LOCK_SH: kind = FILE_LOCK_KIND_SHARED; break;
	case LOCK_EX: kind = FILE_LOCK_KIND_EXCLUSIVE; break;
	case LOCK_UN: kind = FILE_LOCK_KIND_NONE; break;
	default: return (int)posix_result(-EINVAL);
	}
	result = file_get_lockable(fd, &f);
	if (result == 0) {
		result = lock_apply(f, OWNER_DESCRIPTION, &whole, kind, !(operation & LOCK_NB));
		fd_done(f);
	}
	return (int)posix_result(result);
}
