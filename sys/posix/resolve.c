/* SPDX-License-Identifier: BSD-2-Clause */
/* The way of a path through the file systems. What is remembered of mounts is in mount_cache.c. */
#include "sys/posix/resolve.h"

#include <string.h>

#include "protocols/vfs.h"
#include "sys/lib/syscall.h"
#include "sys/posix/mount_cache.h"

/* A path of PATH_MAX bytes holds this many names; more steps are a circle. */
#define STEPS_MAX (FILE_PATH_MAX / 2 + 1)

handle_t resolve_vfs;

void resolve_use(handle_t vfs)
{
	resolve_vfs = vfs;
}

static const char *past_slashes(const char *text)
{
	while (*text == '/')
		text++;
	return text;
}

static status_t start_absolute(struct resolve *r, const char *path)
{
	r->origin = path;
	r->cached = true;
	r->directory = mount_cache_find(path, &r->path, &r->mount);
	if (__builtin_expect(r->directory != HANDLE_NONE, 1))
		return OK;
	r->path = past_slashes(path);
	return mount_cache_root(VFS_ROOT, &r->directory, &r->mount);
}

status_t resolve_start(struct resolve *r, handle_t at, const char *path)
{
	r->owned = HANDLE_NONE;
	r->steps = 0;
	r->links = 0;
	if (path[0] == '/')
		return start_absolute(r, path);
	r->directory = at;
	r->path = path;
	r->cached = false;
	r->mount = 0;
	r->origin = NULL;
	return OK;
}

void resolve_end(struct resolve *r)
{
	if (r->owned != HANDLE_NONE)
		(void)handle_close(r->owned);
	r->owned = HANDLE_NONE;
}

bool resolve_forget(const struct resolve *r, status_t status)
{
	/* ERR_HANDLE: another thread has forgotten and closed it just now. */
	if (!r->cached || (status != ERR_CLOSED && status != ERR_HANDLE))
		return false;
	mount_cache_forget(r->directory);
	return true;
}

/* The text of links that is left, and behind it what is left of the path: the new path, in r->text[1..]. */
static status_t path_join(struct resolve *r, const char *target, size_t length, const char *rest)
{
	size_t left = strlen(rest), slash = length && left;
	char *text = r->text + 1;

	if (length + slash + left > FILE_PATH_MAX)
		return ERR_NAME_TOO_LONG;
	memmove(text + length + slash, rest, left + 1);
	memcpy(text, target, length);
	if (slash)
		text[length] = '/';
	r->path = text;
	r->origin = NULL;
	return OK;
}

static void directory_own(struct resolve *r, handle_t directory, uint32_t mount)
{
	resolve_end(r);
	r->directory = r->owned = directory;
	r->mount = mount;
	r->cached = false;
}

static status_t step_up(struct resolve *r)
{
	handle_t above;
	uint32_t number;
	status_t status;

	r->origin = NULL;
	if (r->mount == 0) {
		struct file_attributes attributes;
		uint32_t count;

		CALL_AGAIN(status, file_attributes(r->directory, "", true, &attributes, 1, &count));
		if (status != OK)
			return status;
		if (count != 1)
			return ERR_PROTOCOL;
		r->mount = attributes.mount;
	}
	CALL_AGAIN(status, vfs_above(resolve_vfs, r->mount, &above, &number));
	if (status == OK)
		directory_own(r, above, number);
	return status;
}

/* done: the first byte of the path that is not done with. */
static status_t step_down(struct resolve *r, uint32_t mount, bool plain, const char *done)
{
	handle_t root;
	status_t status = mount_cache_root(mount, &root, &mount);

	if (status != OK)
		return status;
	if (r->origin && plain)
		mount_cache_learn(r->origin, (size_t)(done - r->origin), mount, root);
	if (!plain)
		r->origin = NULL;
	resolve_end(r);
	r->directory = root;
	r->mount = mount;
	r->cached = true;
	return OK;
}

status_t resolve_step(struct resolve *r, bool follow)
{
	char target[FILE_PATH_MAX];
	uint32_t length, consumed, mount;
	enum file_step step;
	const char *done;
	bool plain;
	status_t status;

	if (++r->steps > STEPS_MAX)
		return ERR_LOOP;
	CALL_AGAIN(status, file_walk(r->directory, r->path, follow, target, sizeof(target), &length, &step, &plain,
				     &consumed, &mount));
	if (status != OK)
		return status;
	r->stayed = step == FILE_STEP_HERE;
	if (r->stayed)
		return OK; /* what it led to is gone: the operation says itself what is there now */
	if (consumed > strlen(r->path) || memchr(target, '\0', length))
		return ERR_PROTOCOL;
	/* Links inside of one file system it counts itself; here those that lead on are counted. */
	if ((length != 0 || step == FILE_STEP_ROOT) && ++r->links > FILE_LINKS_MAX)
		return ERR_LOOP;
	done = r->path + consumed;
	if (step == FILE_STEP_DOWN) {
		status = step_down(r, mount, plain && length == 0, done);
		if (status != OK)
			return status;
	}
	if (length == 0)
		r->path = past_slashes(done);
	else
		status = path_join(r, target, length, past_slashes(done));
	if (status == OK && step == FILE_STEP_UP)
		status = step_up(r);
	if (status != OK || step != FILE_STEP_ROOT)
		return status;
	status = path_join(r, "", 0, past_slashes(r->path));
	if (status != OK)
		return status;
	r->text[0] = '/';
	resolve_end(r);
	return start_absolute(r, r->text);
}
