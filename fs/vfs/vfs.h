/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the files of vfs. The main thread owns everything here: it serves clients, looks after the processes of file systems, and never waits for one of
 * them. What may take long is asked by a thread of its own (ask.c), and its answer comes back to the main thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/lib/state.h"
#include "protocols/file.h"
#include "protocols/fs_control.h"
#include "protocols/vfs.h"
#include "sys/lib/bootfs.h"
#include "sys/lib/policy.h"
#include "sys/lib/server.h"

#define MOUNTS_MAX 256u
#define VIEWS_MAX  4096u

struct vfs;

/* ---- mounts: mount.c ------------------------------------------------------------------------------------- */

struct mount {
	struct mount *next; /* in the order of numbers */
	uint32_t number;
	struct mount *parent; /* NULL: the root, or it is hidden */
	uint32_t children;
	bool hidden; /* that of the pipes: it is mounted on no directory, and no view reaches it */
	enum vfs_state state;
	uint32_t flags; /* VFS_MOUNT_FLAGS_* */
	char type[VFS_TYPE_MAX + 1], source[VFS_SOURCE_MAX + 1], options[VFS_OPTIONS_MAX + 1], point[VFS_POINT_MAX + 1];

	handle_t endpoint; /* its clients'; outlives its processes */
	uint64_t endpoint_koid;
	handle_t leash; /* STATE_BADGE_LEASH */
	handle_t state_vmo, store, quota;
	handle_t disk; /* HANDLE_NONE: it is kept on none */
	struct state *shared;
	uint64_t root; /* inode */
	uint64_t ticket_serial;
	uint32_t ticket_place, tickets_top;

	/* Where it is mounted in the parent: that directory and all above it. They cannot move while it is there. */
	struct fs_control_inode *above;
	uint32_t above_count;
	uint64_t cover_inode; /* the first of them */

	/* its process */
	handle_t process;
	uint64_t pid;
	uint32_t starts;
	struct policy policy;
	uint64_t started_at, restart_at;
	bool served; /* any instance has come so far */
	bool restart_asked;
	status_t reason; /* why it failed */

	handle_t watch;     /* notification for what is closed while no process is there */
	handle_t job_reply; /* who waits for it to be mounted */
	handle_t job_point; /* the directory, which stays as long as that lasts */
	uint32_t asked;     /* questions under way: it cannot be freed */
	bool gone;
};

struct mount *mount_find(struct vfs *v, uint32_t number);
struct mount *mount_by_endpoint(struct vfs *v, uint64_t koid);
struct mount_wish {
	struct mount *parent; /* NULL: the root */
	uint64_t inode;       /* the directory in it */
	const char *type, *source, *options, *point;
	uint32_t flags;
	handle_t point_handle; /* to the directory; the mount's once it is made */
	handle_t disk;         /* a block device, likewise; HANDLE_NONE without */
	bool hidden;
};
/* Its first process is started. */
status_t mount_make(struct vfs *v, const struct mount_wish *wish, struct mount **out);
/* Nobody can call it any more. */
void mount_close(struct vfs *v, struct mount *m);
/* Everything of it goes; calls to it end with ERR_CLOSED. */
void mount_drop(struct vfs *v, struct mount *m);
void mount_get(struct mount *m); /* for a question that is under way */
void mount_put(struct vfs *v, struct mount *m);

/* ---- processes: instance.c ------------------------------------------------------------------------------- */

status_t instance_start(struct vfs *v, struct mount *m);
void instance_kill(struct mount *m);
/* Somebody wants another process. */
status_t instance_restart(struct vfs *v, struct mount *m);
void instances_ended(void *vfs);
void instances_timer(void *vfs);

/* ---- views: view.c --------------------------------------------------------------------------------------- */

/* A directory handle that the view has been given already; others are duplicates of it. */
struct view_ticket {
	struct view_ticket *next;
	uint32_t mount, kind;
	uint64_t inode;
	handle_t handle;
};

struct view {
	uint64_t badge;
	struct state_view who; /* without a root */
	bool manage;
	bool confined;
	uint32_t root_mount;
	uint64_t root_inode;
	uint32_t root_generation;
	handle_t root_handle; /* keeps the directory from going; HANDLE_NONE: the whole tree */
	struct view_ticket *tickets;
};

