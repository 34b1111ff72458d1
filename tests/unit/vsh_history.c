/* SPDX-License-Identifier: BSD-2-Clause */
/* The history's file: order, bounds, what a power cut left, and shells that append at the same time while the file is made shorter. */
#include "userland/vsh/history_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/check.h"

#define WRITERS 4
#define LINES   1500

static char path[64];

static off_t file_size(void)
{
	struct stat st;
	return stat(path, &st) == 0 ? st.st_size : -1;
}

static void put(const char *bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	CHECK(write(fd, bytes, strlen(bytes)) == (ssize_t)strlen(bytes));
	close(fd);
}

static void basics(void)
{
	struct history history = {0};
	history_file_load(&history, path);
	CHECK_INT(history.count, 0);
	CHECK(history_file_append(path, "one"));
	CHECK(history_file_append(path, "two words"));
	CHECK(history_file_append(path, "two words"));
	CHECK(history_file_append(path, "a\nb"));
	history_file_load(&history, path);
	CHECK_INT(history.count, 3);
	CHECK_STR(history_get(&history, 0), "one");
	CHECK_STR(history_get(&history, 1), "two words");
	CHECK_STR(history_get(&history, 2), "a\nb");
	struct stat st;
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
	history_clear(&history);
	CHECK(history_file_clear(path));
	CHECK_INT(file_size(), 0);
	history_file_load(&history, path);
	CHECK_INT(history.count, 0);

	put("whole\ncut of"); /* the last write did not get to its end */
	CHECK(history_file_append(path, "next"));
	history_file_load(&history, path);
	CHECK_INT(history.count, 3);
	CHECK_STR(history_get(&history, 1), "cut of");
	CHECK_STR(history_get(&history, 2), "next");
	history_clear(&history);
	CHECK(!history_file_append("/nonexistent/history", "x"));
	CHECK(!history_file_append("/", "x"));
	unlink(path);
	CHECK(history_file_clear(path));
}

static void write_lines(int writer, const char *padding)
{
	for (int i = 0; i < LINES; i++) {
		char line[256];
		snprintf(line, sizeof(line), "writer %d line %d %s", writer, i, padding);
		if (!history_file_append(path, line))
			_exit(1);
	}
	_exit(0);
}

/* The file has been made shorter several times meanwhile. Each writer's lines that are left are its last ones, none is missing
 * between them, and none is torn. */
static void together(void)
{
	static struct history history;
	char padding[160];
	int status, last[WRITERS];
	memset(padding, 'x', sizeof(padding) - 1);
	padding[sizeof(padding) - 1] = '\0';
	for (int i = 0; i < WRITERS; i++) {
		last[i] = -1;
		if (fork() == 0)
			write_lines(i, padding);
	}
	for (int i = 0; i < WRITERS; i++)
		CHECK(wait(&status) > 0 && status == 0);
	CHECK(file_size() > (off_t)HISTORY_FILE_BYTES / 4 && file_size() < (off_t)HISTORY_FILE_BYTES + 4096);
	history_file_load(&history, path);
	CHECK(history.count > 100);
	unsigned wrong = 0;
	for (size_t n = 0; n < history.count; n++) {
		int writer, line, end = 0;
		if (sscanf(history_get(&history, n), "writer %d line %d %n", &writer, &line, &end) != 2 ||
		    writer >= WRITERS || strcmp(history_get(&history, n) + end, padding) != 0 ||
		    (last[writer] >= 0 && line != last[writer] + 1)) {
			wrong++;
			continue;
		}
		last[writer] = line;
	}
	CHECK_INT(wrong, 0);
	for (int i = 0; i < WRITERS; i++)
		CHECK(last[i] == -1 || last[i] == LINES - 1);
	history_clear(&history);
}

int main(void)
{
	snprintf(path, sizeof(path), "/tmp/vsh-history-%d", (int)getpid());
	basics();
	together();
	unlink(path);
	return check_end();
}
