/* SPDX-License-Identifier: BSD-2-Clause */
/* stat, access, and what changes attributes: chmod, chown, utimensat and their families. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#include "sys/posix/archive.h"
#include "sys/posix/at.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/remote.h"

int fstatat(int at, const char *restrict path, struct stat *restrict out, int flags);
int fchmodat(int at, const char *path, mode_t mode, int flags);
int fchownat(int at, const char *path, uid_t owner, gid_t group, int flags);
int faccessat(int at, const char *path, int mode, int flags);
int utimensat(int at, const char *path, const struct timespec times[2], int flags);
int lchmod(const char *path, mode_t mode);

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x0010
#endif

static unsigned how_from(int flags)
{
	return (flags & AT_SYMLINK_NOFOLLOW ? 0u : PATH_FOLLOW) | (flags & AT_EMPTY_PATH ? PATH_EMPTY : 0u);
}

/* ---- stat ---- */

struct stat_call {
	struct stat *out;
	bool follow;
};

static status_t stat_try(handle_t at, const char *path, void *context)
{
	const struct stat_call *call = context;
	struct file_attributes attributes;
	uint32_t count;
	status_t status;

	CALL_AGAIN(status, file_attributes(at, path, call->follow, &attributes, 1, &count));
	if (status != OK)
		return status;
	if (count != 1)
		return ERR_PROTOCOL;
	stat_from_attributes(&attributes, call->out);
	return OK;
}

int fstatat(int at, const char *restrict path, struct stat *restrict out, int flags)
{
	struct stat_call call = {out, !(flags & AT_SYMLINK_NOFOLLOW)};

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return (int)posix_result(-EINVAL);
	if (path[0] == '\0' && (flags & AT_EMPTY_PATH) && at != AT_FDCWD)
		return fstat(at, out);
	if (resolve_vfs == HANDLE_NONE)
		return (int)posix_result(archive_stat(at, path, out));
	return (int)posix_result(path_apply(at, path, how_from(flags), stat_try, &call));
}

int stat(const char *restrict path, struct stat *restrict out)
{
	return fstatat(AT_FDCWD, path, out, 0);
}

int lstat(const char *restrict path, struct stat *restrict out)
{
	return fstatat(AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW);
}

/* ---- access ---- */

static status_t access_try(handle_t at, const char *path, void *context)
{
	status_t status;

	CALL_AGAIN(status, file_access(at, path, *(const uint32_t *)context));
	return status;
}

