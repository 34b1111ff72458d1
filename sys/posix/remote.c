/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operations of open files over the protocol `file`. Each is one call as a rule. The position is the description's, kept by the file system
 * and shared with other processes; what is known of it here serves only to tell, after the server died over a write, whether that was done.
 */
#include "sys/posix/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "sys/lib/syscall.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/map_kernel.h"
#include "sys/posix/resolve.h"

/* Of read and write: what the mode does not allow is a bad descriptor to POSIX. A process that a file told of may be no more. */
static ssize_t transfer_error(status_t status)
{
	switch (status) {
	case ERR_INTERRUPTED:
		if (__cancel_test)
			__cancel_test();
		return -EINTR;
	case ERR_NO_READER: (void)raise(SIGPIPE); return -EPIPE;
	case ERR_ACCESS: return -EBADF;
	case ERR_NOT_FOUND: return -ESRCH;
	default: return neg_errno(status);
	}
}

/* Memory of a file is brought in so much at a time: it may be taken away again before it is used. */
#define BRING_MAX   65536u
#define BRING_TRIES 8u

static bool bring(const void *buffer, size_t *piece, bool write, unsigned *tries)
{
	if (*piece > BRING_MAX)
		*piece = BRING_MAX;
	return (*tries)++ < BRING_TRIES && map_bring(buffer, *piece, write);
}

/* More than one call carries, or all of it: piece by piece until one is short. */
static ssize_t read_pieces(struct file *f, char *buffer, size_t len, uint64_t at)
{
	size_t done = 0;
	status_t status;

	do {
		size_t piece = len - done < FILE_TRANSFER_MAX ? len - done : FILE_TRANSFER_MAX;
		unsigned tries = 0;
		uint64_t count;

		do
			do
				CALL_WAIT(status, file_read_until(f->endpoint, DEADLINE_INTERRUPTIBLE, at,
								  buffer + done, piece, &count));
			while (status == ERR_CANCELLED && f->terminal);
		while (status == ERR_FAULT && bring(buffer + done, &piece, true, &tries));
		if (status != OK)
			break;
		done += count;
		if (at != FILE_AT_POSITION)
			at += count;
		else
			position_moved(f, count);
		if (count < piece)
			break;
	} while (done < len);
	return done || status == OK ? (ssize_t)done : transfer_error(status);
}

ssize_t remote_read_failed(struct file *f, void *buffer, size_t len, status_t status)
{
	/* Errors of a FIFO come once: they are not asked for again. */
	if (status != ERR_PEER_DIED && status != ERR_FAULT && status != ERR_TOO_BIG && status != SIGNAL_RESTART &&
	    !(status == ERR_CANCELLED && f->terminal))
		return transfer_error(status);
	return read_pieces(f, buffer, len, FILE_AT_POSITION);
}

static ssize_t remote_read(struct file *f, void *buffer, size_t len)
{
	return remote_read_quick(f, buffer, len);
}

static ssize_t remote_read_at(struct file *f, void *buffer, size_t len, off_t at)
{
	uint64_t count;

	if (len <= FILE_TRANSFER_MAX && file_read(f->endpoint, (uint64_t)at, buffer, len, &count) == OK)
		return (ssize_t)count;
	return read_pieces(f, buffer, len, (uint64_t)at);
}

/* The server died over a write at the position. If the position is where it was known to be nothing was done (bytes may lie there, they will be the
 * same again): OK, to be sent again. If it moved by all of it, it was done: *count is set. Else nobody knows. */
static status_t write_was_done(struct file *f, off_t known, size_t len, uint64_t *count)
{
	uint64_t position;
	status_t status;

	if (known == POSITION_UNKNOWN || (f->flags & O_APPEND))
		return ERR_IO;
	CALL_AGAIN(status, file_seek(f->endpoint, 0, FILE_WHENCE_CURRENT, &position));
	if (status == ERR_STREAM)
		return ERR_IO;
	if (status != OK)
		return status;
	if (position == (uint64_t)known)
		return OK;
	if (position != (uint64_t)known + len)
		return ERR_IO;
	*count = len;
	return OK;
}

