/* SPDX-License-Identifier: BSD-2-Clause */
/* The chapters, in the order in which they run. One whose file is not linked in has no address, and is left out. */
#pragma once

struct chapter {
	const char *name;
	void (*run)(void);
};
extern const struct chapter chapters[]; /* the last has no name */

#define CHAPTER_LIST(X)     \
	X(open)             \
	X(create_umask)     \
	X(readwrite)        \
	X(append)           \
	X(sparse_seek)      \
	X(truncate)         \
	X(stat_times)       \
	X(link_unlink)      \
	X(rename)           \
	X(symlink)          \
	X(paths)            \
	X(at_family)        \
	X(permissions)      \
	X(as_root)          \
	X(as_user)          \
	X(directories)      \
	X(directories_many) \
	X(locks)            \
	X(locks_flock)      \
	X(locks_ofd)        \
	X(unlinked)         \
	X(dup_inherit)      \
	X(sync)             \
	X(statvfs)          \
	X(errors)           \
	X(errors_fd)        \
	X(errors_more)      \
	X(realpath)         \
	X(mapping)          \
	X(mapping_shared)   \
	X(stdio)            \
	X(fifo)             \
	X(pipe)             \
	X(poll)             \
	X(poll_fifo)        \
	X(shell)            \
	X(mknod)            \
	X(glob)             \
	X(walk)             \
	X(streams)          \
	X(accounts)         \
	X(pattern)          \
	X(waiting)          \
	X(groups)           \
	X(limits)           \
	X(threads)          \
	X(threads_locks)    \
	X(pty)              \
	X(termios)          \
	X(terminal_lines)   \
	X(terminal_raw)     \
	X(signals)          \
	X(signals_others)   \
	X(timers)           \
	X(cancel)           \
	X(concurrent)

#define CHAPTER_DECLARE(name) void chapter_##name(void) __attribute__((weak));
CHAPTER_LIST(CHAPTER_DECLARE)
