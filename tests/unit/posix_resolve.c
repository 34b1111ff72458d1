/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys/posix/resolve.c and mount_cache.c over a model of vfs and three file systems:
 *   1: / with tmp (mount 2), a/deep (mount 3), some links    2: /tmp    3: /a/deep
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/vfs.h"
#include "sys/lib/syscall.h"
#include "sys/posix/mount_cache.h"
#include "sys/posix/resolve.h"
#include "tests/unit/check.h"

struct model_node {
	uint32_t mount;
	const char *path; /* "" is the root */
	uint32_t covered_by;
	const char *link;
};

static const struct model_node nodes[] = {
	{1, "", 0, NULL},
	{1, "tmp", 2, NULL},
	{1, "etc", 0, NULL},
	{1, "etc/motd", 0, NULL},
	{1, "a", 0, NULL},
	{1, "a/deep", 3, NULL},
	{1, "a/file", 0, NULL},
	{1, "to_tmp", 0, "tmp"},
	{1, "to_tmp_abs", 0, "/tmp/x"},
	{1, "up", 0, "a/../etc"},
	{1, "around", 0, "/tmp/around"},
	{2, "", 0, NULL},
	{2, "x", 0, NULL},
	{2, "x/y", 0, NULL},
	{2, "to_etc", 0, "/etc"},
	{2, "to_etc_slash", 0, "/etc/"},
	{2, "to_up", 0, "../etc/motd"},
	{2, "around", 0, "/around"},
	{3, "", 0, NULL},
	{3, "z", 0, NULL},
	{3, "far", 0, "../../tmp/x"},
};
#define NODES (sizeof(nodes) / sizeof(nodes[0]))

/* A handle is the number of a node and a count, so that no two are the same. */
#define HANDLES 4096
static const struct model_node *handle_node[HANDLES];
static unsigned handles_made, handles_open;
static unsigned walks, directories;
static bool unmounted[4];
static unsigned die; /* so many calls end with ERR_PEER_DIED first */

static const struct model_node *node_find(uint32_t mount, const char *path)
{
	for (size_t i = 0; i < NODES; i++) {
		if (nodes[i].mount == mount && strcmp(nodes[i].path, path) == 0)
			return &nodes[i];
	}
	return NULL;
}

static handle_t handle_make(const struct model_node *node)
{
	if (++handles_made == HANDLES)
		abort();
	handles_open++;
	handle_node[handles_made] = node;
	return handles_made;
}

status_t handle_close(handle_t handle)
{
	CHECK(handle_node[handle] != NULL);
	handle_node[handle] = NULL;
	handles_open--;
	return OK;
}

status_t futex_wait(const volatile void *word, uint32_t expected, uint64_t deadline)
{
	(void)word, (void)expected, (void)deadline;
	abort();
}

status_t futex_wake(const volatile void *word, uint32_t max, uint32_t *woken)
{
	(void)word, (void)max, (void)woken;
	abort();
}

/* ---- the model of a file system's walk: as fs/lib's, in few lines ---- */

struct model_walk {
	enum file_step step;
	uint32_t mount;
	bool plain;
	char rest[2 * FILE_PATH_MAX];
	size_t own; /* bytes at the end of rest that are the path's */
	char at[FILE_PATH_MAX + 1];
};

static status_t model_walk(handle_t from, const char *path, bool follow, struct model_walk *w)
{
	const struct model_node *node = from < HANDLES ? handle_node[from] : NULL;
	unsigned links = 0;

	if (!node)
		return ERR_HANDLE;
	if (unmounted[node->mount])
		return ERR_CLOSED;
	*w = (struct model_walk){.step = FILE_STEP_HERE, .plain = true, .own = strlen(path)};
	strcpy(w->rest, path);
	strcpy(w->at, node->path);
	if (path[0] == '/')
		return ERR_INVALID;
	while (w->rest[0]) {
		char name[FILE_PATH_MAX + 1], full[3 * FILE_PATH_MAX];
		size_t len = strcspn(w->rest, "/"), skip = len + strspn(w->rest + len, "/");
		bool last = w->rest[skip] == '\0';
		size_t left = strlen(w->rest + skip);

		memcpy(name, w->rest, len);
		name[len] = '\0';
		if (strcmp(name, "..") == 0) {
			char *slash = strrchr(w->at, '/');

			w->plain = false;
			memmove(w->rest, w->rest + skip, left + 1);
			if (w->own > left)
				w->own = left;
			if (w->at[0] == '\0' && node->mount != 1) {
				w->step = FILE_STEP_UP;
				return ERR_ELSEWHERE;
			}
			*(slash ? slash : w->at) = '\0';
			continue;
		}
		snprintf(full, sizeof(full), "%s%s%s", w->at, w->at[0] ? "/" : "", name);
		const struct model_node *found = strcmp(name, ".") == 0 ? node_find(node->mount, w->at)
									: node_find(node->mount, full);

		if (!found)
			return ERR_NOT_FOUND;
		if (found->covered_by && !unmounted[found->covered_by]) {
			memmove(w->rest, w->rest + skip, left + 1);
			if (w->own > left)
				w->own = left;
			w->step = FILE_STEP_DOWN;
			w->mount = found->covered_by;
			return ERR_ELSEWHERE;
		}
		if (found->link && (!last || follow || skip > len)) {
			char rest[2 * FILE_PATH_MAX];

			if (++links > FILE_LINKS_MAX)
				return ERR_LOOP;
			w->plain = false;
			if (w->own > left + (skip > len))
				w->own = left + (skip > len);
			snprintf(rest, sizeof(rest), "%s%s", found->link, w->rest + len);
			strcpy(w->rest, rest + (rest[0] == '/'));
			if (rest[0] == '/' && node->mount == 1) {
				w->at[0] = '\0';
			} else if (rest[0] == '/') {
				w->step = FILE_STEP_ROOT;
				return ERR_ELSEWHERE;
			}
			continue;
		}
		strcpy(w->at, found->path);
		memmove(w->rest, w->rest + skip, left + 1);
		if (w->own > left)
			w->own = left;
	}
	return OK;
}