/* What the first answer to a write leads to; known: the position before it. */
static status_t write_settle(struct file *f, const char *buffer, size_t len, uint64_t at, off_t known, status_t status,
			     uint64_t position, uint64_t *count)
{
	for (;;) {
		if (__builtin_expect(status == OK, 1)) {
			if (at == FILE_AT_POSITION)
				atomic_store_explicit(&f->position, (off_t)position, memory_order_relaxed);
			return *count <= len ? OK : ERR_PROTOCOL;
		}
		if (status != ERR_PEER_DIED && status != SIGNAL_RESTART && !(status == ERR_CANCELLED && f->terminal))
			return status;
		/* Interrupted writes have done nothing. Terminals: what was written comes rather twice than not at all; who was in the
		 * background is so no more. */
		if (at == FILE_AT_POSITION && status == ERR_PEER_DIED && !f->terminal) {
			*count = 0;
			status = write_was_done(f, known, len, count);
			if (status != OK)
				return status;
			if (*count) {
				position_moved(f, *count);
				return OK;
			}
		}
		SIGNAL_WAIT(status,
			    file_write_until(f->endpoint, DEADLINE_INTERRUPTIBLE, at, buffer, len, count, &position));
	}
}

static status_t write_piece(struct file *f, const char *buffer, size_t len, uint64_t at, uint64_t *count)
{
	off_t known = atomic_load_explicit(&f->position, memory_order_relaxed);
	uint64_t position = 0;
	status_t status = file_write_until(f->endpoint, DEADLINE_INTERRUPTIBLE, at, buffer, len, count, &position);

	return write_settle(f, buffer, len, at, known, status, position, count);
}

/* After a write that took less: a FIFO took what there was room for, and has told no position. Who may wait writes the rest. */
static bool stream_goes_on(const struct file *f, uint64_t at)
{
	return at == FILE_AT_POSITION && !(f->flags & O_NONBLOCK) &&
	       atomic_load_explicit(&f->position, memory_order_relaxed) == POSITION_UNKNOWN;
}

static ssize_t write_pieces(struct file *f, const char *buffer, size_t len, uint64_t at)
{
	size_t done = 0;
	status_t status;

	do {
		size_t piece = len - done < FILE_TRANSFER_MAX ? len - done : FILE_TRANSFER_MAX;
		unsigned tries = 0;
		uint64_t count;

		do
			status = write_piece(f, buffer + done, piece, at, &count);
		while (status == ERR_FAULT && bring(buffer + done, &piece, false, &tries));
		if (status != OK)
			break;
		done += count;
		if (at != FILE_AT_POSITION)
			at += count;
		/* Short: no room; or memory of a file that is not there, from which on the rest can be written. */
		if (count < piece && !stream_goes_on(f, at)) {
			piece -= count;
			if (!bring(buffer + done, &piece, false, &tries))
				break;
		}
	} while (done < len);
	return done || status == OK ? (ssize_t)done : transfer_error(status);
}

ssize_t remote_write_failed(struct file *f, const void *buffer, size_t len, status_t status)
{
	off_t known = atomic_load_explicit(&f->position, memory_order_relaxed);
	uint64_t count = 0;

	if (status == ERR_FAULT)
		return write_pieces(f, buffer, len, FILE_AT_POSITION); /* nothing was done; perhaps it can be */
	status = write_settle(f, buffer, len, FILE_AT_POSITION, known, status, 0, &count);
	return status == OK ? (ssize_t)count : transfer_error(status);
}

ssize_t remote_write_short(struct file *f, const void *buffer, size_t len, size_t done)
{
	size_t piece = len - done;
	unsigned tries = 0;
	ssize_t more = 0;

	if (stream_goes_on(f, FILE_AT_POSITION) || bring((const char *)buffer + done, &piece, false, &tries))
		more = write_pieces(f, (const char *)buffer + done, len - done, FILE_AT_POSITION);
	return (ssize_t)done + (more > 0 ? more : 0);
}

static ssize_t remote_write(struct file *f, const void *buffer, size_t len)
{
	return write_pieces(f, buffer, len, FILE_AT_POSITION);
}

static ssize_t remote_write_at(struct file *f, const void *buffer, size_t len, off_t at)
{
	return write_pieces(f, buffer, len, (uint64_t)at);
}

