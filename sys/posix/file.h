/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open files and the descriptor table. A descriptor names a slot; a slot refers to an open file (shared by dup); an open file is a table of
 * operations and what they need. Operations return negative errno values.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "sys/abi/handle.h"
#include "sys/lib/mutex.h"
#include "sys/lib/tls.h"

#define FD_COUNT 256
extern int fd_limit; /* RLIMIT_NOFILE, at most FD_COUNT: no new descriptor gets this number or a higher one */

struct file;

/* NULL: ESPIPE for read_at, write_at and seek, EINVAL for truncate, ENOTDIR for list, nothing to do for sync and close. */
struct open_file_ops {
	ssize_t (*read)(struct file *f, void *buffer, size_t len);
	ssize_t (*write)(struct file *f, const void *buffer, size_t len);
	ssize_t (*read_at)(struct file *f, void *buffer, size_t len, off_t at);
	ssize_t (*write_at)(struct file *f, const void *buffer, size_t len, off_t at);
	off_t (*seek)(struct file *f, off_t offset, int whence);
	int (*stat)(struct file *f, struct stat *out);
	int (*truncate)(struct file *f, off_t size);
	int (*sync)(struct file *f, bool data_only);
	/* Fills the buffer with entries from the place `next` on, as struct file_entry of the protocol says: bytes, 0 at the end. */
	ssize_t (*list)(struct file *f, uint64_t next, void *buffer, size_t size);
	void (*close)(struct file *f);
	/* The server behind the endpoint is asked what it is ready for (`watch` of the protocol file); else it is always. */
	bool is_watched;
};

/* The memory of a struct file is used again for other files, but never for anything else: fd_get takes no lock. */
struct file {
	const struct open_file_ops *ops;
	_Atomic uint32_t refs;  /* 0: unused */
	bool is_static;         /* not from file_new */
	uint32_t serial;        /* another number for each file that this memory was */
	_Atomic int flags;      /* O_ACCMODE, O_APPEND, O_NONBLOCK, O_PATH */
	struct mutex lock;      /* position and what the operations keep */
	_Atomic off_t position; /* remote: as far as known here, else POSITION_UNKNOWN */
	handle_t endpoint;      /* of the server behind it, HANDLE_NONE if there is none */
	bool terminal;          /* of the terminal server: protocol tty beside file */
	const void *data;       /* boot archive: the file's bytes, or the directory's path (malloc) */
	size_t size;
	ino_t inode;
	mode_t mode;
	struct file *next_unused;
};

#define POSITION_UNKNOWN ((off_t)-1)

/* Opened with O_PATH: to most calls a descriptor that is none. */
#define FILE_IS_PLACE(f) (__builtin_expect((f)->flags & O_PATH, 0))

/* A new open file with one reference; NULL: no memory. */
struct file *file_new(const struct open_file_ops *ops, int flags);
struct file *file_get(struct file *f);
void file_put(struct file *f);

/* The file behind a descriptor with a reference taken, or NULL. */
struct file *fd_get(int fd);

/* The file that a slot holds, with a reference taken; NULL. Whoever takes it out of the slot drops the slot's reference afterwards. */
struct file *slot_get(_Atomic(struct file *) *slot);

struct fd_slot {
	_Atomic(struct file *) file; /* NULL: free; written with the table's lock */
	bool cloexec;
};
extern struct fd_slot fd_table[FD_COUNT];
extern const struct descriptors fd_descriptors; /* sys/posix/descriptors.h */

/* The same for the time of one call, to be followed by fd_done: while there is one thread nobody can close it meanwhile. */
static inline struct file *slot_use(_Atomic(struct file *) *slot)
{
	if (__builtin_expect(threads_started, 0))
		return slot_get(slot);
	return atomic_load_explicit(slot, memory_order_relaxed);
}

static inline struct file *fd_use(int fd)
{
	return (unsigned)fd < FD_COUNT ? slot_use(&fd_table[fd].file) : NULL;
}

static inline void fd_done(struct file *f)
{
	if (__builtin_expect(threads_started, 0))
		file_put(f);
}

/* Puts a file (its reference is taken over) into the lowest free slot from `from` on: the
 * descriptor or -EMFILE, then the reference is dropped. cloexec: not handed to children. */
int fd_install(struct file *f, int from, bool cloexec);

/* Is a descriptor free at the moment? */
bool fd_available(void);

/* What a child inherits: the file of a slot that is not close-on-exec, with a reference. */
struct file *fd_get_inherited(int fd);

/* At the start, when there is one thread: is the slot in use? */
bool fd_taken(int fd);

/* For the descriptors there at start; takes the reference over. */
void fd_install_at(int fd, struct file *f);
