/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ftw and nftw: a walk over a tree of files (POSIX.1-2017). At most `depth` directories are kept open; below that the
 * names of a directory are read into memory before the walk goes on in it, so that any depth can be walked.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef int plain_function(const char *, const struct stat *, int);
typedef int full_function(const char *, const struct stat *, int, struct FTW *);

/* The directories that the walk is in: with links followed, one that comes again is a circle. */
struct level {
	const struct level *up;
	dev_t device;
	ino_t inode;
};

struct walk {
	plain_function *plain; /* one of the two */
	full_function *full;
	int flags;
	dev_t device;  /* of the start, for FTW_MOUNT */
	int top;       /* FTW_CHDIR: the directory that paths count from; else -1 */
	int open_left; /* directories that may still be opened and kept so */
	char path[PATH_MAX];
};

static int tell(struct walk *w, const struct stat *st, int kind, int base, int depth)
{
	struct FTW where = {base, depth};

	if (w->plain)
		return w->plain(w->path, st, kind == FTW_DP ? FTW_D : kind == FTW_SLN ? FTW_NS : kind);
	return w->full(w->path, st, kind, &where);
}

/* Where the program is while its function is called for what lies in the directory path[0..len). */
static int directory_enter(struct walk *w, size_t len)
{
	char saved = w->path[len];
	int result;

	if (w->top < 0)
		return 0;
	if (fchdir(w->top) < 0)
		return -1;
	w->path[len] = '\0';
	result = len ? chdir(w->path) : 0;
	w->path[len] = saved;
	return result;
}

static int look(struct walk *w, struct stat *st)
{
	if (w->top >= 0 && fchdir(w->top) < 0)
		return -1;
	if (!(w->flags & FTW_PHYS) && stat(w->path, st) == 0)
		return 0;
	return lstat(w->path, st);
}

static int walk_at(struct walk *w, size_t len, int base, int depth, const struct level *up);

