/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything that a tmpfs keeps lies in one memory object that outlives its process: a header, inodes, names, pages. Each change is
 * one store that makes it valid, after what it stands for was written, so that an instance killed between any two instructions leaves a whole tree; the next
 * one checks it, and finds again what can be derived: which places are free, hash chains, the order of names, link counts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/lib/fs.h"

#define STORE_PAGE       4096u
#define STORE_ROOT       1u /* inode; 0 is none */
#define STORE_DIRECT     10u
#define STORE_FANOUT     (STORE_PAGE / 4)
#define STORE_HEIGHT     3u
#define STORE_TEXT_MAX   48u /* of a symbolic link, in the inode itself */
#define STORE_NAME_HEAD  36u
#define STORE_NAME_MORE  56u
/* Pages of a file: all that the map can say */
#define STORE_FILE_PAGES (STORE_DIRECT + (1ull << 30))

struct store_inode {
	struct fs_attr attr;
	uint32_t valid;
	uint32_t parent; /* of a directory */
	union {
		struct {
			uint32_t direct[STORE_DIRECT]; /* page numbers, 0: a hole */
			uint64_t tree;                 /* page number << 8 | height; 0: none */
		};
		char text[STORE_TEXT_MAX]; /* of a short symbolic link; of a longer one direct[0] has it */
	};
};

/* A name in a directory. */
struct store_name {
	uint32_t dir; /* inode; 0: free; STORE_NAME_PART: goes on with another's name */
	uint32_t inode;
	uint64_t order; /* later names have greater numbers */
	uint32_t hash;
	uint8_t len;
	uint8_t kind;
	uint16_t reserved;
	uint32_t more; /* the rest of the name, 0: none */
	char text[STORE_NAME_HEAD];
};
struct store_part {
	uint32_t dir; /* STORE_NAME_PART */
	uint32_t more;
	char text[STORE_NAME_MORE];
};
#define STORE_NAME_PART UINT32_MAX

struct store_header {
	uint64_t magic;
	uint32_t version;
	uint32_t inodes_max, names_max, pages_max; /* places in each table; 0 is not used */
	uint64_t inodes_at, names_at, pages_at;    /* where they begin */
	/* Places from here on were never used, and are zero. */
	uint32_t inode_top, name_top, page_top;
	uint32_t generation; /* of the last inode */
	uint64_t order;      /* of the last name */
	/* A rename under way: if `to` is a name of `inode`, then `from` is none any more. */
	uint32_t rename_from, rename_to, rename_inode;
	uint32_t reserved;
};

/* A memory object with tables of this size in it, mapped, and what is derived from it. */
struct store {
	uint8_t *base;
	handle_t vmo;
	struct store_header *header;
	struct store_inode *inodes;
	union {
		struct store_name *names;
		struct store_part *parts;
	};
	uint32_t quota_pages, used_pages;
	uint32_t quota_inodes, used_inodes;

	/* Derived */
	uint32_t free_inode;
	uint32_t free_name;
	uint32_t free_name_count;
	uint32_t free_clean, free_dirty; /* pages; clean ones are not there and read as zero */
	uint32_t dirty_count;
	uint32_t *page_next; /* [pages_max] free pages; while checking: seen */
	uint32_t *hash_next; /* [names_max] same bucket; free names */
	uint32_t *name_next; /* [names_max] same directory, in order */
	uint32_t *name_prev;
	uint32_t *first_name; /* [inodes_max] of a directory; free inodes */
	uint32_t *last_name;
	uint32_t *buckets;
	uint32_t bucket_mask;
};

/* ---- store.c: the tables */

/* Makes an empty tree (or, if there is one, leaves it). bytes: of the object, that are mapped at base. ERR_INVALID: too small. */
status_t store_open(struct store *s, void *base, size_t bytes, handle_t vmo, uint64_t quota_bytes,
		    uint64_t quota_inodes, bool *fresh);
