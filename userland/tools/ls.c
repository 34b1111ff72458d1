/* SPDX-License-Identifier: BSD-2-Clause */
/* ls: lists files. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "userland/base/utf8.h"
#include "userland/tools/lib/table.h"
#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "ls",
	.summary = TOOL_SUMMARY,
	.usage = "[-a] [-l] [-1] [-d] [PATH...]",
	.details = "  -a   also names that begin with a dot\n"
		   "  -l   kind and permissions, size, name\n"
		   "  -1   one name on a line\n"
		   "  -d   directories themselves, not what is in them\n",
	.options = "al1d",
};

struct list {
	char **names;
	size_t count, room;
};

static bool show_all, show_long, show_single, show_itself;
static unsigned columns = 80;

static void list_add(struct list *list, const char *name, bool is_directory)
{
	if (list->count == list->room) {
		list->room = list->room ? list->room * 2 : 64;
		list->names = realloc(list->names, list->room * sizeof(*list->names));
		if (!list->names)
			tool_fail("out of memory");
	}
	size_t len = strlen(name);
	char *copy = malloc(len + 2);
	if (!copy)
		tool_fail("out of memory");
	memcpy(copy, name, len);
	strcpy(copy + len, is_directory ? "/" : "");
	list->names[list->count++] = copy;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list_free(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->names[i]);
	free(list->names);
}

static unsigned width_of(const char *name)
{
	unsigned width = 0;
	size_t len = strlen(name);
	for (size_t i = 0; i < len;) {
		uint32_t c;
		unsigned n = utf8_decode(name + i, len - i, &c);
		width += n ? utf8_width(c) : 1;
		i += n ? n : 1;
	}
	return width;
}

static void print_columns(const struct list *list)
{
	unsigned width = 0;
	for (size_t i = 0; i < list->count; i++) {
		unsigned w = width_of(list->names[i]) + 2;
		width = w > width ? w : width;
	}
	size_t across = width && columns / width > 1 && !show_single ? columns / width : 1;
	size_t down = (list->count + across - 1) / across;
	for (size_t row = 0; row < down; row++) {
		for (size_t i = row; i < list->count; i += down) {
			bool last = i + down >= list->count;
			printf("%s%*s", list->names[i], last ? 0 : (int)(width - width_of(list->names[i])), "");
		}
		putchar('\n');
	}
}

static void mode_text(mode_t mode, char out[11])
{
	static const char letters[] = "rwxrwxrwx";
	out[0] = S_ISDIR(mode)    ? 'd'
		 : S_ISREG(mode)  ? '-'
		 : S_ISLNK(mode)  ? 'l'
		 : S_ISCHR(mode)  ? 'c'
		 : S_ISBLK(mode)  ? 'b'
		 : S_ISFIFO(mode) ? 'p'
		 : S_ISSOCK(mode) ? 's'
				  : '?';
	for (unsigned i = 0; i < 9; i++)
		out[i + 1] = mode & (0400u >> i) ? letters[i] : '-';
	out[10] = '\0';
}

/* With what a symbolic link leads to */
static void name_add(struct table *table, const char *name, const char *path, mode_t mode)
{
	char target[1024];
	ssize_t n = S_ISLNK(mode) ? readlink(path, target, sizeof(target) - 1) : -1;
	if (n < 0) {
		table_add(table, "%s", name);
		return;
	}
	target[n] = '\0';
	table_add(table, "%s -> %s", name, target);
}

/* `directory` "" for names that are paths themselves. */
static int print_long(const struct list *list, const char *directory)
{
	struct table table;
	int status = 0;
	table_begin(&table, "MODE >SIZE NAME");
	for (size_t i = 0; i < list->count; i++) {
		struct text path = {0};
		struct stat st;
		char mode[11];
		text_format(&path, "%s%s%s", directory, *directory ? "/" : "", list->names[i]);
		if (lstat(text_get(&path), &st) != 0) {
			tool_error("%s: %s", text_get(&path), strerror(errno));
			status = TOOL_FAILED;
		} else {
			mode_text(st.st_mode, mode);
			table_add(&table, "%s", mode);
			table_add(&table, "%" PRIu64, (uint64_t)st.st_size);
			name_add(&table, list->names[i], text_get(&path), st.st_mode);
		}
		text_free(&path);
	}
	return status | table_print(&table);
}

static int print_list(struct list *list, const char *directory)
{
	int status = 0;
	if (list->count > 1)
		qsort(list->names, list->count, sizeof(*list->names), compare);
	if (show_long)
		status = print_long(list, directory);
	else
		print_columns(list);
	list_free(list);
	return status;
}

static int list_directory(const char *path)
{
	struct list list = {0};
	DIR *directory = opendir(path);
	if (!directory) {
		tool_error("%s: %s", path, strerror(errno));
		return TOOL_FAILED;
	}
	for (const struct dirent *d = readdir(directory); d; d = readdir(directory)) {
		struct text full = {0};
		struct stat st;
		if (d->d_name[0] == '.' && !show_all)
			continue;
		text_format(&full, "%s/%s", path, d->d_name);
		list_add(&list, d->d_name, stat(text_get(&full), &st) == 0 && S_ISDIR(st.st_mode));
		text_free(&full);
	}
	/* Open until all is told: /proc/self/fd has it, too. */
	int status = print_list(&list, path);
	closedir(directory);
	return status;
}

int main(int argc, char **argv)
{
	static char here[] = ".";
	static char *const default_paths[] = {here, NULL};
	struct list files = {0};
	int letter, status = 0;

	tool_begin(&tool, argc, argv);
	while ((letter = tool_option(argc, argv)) != -1) {
		show_all |= letter == 'a';
		show_long |= letter == 'l';
		show_single |= letter == '1';
		show_itself |= letter == 'd';
	}
	const char *width = getenv("COLUMNS");
	if (width && atoi(width) > 0)
		columns = (unsigned)atoi(width);
	show_single |= !isatty(STDOUT_FILENO);
	char *const *paths = optind < argc ? argv + optind : default_paths;
	bool several = optind + 1 < argc;
	for (char *const *path = paths; *path; path++) {
		struct stat st;
		if (stat(*path, &st) != 0) {
			tool_error("%s: %s", *path, strerror(errno));
			status = TOOL_FAILED;
		} else if (show_itself || !S_ISDIR(st.st_mode)) {
			list_add(&files, *path, S_ISDIR(st.st_mode));
		}
	}
	bool printed = files.count != 0;
	if (printed)
		status |= print_list(&files, "");
	for (char *const *path = paths; *path && !show_itself; path++) {
		struct stat st;
		if (stat(*path, &st) != 0 || !S_ISDIR(st.st_mode))
			continue;
		if (several)
			printf("%s%s:\n", printed ? "\n" : "", *path);
		status |= list_directory(*path);
		printed = true;
	}
	return tool_end(status);
}