static int walk_name(struct walk *w, size_t len, const char *name, int depth, const struct level *up)
{
	size_t name_len = strlen(name), start = len;

	if (len == 0 || w->path[len - 1] != '/')
		w->path[start++] = '/';
	if (start + name_len >= sizeof(w->path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(w->path + start, name, name_len + 1);
	return walk_at(w, start + name_len, (int)start, depth + 1, up);
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* All names, each with its NUL, and one more NUL; NULL and errno. */
static char *names_read(DIR *dir)
{
	size_t used = 0, room = 256;
	char *names = malloc(room);
	struct dirent *entry;

	while (names) {
		size_t len;

		errno = 0;
		entry = readdir(dir);
		if (!entry) {
			if (errno == 0) {
				names[used] = '\0';
				return names;
			}
			break;
		}
		len = strlen(entry->d_name) + 1;
		if (is_dots(entry->d_name))
			continue;
		if (used + len + 1 > room) {
			char *more;

			room = 2 * room + len;
			more = realloc(names, room);
			if (!more)
				break;
			names = more;
		}
		memcpy(names + used, entry->d_name, len);
		used += len;
	}
	free(names);
	return NULL;
}

static int walk_names(struct walk *w, DIR *dir, size_t len, int depth, const struct level *up)
{
	char *names = names_read(dir);
	int result = names ? 0 : -1;

	closedir(dir);
	for (const char *name = names; result == 0 && *name; name += strlen(name) + 1) {
		result = walk_name(w, len, name, depth, up);
		w->path[len] = '\0';
	}
	free(names);
	return result;
}

static int walk_open(struct walk *w, DIR *dir, size_t len, int depth, const struct level *up)
{
	int result = 0;

	w->open_left--;
	while (result == 0) {
		struct dirent *entry;

		errno = 0;
		entry = readdir(dir);
		if (!entry) {
			result = errno ? -1 : 0;
			break;
		}
		if (is_dots(entry->d_name))
			continue;
		result = walk_name(w, len, entry->d_name, depth, up);
		w->path[len] = '\0';
	}
	w->open_left++;
	closedir(dir);
	return result;
}

static int walk_directory(struct walk *w, const struct stat *st, size_t len, int base, int depth,
			  const struct level *up)
{
	struct level here = {up, st->st_dev, st->st_ino};
	size_t parent = base > 0 ? (size_t)base - (base > 1) : 0;
	DIR *dir;
	int result;

	if (!(w->flags & FTW_PHYS)) {
		for (const struct level *at = up; at; at = at->up) {
			if (at->device == st->st_dev && at->inode == st->st_ino)
				return 0; /* a link led back up */
		}
	}
	dir = opendir(w->path);
	if (!dir) {
		if (errno != EACCES)
			return -1;
		return directory_enter(w, parent) < 0 ? -1 : tell(w, st, FTW_DNR, base, depth);
	}
	if (!(w->flags & FTW_DEPTH)) {
		result = directory_enter(w, parent) < 0 ? -1 : tell(w, st, FTW_D, base, depth);
		if (result != 0) {
			closedir(dir);
			return result;
		}
	}
	result = w->open_left > 1 ? walk_open(w, dir, len, depth, &here) : walk_names(w, dir, len, depth, &here);
	if (result == 0 && (w->flags & FTW_DEPTH))
		result = directory_enter(w, parent) < 0 ? -1 : tell(w, st, FTW_DP, base, depth);
	return result;
}

static int walk_at(struct walk *w, size_t len, int base, int depth, const struct level *up)
{
	size_t parent = base > 0 ? (size_t)base - (base > 1) : 0;
	struct stat st = {0};
	int kind = FTW_F;

	if (look(w, &st) < 0) {
		if (depth == 0 || errno != EACCES)
			return depth > 0 && errno == ENOENT ? 0 : -1; /* gone since it was listed */
		kind = FTW_NS;
	} else if ((w->flags & FTW_MOUNT) && st.st_dev != w->device) {
		return 0;
	} else if (S_ISDIR(st.st_mode)) {
		return walk_directory(w, &st, len, base, depth, up);
	} else if (S_ISLNK(st.st_mode)) {
		kind = w->flags & FTW_PHYS ? FTW_SL : FTW_SLN;
	}
	return directory_enter(w, parent) < 0 ? -1 : tell(w, &st, kind, base, depth);
}

static int walk(const char *path, plain_function *plain, full_function *full, int depth, int flags)
{
	size_t len = strlen(path), base = len;
	struct stat st;
	struct walk *w;
	int result, error;

	if (len >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (lstat(path, &st) < 0 ||
	    (!(flags & FTW_PHYS) && S_ISLNK(st.st_mode) && stat(path, &st) < 0 && errno != ENOENT))
		return -1;
	w = malloc(sizeof(*w));
	if (!w)
		return -1;
	*w = (struct walk){
		.plain = plain, .full = full, .flags = flags, .device = st.st_dev, .top = -1, .open_left = depth};
	memcpy(w->path, path, len + 1);
	while (len > 1 && w->path[len - 1] == '/')
		w->path[--len] = '\0';
	for (base = len; base > 0 && w->path[base - 1] != '/'; base--)
		;
	if (base == len)
		base = 0; /* the root */
	if (flags & FTW_CHDIR)
		w->top = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	result = (flags & FTW_CHDIR) && w->top < 0 ? -1 : walk_at(w, len, (int)base, 0, NULL);
	error = errno;
	if (w->top >= 0) {
		(void)fchdir(w->top);
		close(w->top);
	}
	free(w);
	errno = error;
	return result;
}

int ftw(const char *path, plain_function *function, int depth)
{
	return walk(path, function, NULL, depth, 0);
}

int nftw(const char *path, full_function *function, int depth, int flags)
{
	return walk(path, NULL, function, depth, flags);
}
