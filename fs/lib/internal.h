/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the files of the library. */
#pragma once

#include "fs/lib/fifo.h"
#include "fs/lib/fs.h"
#include "fs/lib/lock.h"
#include "fs/lib/name_cache.h"
#include "fs/lib/state.h"
#include "protocols/fs_control.h"
#include "sys/lib/server.h"

#define NODE_BUCKETS 4096u /* a power of two */
#define NODES_KEPT   2048u /* in memory without being open */

struct open_entry {
	uint64_t badge; /* 0: free, or lost */
	struct node *node;
	const struct state_view *view;
};

/* What is small stands in front, where an instruction reaches it. */
struct fs {
	void *data; /* first: fs_data */
	const struct fs_ops *ops;
	struct state *state;
	handle_t endpoint;
	uint64_t endpoint_koid;
	bool read_only;
	bool timer_set;
	int64_t last_now; /* what fs_now said last */
	handle_t closed;  /* notification that a badge has lost its last handle */
	uint64_t closed_bits;
	uint32_t closed_drop; /* GONE_DROP: the badge told last was worked off; 0 */

	/* nodes (node.c) */
	struct node *root;
	struct node *free_nodes;
	void *slabs;      /* of nodes: each begins with the address of the next */
	struct node ring; /* all nodes: newer, older */
	uint32_t node_count;

	/* open files (open_file.c): what state->files says, with what is only of this instance */
	uint32_t open_free;
	uint32_t open_top;   /* places from here on were never used */
	uint32_t open_count; /* by clients: without tickets */

	/* requests that wait for a device (later.c), first come first */
	struct fs_deferred *deferred, *deferred_last;
	uint32_t deferred_count;
	bool may_defer; /* the one that is served */
	bool check_set, copy_back_set;

	struct made *made; /* made.c: the one read last comes first */
	unsigned made_count;
	size_t made_bytes;

	/* files as memory (paging.c) */
	uint32_t paged_files;
	uint32_t pages_supplied, pages_max; /* since all were taken back last */

	struct lock_waiter *waiters; /* serve_lock.c */
	struct fifo_set fifos;
	struct name_cache names;
	struct server_timer timer; /* for ops->idle */
	struct server_timer check, copy_back;
	struct lock_table locks;
	struct server server;

	struct open_entry open[STATE_FILES_MAX + STATE_TICKETS_MAX];
	uint32_t open_next[STATE_FILES_MAX]; /* free places */
	uint32_t view_users[STATE_VIEWS_MAX];
	struct node *buckets[NODE_BUCKETS];
	uint8_t page_buffer[65536] __attribute__((aligned(8))); /* paging.c */
	uint8_t list_buffer[8192];
};

_Static_assert(offsetof(struct fs, data) == 0, "fs_data takes it from there");

/* ---- node.c */

status_t node_get(struct fs *fs, uint64_t inode, struct node **out);
/* After anything that may have taken its last name or open file. */
void node_settle(struct fs *fs, struct node *node);
/* All are dropped: the file system ends, and nothing is served any more. */
void nodes_end(struct fs *fs);
/* At the end of a request: nodes found by node_get may go. */
void nodes_trim(struct fs *fs);
/* By which a directory is called from below: itself, then all above, up to the root. False from fn ends it with OK. */
typedef bool (*node_above_fn)(void *ctx, struct node *dir);
status_t node_climb(struct fs *fs, struct node *dir, node_above_fn fn, void *ctx);
/* Is `dir` at or below `top`? */
status_t node_below(struct fs *fs, struct node *dir, const struct node *top, bool *below);
static inline status_t node_changed(struct fs *fs, struct node *node, uint32_t what)
{
	return fs->ops->changed ? fs->ops->changed(fs, node, what) : OK;
}
/* A directory's times after its entries have changed */
status_t directory_changed(struct fs *fs, struct node *dir, int64_t now);

/* ---- open_file.c */