status_t file_walk_until(handle_t ep, uint64_t deadline, const char *path, bool follow, void *target, size_t target_len,
			 uint32_t *target_length, enum file_step *step, bool *plain, uint32_t *consumed,
			 uint32_t *mount)
{
	struct model_walk w;
	status_t status = model_walk(ep, path, follow, &w);

	(void)deadline;
	if (die) {
		die--;
		return ERR_PEER_DIED;
	}
	walks++;
	if (status != OK && status != ERR_ELSEWHERE)
		return status;
	size_t text = strlen(w.rest) - (w.own < strlen(w.rest) ? w.own : strlen(w.rest));

	if (text > target_len)
		return ERR_NAME_TOO_LONG;
	memcpy(target, w.rest, text);
	*target_length = (uint32_t)text;
	*step = w.step;
	*plain = w.plain;
	*consumed = (uint32_t)(strlen(path) - (strlen(w.rest) - text));
	*mount = w.mount;
	return OK;
}

status_t file_attributes_until(handle_t ep, uint64_t deadline, const char *path, bool follow,
			       struct file_attributes *attributes, size_t attributes_count, uint32_t *count)
{
	(void)deadline, (void)follow, (void)attributes_count;
	if (die) {
		die--;
		return ERR_PEER_DIED;
	}
	CHECK(path[0] == '\0');
	if (!handle_node[ep])
		return ERR_HANDLE;
	*attributes = (struct file_attributes){.mount = handle_node[ep]->mount};
	*count = 1;
	return OK;
}

status_t vfs_directory_until(handle_t ep, uint64_t deadline, uint32_t mount, handle_t *directory, uint32_t *number)
{
	(void)deadline;
	CHECK(ep == 7777);
	if (die) {
		die--;
		return ERR_PEER_DIED;
	}
	directories++;
	*number = mount == VFS_ROOT ? 1 : mount;
	if (*number > 3 || unmounted[*number])
		return ERR_NOT_FOUND;
	*directory = handle_make(node_find(*number, ""));
	return OK;
}

status_t vfs_above_until(handle_t ep, uint64_t deadline, uint32_t mount, handle_t *directory, uint32_t *number)
{
	(void)deadline;
	CHECK(ep == 7777);
	*number = 1;
	*directory = handle_make(mount == 2 ? node_find(1, "") : node_find(1, "a"));
	return mount == 1 ? ERR_NOT_FOUND : OK;
}

/* ---- the test ---- */

/* Looks up as an operation of the library does; "mount:path" or an error's number. */
static const char *look_up(handle_t at, const char *path, bool follow)
{
	static char text[2 * FILE_PATH_MAX];
	struct model_walk w;
	struct resolve r;
	unsigned again = 0;
	status_t status;

	do {
		status = resolve_start(&r, at, path);
		while (status == OK) {
			status = model_walk(r.directory, r.path, follow, &w);
			if (status != ERR_ELSEWHERE)
				break;
			status = resolve_step(&r, follow);
		}
		if (status == OK)
			snprintf(text, sizeof(text), "%u:%s", handle_node[r.directory]->mount, w.at);
		else
			snprintf(text, sizeof(text), "%d", (int)status);
		resolve_end(&r);
	} while (status != OK && resolve_forget(&r, status) && again++ < 2);
	return text;
}

#define EXPECT(at, path, follow, wanted)                         \
	do {                                                     \
		const char *got_ = look_up(at, path, follow);    \
		check_strings(got_, wanted, __FILE__, __LINE__); \
	} while (0)

