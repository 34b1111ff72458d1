/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of a file system outlives its process: a memory object of vfs, mapped by both. The file system keeps its open files, views, locks
 * and covered directories in it, so that the next instance knows them; vfs leaves the tickets there. The new instance believes nothing of it unchecked:
 * it is memory from before a crash.
 */
#pragma once

#include <stdint.h>

#define STATE_MAGIC   0x54535346u /* "FSST" */
#define STATE_VERSION 2u

#define STATE_FILES_MAX   16384u /* open files that clients opened */
#define STATE_TICKETS_MAX 1024u  /* and directories that vfs handed out */
#define STATE_VIEWS_MAX   1024u
#define STATE_COVERS_MAX  256u
#define STATE_LOCKS_MAX   4096u
#define STATE_GROUPS_MAX  32u

/* Badges of handles: those of tickets are vfs's to make, others the file system's. The low bits say where in the table. */
#define STATE_BADGE_TICKET (1ull << 63)
#define STATE_BADGE_LEASH \
	(1ull << 62) /* of a handle that vfs keeps: when it is gone, vfs is, and the file system ends */
#define STATE_BADGE_NAMER       (1ull << 61) /* of a handle that may ask for paths of open files, and nothing else */
#define STATE_BADGE_INDEX_BITS  20
#define STATE_BADGE_INDEX(b)    ((uint32_t)((b) & ((1u << STATE_BADGE_INDEX_BITS) - 1)))
#define STATE_BADGE(serial, at) ((uint64_t)(serial) << STATE_BADGE_INDEX_BITS | (at))

enum {
	STATE_VIEW_READ_ONLY = 1u << 0,
};

struct state_view {
	uint64_t id; /* vfs's number, never used again; 0: a free place */
	uint32_t user, group;
	uint32_t flags;
	uint32_t group_count;
	uint64_t root;            /* inode where it begins, 0: that is in another file system */
	uint32_t root_generation; /* 0: any */
	uint32_t reserved;
	uint32_t groups[STATE_GROUPS_MAX];
};

/* An open file. */
struct state_file {
	uint64_t badge; /* 0: a free place */
	uint64_t inode;
	uint64_t position;
	uint32_t generation; /* of the inode */
	uint32_t mode;       /* FILE_MODE_*, STATE_FILE_* */
	uint32_t view;       /* index */
	uint32_t kind;       /* enum file_kind: vfs asks whether it is a directory */
};
#define STATE_FILE_MEMORY (1u << 30) /* no open file but the file's memory object: the badge is that */
#define STATE_FILE_LOST   (1u << 31) /* what it was is no more: every call answers ERR_IO */

/*
 * vfs lets a view reach a directory: it fills a free ticket, makes a handle with the badge and gives that to the client. With the client's first call
 * the file system makes an open file of it; when the last handle is gone the file system frees the ticket, and vfs may use it for another badge.
 */
enum state_ticket_state { STATE_TICKET_FREE = 0, STATE_TICKET_ISSUED = 1 };
enum state_ticket_kind {
	STATE_TICKET_ROOT = 0,  /* the root of the file system */
	STATE_TICKET_INODE = 1, /* that directory: the root of a confined view */
	STATE_TICKET_ABOVE = 2, /* where `..` leads from that directory, a mount point */
};
struct state_ticket {
	uint32_t state; /* vfs: FREE to ISSUED; file system: ISSUED to FREE */
	uint32_t kind;
	uint64_t badge;
	uint64_t inode;
	uint32_t generation; /* of the inode; 0: any */
	uint32_t reserved;
	struct state_view view;
};

struct state_cover {
	uint64_t inode;
	uint32_t generation;
	uint32_t mount; /* 0: a free place */
};

struct state_lock {
	uint64_t badge; /* of the open file that set it; 0: a free place */
	uint64_t owner; /* 0: the open file */
	uint64_t start, end;
	uint32_t kind; /* FILE_LOCK_KIND_* */
	uint32_t reserved;
};

struct state {
	/* vfs's, before the first instance starts (clock_offset at any time) */
	uint32_t magic, version;
	uint32_t mount;
	uint32_t read_only;
	int64_t clock_offset; /* ns since 1970 minus those of the monotonic clock */
	/* Places from there on were never used: nobody needs to look at them, and their pages are not there. */
	uint32_t tickets_top, reserved_top;
	uint64_t reserved[4];
	/* the file system's */
	uint64_t serial;                          /* of the last badge */
	uint32_t files_top, views_top, locks_top; /* as tickets_top; files_top without those of tickets */
	uint32_t reserved_tops;
	uint64_t reserved_fs[5];
	struct state_view views[STATE_VIEWS_MAX];
	struct state_cover covers[STATE_COVERS_MAX];
	struct state_lock locks[STATE_LOCKS_MAX];
	struct state_file files[STATE_FILES_MAX + STATE_TICKETS_MAX]; /* of tickets behind the others */
	struct state_ticket tickets[STATE_TICKETS_MAX];
};

/* Of the memory object: a multiple of the page size. */
#define STATE_BYTES ((sizeof(struct state) + 4095) & ~4095ull)

_Static_assert(sizeof(struct state_view) == 168, "shared layout");
_Static_assert(sizeof(struct state_file) == 40, "shared layout");
_Static_assert(sizeof(struct state_ticket) == 200, "shared layout");
_Static_assert(STATE_FILES_MAX + STATE_TICKETS_MAX <= 1u << STATE_BADGE_INDEX_BITS, "a badge holds the index");