int faccessat(int at, const char *path, int mode, int flags)
{
	uint32_t want = (mode & X_OK ? FILE_WANT_EXECUTE : 0u) | (mode & W_OK ? FILE_WANT_WRITE : 0u) |
			(mode & R_OK ? FILE_WANT_READ : 0u) | (flags & AT_SYMLINK_NOFOLLOW ? FILE_WANT_NO_FOLLOW : 0u);

	/* There is one user of a view, so AT_EACCESS asks nothing else. */
	if ((mode & ~(R_OK | W_OK | X_OK)) || (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
		return (int)posix_result(-EINVAL);
	if (resolve_vfs == HANDLE_NONE)
		return (int)posix_result(archive_access(at, path, mode));
	return (int)posix_result(path_apply(at, path, how_from(flags), access_try, &want));
}

int access(const char *path, int mode)
{
	return faccessat(AT_FDCWD, path, mode, 0);
}

/* ---- changes ---- */

struct change_call {
	struct file_new_attributes values;
	bool follow;
};

static status_t change_try(handle_t at, const char *path, void *context)
{
	const struct change_call *call = context;
	status_t status;

	CALL_AGAIN(status, file_set_attributes(at, path, call->follow, &call->values, 1));
	return status;
}

static int path_change(int at, const char *path, int flags, struct change_call *call)
{
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return (int)posix_result(-EINVAL);
	call->follow = !(flags & AT_SYMLINK_NOFOLLOW);
	return (int)posix_result(path_apply(at, path, how_from(flags), change_try, call));
}

static int file_change(int fd, struct change_call *call)
{
	struct file *f = fd_use(fd);
	int result;

	if (!f)
		return (int)posix_result(-EBADF);
	call->follow = true;
	/* Files of the boot archive are read-only. */
	result = FILE_IS_PLACE(f) ? -EBADF : remote_is(f) ? neg_errno(change_try(f->endpoint, "", call)) : -EROFS;
	fd_done(f);
	return (int)posix_result(result);
}

static struct change_call change_mode(mode_t mode)
{
	return (struct change_call){.values = {.change = FILE_CHANGE_PERMISSIONS, .permissions = mode & 07777}};
}

int fchmodat(int at, const char *path, mode_t mode, int flags)
{
	struct change_call call = change_mode(mode);

	return path_change(at, path, flags, &call);
}

int chmod(const char *path, mode_t mode)
{
	return fchmodat(AT_FDCWD, path, mode, 0);
}

int lchmod(const char *path, mode_t mode)
{
	return fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW);
}

int fchmod(int fd, mode_t mode)
{
	struct change_call call = change_mode(mode);

	return file_change(fd, &call);
}

/* -1 leaves a number as it is. */
static struct change_call change_owner(uid_t owner, gid_t group)
{
	uint32_t change = (owner != (uid_t)-1 ? FILE_CHANGE_USER : 0u) | (group != (gid_t)-1 ? FILE_CHANGE_GROUP : 0u);

	return (struct change_call){.values = {.change = change, .user = owner, .group = group}};
}

int fchownat(int at, const char *path, uid_t owner, gid_t group, int flags)
{
	struct change_call call = change_owner(owner, group);

	return path_change(at, path, flags, &call);
}

int chown(const char *path, uid_t owner, gid_t group)
{
	return fchownat(AT_FDCWD, path, owner, group, 0);
}

int lchown(const char *path, uid_t owner, gid_t group)
{
	return fchownat(AT_FDCWD, path, owner, group, AT_SYMLINK_NOFOLLOW);
}

int fchown(int fd, uid_t owner, gid_t group)
{
	struct change_call call = change_owner(owner, group);

	return file_change(fd, &call);
}

/* ---- times ---- */

static int time_value(const struct timespec *ts, int64_t *ns, uint32_t *change, uint32_t set, uint32_t set_now)
{
	if (ts->tv_nsec == UTIME_OMIT)
		return 0;
	if (ts->tv_nsec == UTIME_NOW) {
		*change |= set_now;
		return 0;
	}
	if (ts->tv_nsec < 0 || ts->tv_nsec > 999999999)
		return -EINVAL;
	if (__builtin_mul_overflow((int64_t)ts->tv_sec, (int64_t)1000000000, ns) ||
	    __builtin_add_overflow(*ns, ts->tv_nsec, ns))
		return -EINVAL;
	*change |= set;
	return 0;
}

static int change_times(const struct timespec times[2], struct change_call *call)
{
	static const struct timespec now = {.tv_nsec = UTIME_NOW};
	struct file_new_attributes *v = &call->values;
	int result;

	*call = (struct change_call){0};
	result = time_value(times ? &times[0] : &now, &v->accessed, &v->change, FILE_CHANGE_ACCESSED,
			    FILE_CHANGE_ACCESSED_NOW);
	return result ? result
		      : time_value(times ? &times[1] : &now, &v->modified, &v->change, FILE_CHANGE_MODIFIED,
				   FILE_CHANGE_MODIFIED_NOW);
}

int utimensat(int at, const char *path, const struct timespec times[2], int flags)
{
	struct change_call call;
	int result = change_times(times, &call);

	return result ? (int)posix_result(result) : path_change(at, path, flags, &call);
}

int futimens(int fd, const struct timespec times[2])
{
	struct change_call call;
	int result = change_times(times, &call);

	return result ? (int)posix_result(result) : file_change(fd, &call);
}

static const struct timespec *times_from(const struct timeval from[2], struct timespec to[2])
{
	for (int i = 0; from && i < 2; i++) {
		to[i].tv_sec = from[i].tv_sec;
		/* Out of range stays out of range, and is no special number. */
		to[i].tv_nsec = from[i].tv_usec < 0 || from[i].tv_usec > 999999 ? 1000000000 : from[i].tv_usec * 1000;
	}
	return from ? to : NULL;
}

int utimes(const char *path, const struct timeval times[2])
{
	struct timespec ts[2];

	return utimensat(AT_FDCWD, path, times_from(times, ts), 0);
}

int lutimes(const char *path, const struct timeval times[2])
{
	struct timespec ts[2];

	return utimensat(AT_FDCWD, path, times_from(times, ts), AT_SYMLINK_NOFOLLOW);
}

int futimes(int fd, const struct timeval times[2])
{
	struct timespec ts[2];

	return futimens(fd, times_from(times, ts));
}

int utime(const char *path, const struct utimbuf *times)
{
	struct timespec ts[2] = {{0}};

	if (times) {
		ts[0].tv_sec = times->actime;
		ts[1].tv_sec = times->modtime;
	}
	return utimensat(AT_FDCWD, path, times ? ts : NULL, 0);
}