static char number_text[16];
static const char *error_text(status_t status)
{
	snprintf(number_text, sizeof(number_text), "%d", (int)status);
	return number_text;
}

static void test_paths(void)
{
	handle_t a = handle_make(node_find(1, "a")), x = handle_make(node_find(2, "x")),
		 deep = handle_make(node_find(3, ""));

	EXPECT(a, "/", true, "1:");
	EXPECT(a, "//etc///motd", true, "1:etc/motd");
	EXPECT(a, "file", true, "1:a/file");
	EXPECT(a, "/tmp", true, "2:");
	EXPECT(a, "/tmp", false, "2:");
	EXPECT(a, "/tmp/", true, "2:");
	EXPECT(a, "/tmp/x/y", true, "2:x/y");
	EXPECT(a, "/tmpx", true, error_text(ERR_NOT_FOUND));
	EXPECT(a, "/tm", true, error_text(ERR_NOT_FOUND));
	EXPECT(a, "deep/z", true, "3:z");
	EXPECT(a, "/a/deep/z", true, "3:z");
	EXPECT(a, "/a/./deep//z", true, "3:z");
	EXPECT(a, "/to_tmp/x", true, "2:x");
	EXPECT(a, "/to_tmp", false, "1:to_tmp");
	EXPECT(a, "/to_tmp_abs/y", true, "2:x/y");
	EXPECT(a, "/up/motd", true, "1:etc/motd");
	EXPECT(x, "../to_etc/motd", true, "1:etc/motd");
	EXPECT(x, "../to_etc_slash/motd", true, "1:etc/motd");
	EXPECT(x, "../to_etc", false, "2:to_etc");
	EXPECT(x, "../to_up", true, "1:etc/motd");
	EXPECT(x, "../../a/deep/far/y", true, "2:x/y");
	EXPECT(x, "../..", true, "1:");
	EXPECT(x, "../../../../..", true, "1:");
	EXPECT(deep, "..", true, "1:a");
	EXPECT(deep, "../..//tmp/../etc", true, "1:etc");
	EXPECT(a, "/around", true, error_text(ERR_LOOP));
	EXPECT(a, "/around", false, "1:around");
	EXPECT(a, "/tmp/missing", true, error_text(ERR_NOT_FOUND));
	(void)handle_close(a);
	(void)handle_close(x);
	(void)handle_close(deep);
}

static void test_long_circle(void)
{
	char path[FILE_PATH_MAX + 1] = "";
	handle_t x = handle_make(node_find(2, ""));

	for (int i = 0; i < 120; i++)
		strcat(path, "../tmp/");
	EXPECT(x, path, true, "2:"); /* 240 steps are no circle */
	memset(path, 'n', FILE_PATH_MAX);
	memcpy(path, "../tmp/to_etc/", 14);
	path[FILE_PATH_MAX] = '\0';
	EXPECT(x, path, true, error_text(ERR_NOT_FOUND));
	(void)handle_close(x);
}

static void test_memory(void)
{
	unsigned before = directories, walked;

	EXPECT(0, "/tmp/x", true, "2:x");
	EXPECT(0, "/a/deep/z", true, "3:z");
	CHECK(directories == before); /* all roots are known by now */
	walked = walks;
	EXPECT(0, "/tmp/x/y", true, "2:x/y");
	EXPECT(0, "/tmp//x", true, "2:x");
	EXPECT(0, "/a/deep", true, "3:");
	EXPECT(0, "/etc/motd", true, "1:etc/motd");
	CHECK(walks == walked); /* and so is where the paths lead */
}

static void test_unmount(void)
{
	unsigned before = handles_open;

	unmounted[3] = true;
	EXPECT(0, "/a/deep/z", true, error_text(ERR_NOT_FOUND));
	EXPECT(0, "/a/deep", true, "1:a/deep");
	CHECK(handles_open == before - 1); /* its root was closed */
	unmounted[3] = false;
	EXPECT(0, "/a/deep/z", true, "3:z");
	unmounted[2] = unmounted[3] = true;
	EXPECT(0, "/a/deep", true, "1:a/deep");
	EXPECT(0, "/tmp/x", true, error_text(ERR_NOT_FOUND));
	unmounted[2] = unmounted[3] = false;
	EXPECT(0, "/tmp/x", true, "2:x");
}

static void test_deaths(void)
{
	mount_cache_clear();
	die = 5;
	EXPECT(0, "/tmp/x", true, "2:x");
	CHECK(die == 0);
}

int main(void)
{
	resolve_use(7777);
	test_paths();
	test_long_circle();
	test_memory();
	test_unmount();
	test_deaths();
	mount_cache_clear();
	CHECK(handles_open == 0);
	return check_end();
}