/* A root directory, in an empty store. */
status_t store_make_root(struct store *s, uint32_t permissions, uint32_t user, uint32_t group, int64_t now);
static inline uint8_t *store_page(const struct store *s, uint32_t page)
{
	return s->base + s->header->pages_at + (uint64_t)page * STORE_PAGE;
}
static inline uint64_t store_page_offset(const struct store *s, uint32_t page)
{
	return s->header->pages_at + (uint64_t)page * STORE_PAGE;
}
status_t store_inode_take(struct store *s, uint32_t *inode);
void store_inode_give(struct store *s, uint32_t inode);
status_t store_name_take(struct store *s, unsigned places, uint32_t *first); /* chained by hash_next */
void store_name_give(struct store *s, uint32_t name);
/* *clean: it reads as zero. ERR_NO_SPACE. */
status_t store_page_take(struct store *s, uint32_t *page, bool *clean);
/* The one that store_page_take would give next is this, and clean or not as asked for. */
bool store_page_next_is(const struct store *s, uint32_t page, bool clean);
/* Zero, and backed by memory, so that touching it cannot fail. */
status_t store_page_take_backed(struct store *s, uint32_t *page);
void store_pages_give(struct store *s, uint32_t first, uint32_t count);

/* ---- check.c: what an earlier instance left. ERR_BAD_FORMAT: nothing that could be believed */
status_t store_check(struct store *s);
/* Files without a name, which no client has open: `open` says so. */
void store_reap(struct store *s, bool (*open)(void *ctx, uint32_t inode), void *ctx);

/* ---- names.c */
uint32_t name_find(const struct store *s, uint32_t dir, const char *name, size_t len);
status_t name_add(struct store *s, uint32_t dir, const char *name, size_t len, uint32_t inode);
void name_drop(struct store *s, uint32_t name);
/* In one step: `name` goes, (to_dir, to_name) is of its inode. `replaced`: the name that is there, 0: none. */
status_t name_move(struct store *s, uint32_t name, uint32_t to_dir, const char *to_name, size_t len, uint32_t replaced);
void name_text(const struct store *s, uint32_t name, char text[FILE_NAME_MAX]);
void name_link(struct store *s, uint32_t name); /* into chains and order: of one that is valid */
uint32_t name_hash(uint32_t dir, const char *name, size_t len);

/* ---- map.c: pages of a file */
status_t map_read(struct store *s, const struct store_inode *inode, uint64_t offset, const struct fs_io *io,
		  size_t len);
status_t map_write(struct store *s, struct store_inode *inode, uint64_t offset, const struct fs_io *io, size_t len,
		   size_t *done);
/* Pages from `first` on are free; to the end of the file, or `count`. */
void map_cut(struct store *s, struct store_inode *inode, uint64_t first, uint64_t count);
/* Zeroes bytes that are in pages. */
status_t map_zero(struct store *s, struct store_inode *inode, uint64_t from, uint64_t to);
status_t map_fill(struct store *s, struct store_inode *inode, uint64_t first, uint64_t count);
/* The page at an index, 0: a hole. */
uint32_t map_page(const struct store *s, const struct store_inode *inode, uint64_t index);
/* The first index at or behind `from`, below `end`, that is (or is not) a hole; `end` if there is none. */
uint64_t map_find(const struct store *s, const struct store_inode *inode, uint64_t from, uint64_t end, bool hole);
/* All pages, those of the map included; false from fn ends it with false. */
typedef bool (*map_page_fn)(void *ctx, uint32_t page, bool data);
bool map_each(struct store *s, const struct store_inode *inode, map_page_fn fn, void *ctx);

/* ---- table.c, or a test's: zeroed memory for what is derived, never given back; NULL */
void *table_allocate(size_t bytes);

_Static_assert(sizeof(struct store_inode) == 128, "32 in a page");
_Static_assert(sizeof(struct store_name) == 64 && sizeof(struct store_part) == 64, "64 in a page");
