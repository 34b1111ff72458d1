/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file system as its author writes it: nodes by number, and functions on them. The library (fs/lib) owns the process: it serves the protocol `file`
 * over these functions, and keeps open files, nodes in use, locks, views and mount points, also across the death of the process. Permissions, symbolic
 * links, `.` and `..` are its business; the functions are called with what has been checked.
 *
 * One thread: a function answers when it is done (or, if it reads from a device, is called again: FS_DEFERS). Errors are those that the operation of the protocol lists.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fs/lib/text.h"
#include "protocols/file.h"
#include "sys/lib/ipc.h"
#include "sys/lib/syscall.h"

struct fs;
struct state_view; /* fs/lib/state.h */
struct fifo;

/* What is known of a file. The library changes permissions, user, group and times, and says so by `changed`; the rest is the file system's. */
struct fs_attr {
	uint64_t size;
	uint64_t blocks; /* of 512 bytes */
	uint64_t device;
	int64_t accessed, modified, changed; /* ns since 1970 */
	uint32_t permissions;                /* 07777 */
	uint32_t
		links; /* names; at 0 it goes with its last open file. A directory: 2 and one for each directory in it */
	uint32_t user, group;
	uint32_t generation; /* differs between files that have the same number one after the other */
	uint8_t kind;        /* enum file_kind */
	uint8_t reserved[3];
};

/* A file as memory (fs/lib/paging.c). */
struct node_paging {
	uint32_t place; /* of its memory object among the open files, + 1; 0: it has none */
	bool granted;   /* pages may have been written that are not in the file */
	uint8_t window; /* pages at a time while they are touched in order */
	uint64_t next;  /* and where that goes on */
};

/* A file in use. The first member of a file system's own struct, which is fs_ops.node_size bytes. */
struct node {
	uint64_t inode;
	struct fs_attr *attr; /* where the file system has it; set by node_load */
	bool made;            /* node_load: fs_ops.make has its bytes; attr->size is 0 */
	/* Below: the library's */
	struct node *hash_next;
	struct node *newer, *older; /* ring of all nodes */
	uint64_t opened_in;         /* directory that it was found in when it was opened last, 0: not known */
	struct fifo *fifo;          /* while somebody has it open; a FIFO's */
	uint32_t lock;              /* first lock, LOCK_NONE */
	uint32_t opens;
	uint32_t cover;  /* number of the mount on it */
	uint32_t covers; /* mounts on it and below */
	bool used;       /* since the trimmer came by */
	struct node_paging paging;
};

/* Memory of the client's that bytes come from or go to, without a copy between; or of this process. */
struct fs_io {
	const struct ipc_request *rq;
	unsigned lease;
	uint8_t *memory; /* NULL: the client's */
	bool direct;     /* past the cache, if there is one */
};
static inline status_t fs_io_put(const struct fs_io *io, uint64_t at, const void *from, size_t len)
{
	if (__builtin_expect(io->memory != NULL, 0)) {
		memcpy(io->memory + at, from, len);
		return OK;
	}
	return lease_write(io->rq->reply, io->lease, at, from, len);
}
static inline status_t fs_io_take(const struct fs_io *io, uint64_t at, void *to, size_t len)
{
	if (__builtin_expect(io->memory != NULL, 0)) {
		memcpy(to, io->memory + at, len);
		return OK;
	}
	return lease_read(io->rq->reply, io->lease, at, to, len);
}

/* A file to be made. */
struct fs_new {
	enum file_kind kind;
	uint32_t permissions, user, group;
	int64_t now;
	const char *target; /* of a symbolic link */
	size_t target_len;
};

/* Takes an entry of a directory; false: there is no room, and the cursor stays before it. */
#define FS_LIST_FIRST 3u /* below are the library's own entries */
struct fs_list;
typedef bool (*fs_emit_fn)(struct fs_list *list, const char *name, size_t len, uint64_t inode, enum file_kind kind,
			   uint64_t next);

/* fs_ops.flags */
enum {
	/* Look-ups are as fast as a cache's: keep none. Also where names differ in more than their bytes. */
	FS_NO_NAME_CACHE = 1u << 0,
	/* Where it says so, node_load, lookup, parent, list, read_link and read may answer ERR_WOULD_BLOCK while fs_may_defer, having done nothing that
	 * cannot be done again: the request is served anew when `arrived`, and others meanwhile. Has `missing`, `arrived`, `signalled`; main has called
	 * fs_notification. */
	FS_DEFERS = 1u << 1,
};