struct open_file {
	uint32_t index;
	struct state_file *state;
	struct node *node;
	const struct state_view *view;
};
/* The place that a badge says; UINT32_MAX: none. */
static inline uint32_t open_file_place(uint64_t badge)
{
	uint32_t place = STATE_BADGE_INDEX(badge) + (badge & STATE_BADGE_TICKET ? STATE_FILES_MAX : 0);

	return place < STATE_FILES_MAX + STATE_TICKETS_MAX ? place : UINT32_MAX;
}
status_t open_file_seldom(struct fs *fs, uint64_t badge, struct open_file *out);
/* ERR_IO: it was lost with an earlier instance. ERR_HANDLE: no file's badge. */
static inline status_t open_file_of(struct fs *fs, uint64_t badge, struct open_file *out)
{
	uint32_t place = open_file_place(badge);

	if (__builtin_expect(place == UINT32_MAX || fs->open[place].badge != badge || badge == 0, 0)) {
		struct open_file seldom; /* of its own: the usual one then needs no memory */
		status_t status = open_file_seldom(fs, badge, &seldom);

		if (status == OK)
			*out = seldom;
		return status;
	}
	out->index = place;
	out->state = &fs->state->files[place];
	out->node = fs->open[place].node;
	out->view = fs->open[place].view;
	return OK;
}
/* A new one, with a handle to it. */
status_t open_file_make(struct fs *fs, struct node *node, uint32_t mode, uint32_t view, handle_t *out);
/* A place for the memory object of a file that has none, and the object, of that many bytes. */
status_t open_file_memory(struct fs *fs, struct node *node, const struct state_view *view, uint64_t size,
			  uint32_t rights, handle_t *out);
/* Signal: some badges have no handles any more. */
void open_files_closed(void *fs);
/* From the state of an earlier instance. */
status_t open_files_restore(struct fs *fs);

static inline bool view_read_only(const struct fs *fs, const struct state_view *view)
{
	return fs->read_only || (view->flags & STATE_VIEW_READ_ONLY);
}

/* ---- made.c: files whose bytes are made when they are read */

status_t made_read(struct fs *fs, const struct open_file *file, uint64_t badge, uint64_t from, const struct fs_io *io,
		   size_t len, uint64_t *count);
/* An open file ends. */
void made_forget(struct fs *fs, uint64_t badge);

/* ---- name.c */

/* From the root, without a slash in front and without a NUL. ERR_NOT_FOUND, ERR_NAME_TOO_LONG, or what the file system says. */
status_t path_of_open_file(struct fs *fs, uint64_t badge, char *path, size_t size, size_t *len);

/* ---- paging.c: files as memory */

void paging_prepare(struct fs *fs);
/* Calls of the kernel's: a page is missing (server_set_other). */
status_t paging_call(void *ctx, struct ipc_request *rq);
/* A handle to the file's memory object, which reaches to `end` at least; it may be written through if the file may. */
status_t paging_memory(struct fs *fs, const struct open_file *file, uint64_t end, handle_t *memory);
/* The place is that of the node's memory object. */
void paging_adopt(struct fs *fs, struct node *node, uint32_t place);
/* All that an earlier instance left are adopted. */
void paging_restored(struct fs *fs);
/* It has no user any more; node NULL: nor a file. ERR_BUSY: it has again. */
status_t paging_gone(struct fs *fs, struct node *node, uint64_t badge);
/* Before the file is read: what was written to its memory. */
status_t paging_copy_back(struct fs *fs, struct node *node, uint64_t from, uint64_t len);
status_t paging_copy_back_all(struct fs *fs);
void paging_later(struct fs *fs);
void paging_copy_back_due(void *fs);
/* After the file has changed otherwise. */
void paging_update(struct fs *fs, struct node *node, uint64_t from, uint64_t len);
void paging_resized(struct fs *fs, struct node *node, uint64_t old_size);
void paging_punched(struct fs *fs, struct node *node, uint64_t from, uint64_t len);

/* ---- cover.c: mount points */

status_t cover_set(struct fs *fs, uint64_t inode, uint32_t mount, struct fs_control_inode *above, size_t room,
		   uint32_t *count);
void cover_clear(struct fs *fs, uint32_t mount);
void covers_restore(struct fs *fs);
bool covers_any(const struct fs *fs);

/* Around everything that one request changes */
static inline void change_begin(struct fs *fs)
{
	if (fs->ops->begin)
		fs->ops->begin(fs);
}
static inline void change_end(struct fs *fs)
{
	if (fs->ops->end)
		fs->ops->end(fs);
}

/* ---- serve_*.c: the operations of the protocol file */

extern const struct file_ops fs_file_ops;

status_t serve_open(void *ctx, struct ipc_request *rq, const char *path, uint32_t mode, uint32_t permissions,
		    handle_t *file, enum file_kind *kind);
status_t serve_attributes(void *ctx, struct ipc_request *rq, const char *path, bool follow, size_t room,
			  uint32_t *count);
status_t serve_set_attributes(void *ctx, struct ipc_request *rq, const char *path, bool follow, size_t given);
status_t serve_access(void *ctx, struct ipc_request *rq, const char *path, uint32_t want);
status_t serve_read_link(void *ctx, struct ipc_request *rq, const char *path, size_t room, uint32_t *length);
status_t serve_walk(void *ctx, struct ipc_request *rq, const char *path, bool follow, size_t room,
		    uint32_t *target_length, enum file_step *step, bool *plain, uint32_t *consumed, uint32_t *mount);
