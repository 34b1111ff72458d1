/* SPDX-License-Identifier: BSD-2-Clause */
/* The walk along a path. One pass over the text; a symbolic link puts its own text in front of what is left. */
#include "fs/lib/walk.h"

#include <string.h>

#include "fs/lib/permission.h"

struct step {
	struct node *at; /* directory */
	const char *rest;
};

static const char *past_slashes(const char *text)
{
	while (*text == '/')
		text++;
	return text;
}

static status_t leave(struct walk *w, enum file_step step, uint32_t mount, const char *rest)
{
	w->step = step;
	w->mount = mount;
	w->rest = past_slashes(rest);
	return ERR_ELSEWHERE;
}

static status_t find_name(struct fs *fs, struct node *dir, const char *name, size_t len, struct node **out)
{
	uint64_t inode;
	status_t status;

	if (fs->names.entries && name_cache_find(&fs->names, dir->inode, name, len, &inode))
		return inode ? node_get(fs, inode, out) : ERR_NOT_FOUND;
	status = fs->ops->lookup(fs, dir, name, len, &inode);
	if (fs->names.entries && (status == OK || status == ERR_NOT_FOUND))
		name_cache_set(&fs->names, dir->inode, name, len, status == OK ? inode : 0);
	return status == OK ? node_get(fs, inode, out) : status;
}

/* Where the view begins, if that is in this file system. */
static status_t view_root(struct fs *fs, const struct state_view *view, struct node **out)
{
	status_t status = node_get(fs, view->root, out);

	if (status != OK || view->root_generation == 0)
		return status;
	return (*out)->attr->generation == view->root_generation ? OK : ERR_NOT_FOUND;
}

/* `..`: not out of the view's root, and, where that is inside of this file system, only as long as it is above: a directory
 * that was moved out of it leads nowhere. */
static status_t go_up(struct fs *fs, struct walk *w, const struct state_view *view, struct node *at, const char *after,
		      struct node **out)
{
	struct node *root;
	uint64_t above;
	bool inside;
	status_t status;

	w->plain = false;
	if (at->inode == view->root) {
		*out = at;
		return OK;
	}
	if (at == fs->root) {
		if (view->root == 0)
			return leave(w, FILE_STEP_UP, 0, after);
		return ERR_NOT_FOUND;
	}
	if (at->attr->links == 0)
		return ERR_NOT_FOUND; /* removed while it was open */
	status = fs->ops->parent(fs, at, &above);
	if (status == OK)
		status = node_get(fs, above, out);
	if (status != OK || view->root == 0 || view->root == fs->root->inode)
		return status;
	status = view_root(fs, view, &root);
	if (status == OK)
		status = node_below(fs, *out, root, &inside);
	return status == OK && !inside ? ERR_NOT_FOUND : status;
}

static status_t enter_link(struct fs *fs, struct walk *w, const struct state_view *view, struct node *link,
			   const char *after, struct step *step)
{
	char *text = w->buffer[w->turn];
	size_t len, left = strlen(after);
	status_t status;

	w->plain = false;
	if (++w->links > FILE_LINKS_MAX)
		return ERR_LOOP;
	status = fs->ops->read_link(fs, link, text, FILE_PATH_MAX, &len);
	if (status != OK)
		return status;
	if (len == 0)
		return ERR_NOT_FOUND;
	if (len > FILE_PATH_MAX || len + left > FILE_PATH_MAX)
		return ERR_NAME_TOO_LONG;
	if (memchr(text, '\0', len))
		return ERR_IO;
	/* `after` may be in the other buffer, never in this one: they take turns. */
	memcpy(text + len, after, left + 1);
	if (w->tail > left)
		w->tail = left;
	w->turn ^= 1;
	step->rest = text;
	if (text[0] != '/')
		return OK;
	step->rest = past_slashes(text);
	if (view->root == 0)
		return leave(w, FILE_STEP_ROOT, 0, step->rest);
	return view_root(fs, view, &step->at);
}

status_t walk_path(struct fs *fs, struct walk *w, const struct state_view *view, struct node *start, const char *path,
		   unsigned flags)
{
	struct step step = {.at = start, .rest = path};

	w->links = 0;
	w->turn = 0;
	w->plain = true;
	w->mount = 0;
	w->step = FILE_STEP_HERE;
	w->rest = "";
	w->slash = false;
	w->tail = SIZE_MAX;
	if (*path == '/')
		return ERR_INVALID;
	for (;;) {
		const char *name = step.rest, *after = name, *next;
		struct node *at = step.at, *found;
		status_t status;

		if (*name == '\0') {
			w->dir = w->node = at;
			w->last = WALK_LAST_NONE;
			return OK;
		}
		if (at->attr->kind != FILE_KIND_DIRECTORY)
			return ERR_NOT_DIRECTORY;
		while (*after != '/' && *after != '\0')
			after++;
		size_t len = (size_t)(after - name);

		if (len > FILE_NAME_MAX)
			return ERR_NAME_TOO_LONG;
		next = past_slashes(after);
		bool last = *next == '\0', slash = next != after;

		if (!permission_may(view, at->attr, MAY_EXECUTE))
			return ERR_ACCESS;
		w->last = WALK_LAST_NAME;
		if (name[0] == '.' && len == 1) {
			w->last = WALK_LAST_DOT;
			found = at;
		} else if (name[0] == '.' && name[1] == '.' && len == 2) {
			w->last = WALK_LAST_DOTDOT;
			status = go_up(fs, w, view, at, after, &found);
			if (status != OK)
				return status;
		} else {
			status = find_name(fs, at, name, len, &found);
			if (status == ERR_NOT_FOUND && last && (flags & WALK_MISSING))
				found = NULL;
			else if (status != OK)
				return status;
		}
		if (found) {
			bool name_only = last && (flags & WALK_NAME);

			if (found->cover && found != at && !name_only)
				return leave(w, FILE_STEP_DOWN, found->cover, after);
			if (found->attr->kind == FILE_KIND_SYMLINK && !name_only &&
			    (!last || slash || (flags & WALK_FOLLOW))) {
				status = enter_link(fs, w, view, found, after, &step);
				if (status != OK)
					return status;
				continue;
			}
		}
		if (last) {
			w->dir = at;
			w->node = found;
			w->name = name;
			w->len = len;
			w->slash = slash;
			if (slash && found && found->attr->kind != FILE_KIND_DIRECTORY && !(flags & WALK_NAME))
				return ERR_NOT_DIRECTORY;
			return OK;
		}
		if (found->attr->kind != FILE_KIND_DIRECTORY)
			return ERR_NOT_DIRECTORY;
		step.at = found;
		step.rest = next;
	}
}