/* Bits of `changed` */
enum {
	FS_CHANGED_TIMES = 1u << 0,
	FS_CHANGED_OWNER = 1u << 1,    /* user, group, permissions */
	FS_CHANGED_ACCESSED = 1u << 2, /* that time alone: may get lost */
};

/* What may be NULL is said so; a read-only file system has none of those that change something. */
struct fs_ops {
	const char *type;
	size_t node_size;
	uint32_t flags;
	uint64_t root; /* inode; never 0 */
	uint64_t size_max;
	uint32_t links_max; /* names of a file; how many directories a directory can hold is the file system's to say */
	uint32_t block_size;
	/* Positions and lengths of files that are open with DIRECT are multiples of this, a power of two; 0: any will do. */
	uint32_t direct_unit;

	/* Finds the file of node->inode and sets node->attr, which is good until node_drop. ERR_NOT_FOUND: there is none. */
	status_t (*node_load)(struct fs *fs, struct node *node);
	/* The node leaves memory. NULL: nothing to do. */
	void (*node_drop)(struct fs *fs, struct node *node);
	/* No name and no open file is left: its space is free. node_drop follows. */
	void (*node_free)(struct fs *fs, struct node *node);
	/* The first of the instance's calls have come through: what has neither name nor open file can go. NULL: nothing to do. */
	void (*restored)(struct fs *fs);

	/* Names: never "." and "..". ERR_NOT_FOUND. */
	status_t (*lookup)(struct fs *fs, struct node *dir, const char *name, size_t len, uint64_t *inode);
	/* The directory that a directory is in. */
	status_t (*parent)(struct fs *fs, struct node *dir, uint64_t *inode);
	/* Entries without "." and ".." behind `from` (what emit was told as `next`, at least FS_LIST_FIRST; 0: from the first). */
	status_t (*list)(struct fs *fs, struct node *dir, uint64_t from, struct fs_list *list, fs_emit_fn emit);
	/* Text of a symbolic link, at most `size` bytes; *len all of it. */
	status_t (*read_link)(struct fs *fs, struct node *node, char *text, size_t size, size_t *len);

	/* The name is not there. Times of the directory are the library's. */
	status_t (*create)(struct fs *fs, struct node *dir, const char *name, size_t len, const struct fs_new *what,
			   uint64_t *inode);
	/* One that has no name, and never gets one: a pipe. NULL: there are none. */
	status_t (*unnamed)(struct fs *fs, const struct fs_new *what, uint64_t *inode);
	/* NULL: a file has one name, ERR_NOT_OWNER. */
	status_t (*link)(struct fs *fs, struct node *dir, const char *name, size_t len, struct node *node);
	/* Changes attr->links of both. A directory is empty: ERR_NOT_EMPTY. */
	status_t (*unlink)(struct fs *fs, struct node *dir, const char *name, size_t len, struct node *node);
	/* In one step, whatever happens meanwhile. `replaced` had the new name: NULL, nobody. */
	status_t (*rename)(struct fs *fs, struct node *from, const char *name, size_t len, struct node *node,
			   struct node *to, const char *to_name, size_t to_len, struct node *replaced);