static off_t remote_seek(struct file *f, off_t offset, int whence)
{
	uint64_t position;
	status_t status;

	if (!file_whence_valid((uint64_t)whence))
		return -EINVAL;
	do {
		status = file_seek(f->endpoint, offset, (enum file_whence)whence, &position);
		/* Done twice it would move twice. */
	} while (status == ERR_PEER_DIED && (whence != SEEK_CUR || offset == 0));
	if (status == ERR_RANGE)
		return -ENXIO;
	if (status != OK)
		return neg_errno(status);
	if (position > INT64_MAX)
		return -EOVERFLOW;
	atomic_store_explicit(&f->position, (off_t)position, memory_order_relaxed);
	return (off_t)position;
}

static mode_t kind_mode(uint8_t kind)
{
	static const mode_t modes[] = {
		[FILE_KIND_REGULAR] = S_IFREG,   [FILE_KIND_DIRECTORY] = S_IFDIR, [FILE_KIND_SYMLINK] = S_IFLNK,
		[FILE_KIND_CHARACTER] = S_IFCHR, [FILE_KIND_BLOCK] = S_IFBLK,     [FILE_KIND_FIFO] = S_IFIFO,
		[FILE_KIND_SOCKET] = S_IFSOCK,
	};

	return modes[kind]; /* the stub has seen that it is one of these */
}

static inline void time_set(struct timespec *ts, int64_t ns)
{
	/* Without a sign the division is cheap; times before 1970 are rare. */
	uint64_t seconds = (uint64_t)ns / 1000000000;

	ts->tv_sec = (time_t)seconds;
	ts->tv_nsec = (long)((uint64_t)ns - seconds * 1000000000);
	if (__builtin_expect(ns < 0, 0)) {
		ts->tv_sec = ns / 1000000000 - (ns % 1000000000 != 0);
		ts->tv_nsec = (long)(ns - ts->tv_sec * 1000000000);
	}
}

/* All members but the spare ones. */
void stat_from_attributes(const struct file_attributes *a, struct stat *out)
{
	out->st_dev = a->mount;
	out->st_ino = a->inode;
	out->st_mode = kind_mode(a->kind) | (a->permissions & 07777);
	out->st_nlink = a->links;
	out->st_uid = a->user;
	out->st_gid = a->group;
	out->st_rdev = (dev_t)a->device;
	out->st_size = (off_t)a->size;
	time_set(&out->st_atim, a->accessed);
	time_set(&out->st_mtim, a->modified);
	time_set(&out->st_ctim, a->changed);
	out->st_blksize = (blksize_t)a->block_size;
	out->st_blocks = (blkcnt_t)a->blocks;
}

static int remote_stat(struct file *f, struct stat *out)
{
	struct file_attributes attributes;
	uint32_t count;
	status_t status;

	CALL_AGAIN(status, file_attributes(f->endpoint, "", true, &attributes, 1, &count));
	if (status != OK)
		return neg_errno(status);
	if (count != 1)
		return -EPROTO;
	stat_from_attributes(&attributes, out);
	return 0;
}

static int remote_truncate(struct file *f, off_t size)
{
	status_t status;

	CALL_AGAIN(status, file_truncate(f->endpoint, (uint64_t)size));
	return status == ERR_ACCESS ? -EINVAL : neg_errno(status); /* not open for writing */
}

static int remote_sync(struct file *f, bool data_only)
{
	status_t status;

	CALL_AGAIN(status, file_sync(f->endpoint, data_only));
	return neg_errno(status);
}

static ssize_t remote_list(struct file *f, uint64_t next, void *buffer, size_t size)
{
	uint32_t length;
	status_t status;

	CALL_AGAIN(status, file_list(f->endpoint, next, buffer, size, &length));
	return status == OK ? (ssize_t)length : status == ERR_ACCESS ? -EBADF : neg_errno(status);
}

static void remote_close(struct file *f)
{
	(void)handle_close(f->endpoint); /* whoever closed it before us has lost it, not we */
}

const struct open_file_ops remote_ops = {
	.read = remote_read,
	.write = remote_write,
	.read_at = remote_read_at,
	.write_at = remote_write_at,
	.seek = remote_seek,
	.stat = remote_stat,
	.truncate = remote_truncate,
	.sync = remote_sync,
	.list = remote_list,
	.close = remote_close,
	.is_watched = true,
};
