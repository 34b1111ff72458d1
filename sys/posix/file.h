/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open files and the descriptor table. A descriptor names a slot; a slot refers to an open file
 * (shared by dup); an open file is a table of operations and what they need. Operations return
 * negative errno values.
 */
#pragma once

#include <dirent.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "sys/abi/handle.h"
#include "sys/lib/mutex.h"

#define FD_COUNT 256

struct file;
struct tty;

struct file_ops {
	ssize_t (*read)(struct file *f, void *buffer, size_t len);
	ssize_t (*write)(struct file *f, const void *buffer, size_t len);
	ssize_t (*read_at)(struct file *f, void *buffer, size_t len, off_t at); /* NULL: ESPIPE */
	off_t (*seek)(struct file *f, off_t offset, int whence);                /* NULL: ESPIPE */
	int (*stat)(struct file *f, struct stat *out);
	int (*list)(struct file *f, struct dirent *out); /* directories: 1 an entry, 0 the end */
	void (*close)(struct file *f);                   /* NULL: nothing to give back */
};

struct file {
	const struct file_ops *ops;
	_Atomic uint32_t refs;
	bool is_static;    /* not from malloc */
	_Atomic int flags; /* O_ACCMODE, O_APPEND, O_NONBLOCK */
	struct mutex lock; /* position and what the operations keep */
	off_t position;
	handle_t endpoint; /* of the server behind it, HANDLE_NONE if there is none */
	struct tty *tty;   /* terminals */
	const void *data;  /* boot archive: the file's bytes, or the directory's path (malloc) */
	size_t size;
	ino_t inode;
	mode_t mode;
	size_t list_cursor;
};

/* A new open file with one reference; NULL: no memory. */
struct file *file_new(const struct file_ops *ops, int flags);
struct file *file_get(struct file *f);
void file_put(struct file *f);

/* The file behind a descriptor with a reference taken, or NULL. */
struct file *fd_get(int fd);

/* Puts a file (its reference is taken over) into the lowest free slot from `from` on: the
 * descriptor or -EMFILE, then the reference is dropped. cloexec: not handed to children. */
int fd_install(struct file *f, int from, bool cloexec);

/* What a child inherits: the file of a slot that is not close-on-exec, with a reference. */
struct file *fd_get_inherited(int fd);

/* For the three standard descriptors at start. */
void fd_install_at(int fd, struct file *f);