	/* All of these bytes lie before attr->size. */
	status_t (*read)(struct fs *fs, struct node *node, uint64_t offset, const struct fs_io *io, size_t len);
	/* All bytes of a file that is made for each reader, as the view may see it. NULL: there are none. */
	status_t (*make)(struct fs *fs, struct node *node, const struct state_view *view, struct fs_text *text);
	/* Changes attr->size if it becomes longer. *done: bytes written, also on an error. */
	status_t (*write)(struct fs *fs, struct node *node, uint64_t offset, const struct fs_io *io, size_t len,
			  size_t *done);
	status_t (*truncate)(struct fs *fs, struct node *node, uint64_t size);
	/* Room for a range; punch: a hole instead. NULL: ERR_UNSUPPORTED. */
	status_t (*allocate)(struct fs *fs, struct node *node, uint64_t offset, uint64_t len, bool punch);
	/* The next byte with data (or, hole: without) at or behind *offset, which is before attr->size. ERR_RANGE: no more data.
	 * NULL: there are no holes. */
	status_t (*seek)(struct fs *fs, struct node *node, bool hole, uint64_t *offset);
	/* File on the medium. NULL: there is no medium. */
	status_t (*sync)(struct fs *fs, struct node *node, bool data_only);
	status_t (*sync_all)(struct fs *fs);
	/* The last call, after sync_all and node_drop of every node: whoever asked for the end waits for it. NULL: nothing to do. */
	status_t (*stop)(struct fs *fs);
	/* attr was changed: FS_CHANGED_*. NULL: attr is where it belongs. */
	status_t (*changed)(struct fs *fs, struct node *node, uint32_t what);
	void (*volume)(struct fs *fs, struct file_volume *volume);
	/* A page-aligned vmo that has the range as it is now, to be read, and the place in it. The handle is the caller's. NULL: files are mapped by
	 * the library's pager, as for shared mappings where they can be written. ERR_UNSUPPORTED: this one has to be read. */
	status_t (*memory)(struct fs *fs, struct node *node, uint64_t offset, uint64_t len, bool exec, handle_t *vmo,
			   uint64_t *start, uint64_t *size);
	/* A handle to the server of a device's file, for the caller (caller_process), who is that user and group. NULL: ERR_UNSUPPORTED. */
	status_t (*device)(struct fs *fs, struct node *node, uint32_t mode, uint32_t user, uint32_t group,
			   handle_t *device, uint32_t *class_number);

	/* Around everything that one request changes. NULL: nothing to do. */
	void (*begin)(struct fs *fs);
	void (*end)(struct fs *fs);
	/* Some time after it was asked for (fs_later). NULL: it never is. */
	void (*idle)(struct fs *fs);

	/* FS_DEFERS: what the last ERR_WOULD_BLOCK is about, by a number of the file system's; whether that is there, or another try is worth it. */
	uint64_t (*missing)(struct fs *fs);
	bool (*arrived)(struct fs *fs, uint64_t missing);
	/* Time to look at the device: it has signalled, or (late) some requests wait for seconds. */
	void (*signalled)(struct fs *fs, bool late);
};

/* What vfs started the process with: argv[1] says fresh or restart, argv[2] the options, argv[3] the source. */
#define FS_HND_ENDPOINT      "fs"    /* to receive from and to mint of */
#define FS_HND_STATE         "state" /* struct state */
#define FS_HND_STORE         "store" /* a vmo for the file system's own use that outlives it; where its type asks for one */
#define FS_PIPES_STORE_BYTES (88u * 4096) /* pipefs's */
#define FS_HND_DISK          "disk"       /* a block device or a window of one, where the type is kept on one */
#define FS_HND_DMA           "dma"        /* with it: the resource to make memory with that devices reach */
#define FS_HND_EXAMINER      "examiner"   /* procfs: to vfs, VFS_BADGE_EXAMINER */
#define FS_ARG_FRESH         "fresh"
#define FS_ARG_RESTART       "restart"

/* Serves until vfs says to stop; returns main's status. `data` comes back by fs_data. */
int fs_main(const struct fs_ops *ops, void *data, bool read_only);

/* FS_DEFERS, before fs_main: what the device signals, with the bit FS_SIGNAL_BIT. It is the server's, which other bits wake too: who waits for it
 * elsewhere signals again what it took. */
#define FS_SIGNAL_BIT 0u
status_t fs_notification(handle_t *out);
bool fs_may_defer(const struct fs *fs);

/* The `data` of fs_main, which struct fs begins with. */
static inline void *fs_data(const struct fs *fs)
{
	return *(void *const *)(const void *)fs;
}
int64_t fs_now(struct fs *fs);
/* A time of the monotonic clock on the scale of fs_now. */
int64_t fs_time(const struct fs *fs, uint64_t monotonic_ns);
/* `idle` is called after so many ns; asked again before that, nothing changes. */
void fs_later(struct fs *fs, uint64_t ns);
/* A node that is in memory, or NULL. */
struct node *fs_node_find(struct fs *fs, uint64_t inode);
/* A failed mount: main's status for a reason that vfs hands on. */
#define FS_EXIT(status) ((int)-(status))
