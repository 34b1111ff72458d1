/* SPDX-License-Identifier: BSD-2-Clause */
/* The path of a directory, found on the way up: in each directory above, the entry that is the one we came from. */
#include "sys/posix/getcwd.h"

#include <errno.h>
#include <string.h>

#include "sys/lib/syscall.h"
#include "sys/posix/at.h"
#include "sys/posix/entries.h"
#include "sys/posix/errno_map.h"

#define LIST_BYTES 4096

static status_t attributes_get(handle_t at, const char *path, void *context)
{
	struct file_attributes *out = context;
	uint32_t count;
	status_t status;

	CALL_AGAIN(status, file_attributes(at, path, false, out, 1, &count));
	return status == OK && count != 1 ? ERR_PROTOCOL : status;
}

static status_t parent_open(handle_t at, const char *path, void *context)
{
	status_t status;

	CALL_AGAIN(status, file_open(at, path, FILE_MODE_READ | FILE_MODE_DIRECTORY, 0, context, NULL));
	return status;
}

static bool same(const struct file_attributes *a, const struct file_attributes *b)
{
	return a->inode == b->inode && a->mount == b->mount;
}

bool path_is(const char *path, handle_t directory)
{
	struct file_attributes there, here;

	return path_apply_from(HANDLE_NONE, path, PATH_FOLLOW, attributes_get, &there) == 0 &&
	       attributes_get(directory, "", &here) == OK && same(&there, &here);
}

/* Is this entry of `parent` the directory that we look for? Inode numbers tell within a mount; a mount point has to be looked at. */
static bool entry_is(handle_t parent, const char *name, const struct file_entry *e,
		     const struct file_attributes *wanted, bool crossing)
{
	struct file_attributes a;

	if (e->kind != FILE_KIND_DIRECTORY || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	if (!crossing)
		return e->inode == wanted->inode;
	return path_apply_from(parent, name, 0, attributes_get, &a) == 0 && same(&a, wanted);
}

/* Puts the entry's name and a slash in front of what is at out[*start..]. */
static int name_find(handle_t parent, const struct file_attributes *wanted, bool crossing, char *out, size_t *start)
{
	_Alignas(8) char list[LIST_BYTES];
	uint64_t next = 0;

	for (;;) {
		struct entries entries;
		const struct file_entry *e;
		const char *name;
		uint32_t length;
		status_t status;

		CALL_AGAIN(status, file_list(parent, next, list, sizeof(list), &length));
		if (status != OK)
			return neg_errno(status);
		if (length == 0)
			return -ENOENT;
		entries_begin(&entries, list, length);
		while ((e = entries_next(&entries, &name)) != NULL) {
			next = e->next;
			if (!entry_is(parent, name, e, wanted, crossing))
				continue;
			if (*start < e->name_length + 1u)
				return -ENAMETOOLONG;
			*start -= e->name_length + 1u;
			out[*start] = '/';
			memcpy(out + *start + 1, name, e->name_length);
			return 0;
		}
		if (entries.broken)
			return -EPROTO;
	}
}

/* One directory up: *at becomes the one above. */
static int step_up(handle_t *at, struct file_attributes *here, char *out, size_t *start)
{
	struct file_attributes above;
	handle_t parent;
	int result = path_apply_from(*at, "..", PATH_FOLLOW, parent_open, &parent);

	if (result)
		return result;
	result = path_error(attributes_get(parent, "", &above), "");
	if (result == 0)
		result = same(&above, here) ? -ENOENT : name_find(parent, here, above.mount != here->mount, out, start);
	if (result) {
		(void)handle_close(parent);
		return result;
	}
	*here = above;
	*at = parent;
	return 0;
}

int path_find(handle_t directory, char out[PATH_BYTES])
{
	struct file_attributes root, here;
	handle_t at = directory;
	size_t start = PATH_BYTES - 1;
	int result = path_apply_from(HANDLE_NONE, "/", PATH_FOLLOW, attributes_get, &root);

	if (result == 0)
		result = path_error(attributes_get(at, "", &here), "");
	out[start] = '\0';
	while (result == 0 && !same(&root, &here)) {
		handle_t below = at;

		result = step_up(&at, &here, out, &start);
		if (result == 0 && below != directory)
			(void)handle_close(below);
	}
	if (at != directory)
		(void)handle_close(at);
	if (result)
		return result;
	if (out[start] == '\0')
		out[--start] = '/';
	memmove(out, out + start, PATH_BYTES - start);
	return 0;
}
