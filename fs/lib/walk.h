/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths: from a directory, a view and a text to a node, or to where they leave the file system. */
#pragma once

#include "fs/lib/internal.h"

enum {
	WALK_FOLLOW = 1u << 0,  /* a symbolic link at the end */
	WALK_MISSING = 1u << 1, /* the last name need not be there: node NULL */
	WALK_NAME = 1u << 2,    /* what counts is the name: neither a link nor a mount point at the end is followed */
};

enum walk_last {
	WALK_LAST_NAME,   /* dir, name, len; node if it is there */
	WALK_LAST_DOT,    /* "." */
	WALK_LAST_DOTDOT, /* ".." */
	WALK_LAST_NONE,   /* nothing: an empty path, or a link to "/" */
};

struct walk {
	/* out */
	struct node *dir; /* what `name` is in */
	struct node *node;
	const char *name; /* in the path, or in `buffer` */
	size_t len;
	enum walk_last last;
	bool slash; /* slashes behind it: it has to be a directory */
	/* out, with ERR_ELSEWHERE: where it goes on */
	enum file_step step;
	uint32_t mount;
	const char *rest; /* without slashes in front */
	/* out: */
	size_t tail; /* so many bytes at the end of what was walked last are the path's own; before them stands text of links */
	bool plain; /* names only so far: no link, no ".." */

	unsigned links;
	unsigned turn;
	char buffer[2][FILE_PATH_MAX + 1];
};

status_t walk_path(struct fs *fs, struct walk *w, const struct state_view *view, struct node *start, const char *path,
		   unsigned flags);