void views_init(struct vfs *v);
struct view *view_of(struct vfs *v, uint64_t badge);
/* A new one like `like`, and a handle to it. Nothing is left after an error. */
status_t view_make(struct vfs *v, const struct view *like, struct view **out, handle_t *handle);
void views_closed(void *vfs);
bool view_reaches(struct vfs *v, const struct view *view, const struct mount *m);
void views_forget(struct vfs *v, const struct mount *m);
/* A directory of the mount for the view; the handle is the caller's. */
status_t ticket_give(struct vfs *v, struct view *view, struct mount *m, enum state_ticket_kind kind, uint64_t inode,
		     uint32_t generation, handle_t *out);
/* Which directory is that? The mount, inode and generation of an open file that a client has shown. ERR_INVALID, ERR_NOT_DIRECTORY. */
struct place {
	struct mount *mount;
	uint64_t inode;
	uint32_t generation;
};
status_t place_of_handle(struct vfs *v, handle_t handle, struct place *out);
/* The inode behind a badge of the mount's endpoint, as its file system says (0: it is lost). ERR_NOT_FOUND. */
status_t mount_open_inode(const struct mount *m, uint64_t badge, uint64_t *inode);

/* ---- questions to file systems: ask.c ---------------------------------------------------------------------- */

enum ask_kind { ASK_READY, ASK_COVER, ASK_UNCOVER, ASK_SYNC, ASK_STOP };

struct ask {
	struct ask *next;
	enum ask_kind kind;
	struct mount *mount; /* asked; held until `done` */
	handle_t endpoint;   /* to it */
	/* what is asked */
	uint64_t inode;
	uint32_t number;
	bool force;
	/* the answer */
	status_t status;
	uint64_t root;
	bool read_only;
	struct fs_control_inode *above;
	uint32_t above_count;
	/* Called by the main thread. The ask is its to free. */
	void (*done)(struct vfs *v, struct ask *ask);
	/* whoever asks: what for */
	handle_t reply;
	struct mount *subject; /* held too */
	struct gather *gather;
};

status_t ask_start(struct vfs *v);
/* NULL: out of memory. */
struct ask *ask_new(struct vfs *v, enum ask_kind kind, struct mount *m, void (*done)(struct vfs *v, struct ask *ask));
void ask_submit(struct vfs *v, struct ask *ask);
void ask_free(struct vfs *v, struct ask *ask);

/* ---- jobs that take several questions: job.c ---------------------------------------------------------------- */

/* Each answers `reply` in the end (HANDLE_NONE: nobody waits); after an error at once, they return it and have done nothing. */
status_t job_mount(struct vfs *v, const struct mount_wish *wish, handle_t reply);
/* The mount of the pipes, begun if it is not there yet. */
status_t job_pipes(struct vfs *v, struct mount **out);
status_t job_unmount(struct vfs *v, struct mount *m, bool force, handle_t reply);
status_t job_sync(struct vfs *v, const struct view *view, handle_t reply);
status_t job_stop(struct vfs *v, handle_t reply);

/* ---- disks by name: disk.c ----------------------------------------------------------------------------------- */

/* Is a mount's source the name of a device? */
bool disk_named(const char *source);
/* Waits until its driver is there, or will not be. ERR_NOT_FOUND. */
status_t disk_find(const char *source, bool write, handle_t *out);

/* ---- start: boot.c ------------------------------------------------------------------------------------------ */

/* Mounts the root, then all else; tells init when that is over. */
status_t boot_begin(struct vfs *v);
/* The root has been mounted. */
void boot_rooted(struct vfs *v);

/* ---- all ---------------------------------------------------------------------------------------------------- */

struct vfs {
	struct server server;
	handle_t endpoint; /* our clients' */
	handle_t examiner; /* procfs's to it; HANDLE_NONE before the first */
	struct mount *mounts, *root;
	struct mount *pipes; /* NULL: nobody has asked for one yet */
	uint32_t mount_serial, mount_count;
	struct view *views[VIEWS_MAX];
	uint64_t view_serial;
	uint32_t view_hint;
	struct view manager, system;
	struct bootfs archive;
	handle_t ended;
	uint64_t ended_bits;
	struct server_timer timer;
	int64_t clock_offset;
	uint64_t ram_bytes;
	bool stopping;
	struct asker *asker; /* ask.c */
	struct boot *boot;   /* boot.c */
};

extern const struct vfs_ops client_ops; /* clients.c */

uint64_t time_now(void);
void vfs_log(uint32_t level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void mount_log(const struct mount *m, uint32_t level, const char *format, ...) __attribute__((format(printf, 3, 4)));
