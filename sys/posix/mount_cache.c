/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Roots of mounts, and beginnings of paths, the longest first. Readers of the beginnings take no lock: entries are only ever added, and one that
 * is no more true has no root until the same beginning leads somewhere again.
 */
#include "sys/posix/mount_cache.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/vfs.h"
#include "sys/lib/mutex.h"
#include "sys/posix/resolve.h"

#define PREFIXES_MAX 64 /* more are not remembered: each costs every look-up */

struct prefix {
	_Atomic(struct prefix *) next;
	_Atomic handle_t root; /* HANDLE_NONE: leads nowhere now */
	_Atomic uint32_t mount;
	size_t len;
	char text[]; /* without a slash at the end */
};

struct mount_root {
	struct mount_root *next;
	uint32_t asked, number; /* they differ for VFS_ROOT only */
	handle_t root;
};

static struct mutex cache_lock;
static _Atomic(struct prefix *) prefixes; /* written with cache_lock */
static unsigned prefix_count;             /* cache_lock */
static struct mount_root *roots;          /* cache_lock */
static _Atomic handle_t view_root;        /* what mount_cache_find falls back on */
static _Atomic uint32_t view_mount;

handle_t mount_cache_find(const char *path, const char **rest, uint32_t *mount)
{
	const struct prefix *p = atomic_load_explicit(&prefixes, memory_order_acquire);
	const char *at = path;
	handle_t root;

	for (; p; p = atomic_load_explicit(&p->next, memory_order_acquire)) {
		size_t i = 0;

		while (i < p->len && path[i] == p->text[i])
			i++;
		if (i < p->len || (path[i] != '/' && path[i] != '\0'))
			continue;
		root = atomic_load_explicit(&p->root, memory_order_acquire);
		if (root == HANDLE_NONE)
			continue;
		at = path + i;
		*mount = atomic_load_explicit(&p->mount, memory_order_relaxed);
		goto found;
	}
	root = atomic_load_explicit(&view_root, memory_order_acquire);
	*mount = atomic_load_explicit(&view_mount, memory_order_relaxed);
found:
	while (*at == '/')
		at++;
	*rest = at;
	return root;
}

/* With the lock held. */
static struct mount_root *root_find(uint32_t asked)
{
	struct mount_root *m = roots;

	while (m && m->asked != asked)
		m = m->next;
	return m;
}

/* With the lock held: asks the vfs. */
static status_t root_open(uint32_t asked, struct mount_root **out)
{
	struct mount_root *m = malloc(sizeof(*m));
	status_t status;

	if (!m)
		return ERR_NO_MEMORY;
	CALL_AGAIN(status, vfs_directory(resolve_vfs, asked, &m->root, &m->number));
	if (status != OK) {
		free(m);
		return status;
	}
	m->asked = asked;
	m->next = roots;
	roots = m;
	if (asked == VFS_ROOT) {
		atomic_store_explicit(&view_mount, m->number, memory_order_relaxed);
		atomic_store_explicit(&view_root, m->root, memory_order_release);
	}
	*out = m;
	return OK;
}

status_t mount_cache_root(uint32_t mount, handle_t *out, uint32_t *number)
{
	struct mount_root *m;
	status_t status = OK;

	mutex_lock(&cache_lock);
	m = root_find(mount);
	if (!m)
		status = root_open(mount, &m);
	if (status == OK) {
		*out = m->root;
		*number = m->number;
	}
	mutex_unlock(&cache_lock);
	return status;
}

/* Names only, as POSIX would write them: no empty ones and no ".". */
static bool prefix_canonical(const char *path, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (path[i] != '/')
			continue;
		if (i + 1 == len || path[i + 1] == '/')
			return false;
		if (path[i + 1] == '.' && (i + 2 == len || path[i + 2] == '/'))
			return false;
	}
	return len != 0;
}

/* With the lock held: the entry of that text, made if there is room; NULL. */
static struct prefix *prefix_place(const char *text, size_t len)
{
	_Atomic(struct prefix *) *at = &prefixes;
	struct prefix *p, *fresh;

	while ((p = atomic_load_explicit(at, memory_order_relaxed)) != NULL && p->len >= len) {
		if (p->len == len && memcmp(p->text, text, len) == 0)
			return p;
		at = &p->next;
	}
	if (prefix_count == PREFIXES_MAX)
		return NULL;
	fresh = malloc(sizeof(*fresh) + len);
	if (!fresh)
		return NULL; /* it only costs time */
	atomic_init(&fresh->next, p);
	atomic_init(&fresh->root, HANDLE_NONE);
	atomic_init(&fresh->mount, 0);
	fresh->len = len;
	memcpy(fresh->text, text, len);
	atomic_store_explicit(at, fresh, memory_order_release);
	prefix_count++;
	return fresh;
}

void mount_cache_learn(const char *path, size_t len, uint32_t mount, handle_t root)
{
	struct mount_root *m;
	struct prefix *p;

	while (len && path[len - 1] == '/')
		len--;
	if (!prefix_canonical(path, len))
		return;
	mutex_lock(&cache_lock);
	m = root_find(mount);
	/* Another thread may have found out meanwhile that this mount is gone. */
	p = m && m->root == root ? prefix_place(path, len) : NULL;
	if (p) {
		atomic_store_explicit(&p->mount, mount, memory_order_relaxed);
		atomic_store_explicit(&p->root, root, memory_order_release);
	}
	mutex_unlock(&cache_lock);
}

/* With the lock held. The handle is closed although another thread may be about to call it: that one gets ERR_HANDLE, and looks again. */
static void root_drop(struct mount_root **at)
{
	struct mount_root *m = *at;

	*at = m->next;
	if (atomic_load_explicit(&view_root, memory_order_relaxed) == m->root)
		atomic_store_explicit(&view_root, HANDLE_NONE, memory_order_relaxed);
	for (struct prefix *p = atomic_load_explicit(&prefixes, memory_order_relaxed); p;
	     p = atomic_load_explicit(&p->next, memory_order_relaxed)) {
		if (atomic_load_explicit(&p->root, memory_order_relaxed) == m->root)
			atomic_store_explicit(&p->root, HANDLE_NONE, memory_order_relaxed);
	}
	(void)handle_close(m->root);
	free(m);
}

void mount_cache_forget(handle_t root)
{
	mutex_lock(&cache_lock);
	for (struct mount_root **at = &roots; *at; at = &(*at)->next) {
		if ((*at)->root == root) {
			root_drop(at);
			break;
		}
	}
	mutex_unlock(&cache_lock);
}

void mount_cache_clear(void)
{
	mutex_lock(&cache_lock);
	while (roots)
		root_drop(&roots);
	mutex_unlock(&cache_lock);
}