status_t serve_device(void *ctx, struct ipc_request *rq, const char *path, uint32_t mode, handle_t *device,
		      uint32_t *class_number);

status_t serve_make(void *ctx, struct ipc_request *rq, const char *path, enum file_kind kind, uint32_t permissions);
status_t serve_make_symlink(void *ctx, struct ipc_request *rq, const char *path, const char *target);
status_t serve_remove(void *ctx, struct ipc_request *rq, const char *path, bool directory);
status_t serve_rename(void *ctx, struct ipc_request *rq, const char *path, handle_t directory, const char *to,
		      bool exclusive);
status_t serve_link(void *ctx, struct ipc_request *rq, const char *path, handle_t directory, const char *to,
		    bool follow);

status_t serve_read(void *ctx, struct ipc_request *rq, uint64_t offset, size_t len, uint64_t *count);
status_t serve_write(void *ctx, struct ipc_request *rq, uint64_t offset, size_t len, uint64_t *count,
		     uint64_t *position);
status_t serve_seek(void *ctx, struct ipc_request *rq, int64_t offset, enum file_whence whence, uint64_t *position);
status_t serve_truncate(void *ctx, struct ipc_request *rq, uint64_t size);
status_t serve_allocate(void *ctx, struct ipc_request *rq, uint64_t offset, uint64_t length, bool keep_size,
			bool punch);
status_t serve_sync(void *ctx, struct ipc_request *rq, bool data_only);
status_t serve_list(void *ctx, struct ipc_request *rq, uint64_t next, size_t room, uint32_t *length);
status_t serve_volume(void *ctx, struct ipc_request *rq, size_t room, uint32_t *count);
status_t serve_mode(void *ctx, struct ipc_request *rq, bool set, uint32_t mode, uint32_t *now);
status_t serve_pipe(void *ctx, struct ipc_request *rq, uint32_t mode, handle_t *reader, handle_t *writer);
status_t serve_watch(void *ctx, struct ipc_request *rq, uint32_t wanted, handle_t notification, uint64_t bits,
		     uint32_t *now);
status_t serve_memory(void *ctx, struct ipc_request *rq, uint64_t offset, uint64_t length, bool shared,
		      handle_t *memory, uint64_t *start, uint64_t *size);

status_t serve_lock(void *ctx, struct ipc_request *rq, uint64_t owner, uint64_t start, uint64_t end,
		    enum file_lock_kind kind, bool wait);
status_t serve_lock_find(void *ctx, struct ipc_request *rq, uint64_t owner, uint64_t start, uint64_t end,
			 enum file_lock_kind kind, uint64_t *holder, uint64_t *lock_start, uint64_t *lock_end,
			 enum file_lock_kind *lock_kind);
status_t serve_unlock_owner(void *ctx, struct ipc_request *rq, uint64_t owner);
/* An open file ends: its locks and waiters go. */
void locks_forget(struct fs *fs, const struct state_file *file, struct node *node);
void locks_restore(struct fs *fs);

/* ---- serve_fifo.c: open, close, read and write of FIFOs. Errors and IPC_DEFERRED as the operations' */

status_t fifo_open(struct fs *fs, struct ipc_request *rq, const struct open_file *from, struct node *node,
		   uint32_t mode, handle_t *file);
void fifo_closed(struct fs *fs, const struct state_file *file, uint32_t place, struct node *node);
/* Of an open file that an earlier instance knew. */
status_t fifo_restore(struct fs *fs, struct state_file *file, uint32_t place, struct node *node, uint32_t user);
status_t fifo_file_read(struct fs *fs, struct ipc_request *rq, const struct open_file *file, uint64_t offset,
			size_t len, uint64_t *count);
status_t fifo_file_write(struct fs *fs, struct ipc_request *rq, const struct open_file *file, uint64_t offset,
			 size_t len, uint64_t *count, uint64_t *position);

status_t fifo_file_watch(struct fs *fs, struct ipc_request *rq, const struct open_file *file, uint32_t wanted,
			 handle_t notification, uint64_t bits, uint32_t *now);

/* Attributes as clients see them */
void attributes_fill(const struct fs *fs, const struct node *node, struct file_attributes *out);
/* Text for `truncate` and O_TRUNC */
status_t file_truncate_to(struct fs *fs, const struct state_view *view, struct node *node, uint64_t size);
