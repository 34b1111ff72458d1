/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fs DIRECTORY TAG [ROUNDS [sync]]: what programs do with small files, on Veridian and on Linux from this source. Of 32 files each round: create,
 * write 4 KiB, write them again, read them, close, open and close, unlink; with `sync` fsync after the first write. At the end stat of
 * a path four deep. Lines `TAG_WHAT value unit`, the mean of one operation with the library's part.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/posix/lap.h"

#define FILES 32
#define STATS 5000

enum { CREATE, WRITE_NEW, WRITE_OVER, READ, CLOSE, OPEN_CLOSE, UNLINK, SYNC_NEW, KINDS };

static const char *const names[KINDS] = {
	[CREATE] = "create", [WRITE_NEW] = "write4k_new", [WRITE_OVER] = "write4k_over", [READ] = "read4k",
	[CLOSE] = "close",   [OPEN_CLOSE] = "open_close", [UNLINK] = "unlink",           [SYNC_NEW] = "fsync",
};

static struct lap sums[KINDS];
static char buffer[4096];
static char path[FILES][256];
static int fd[FILES];

static void write_all(const char *what)
{
	for (int i = 0; i < FILES; i++)
		if (write(fd[i], buffer, sizeof(buffer)) != (ssize_t)sizeof(buffer))
			die(what);
}

static void rewind_all(void)
{
	for (int i = 0; i < FILES; i++)
		lseek(fd[i], 0, SEEK_SET);
}

static void one_round(int sync)
{
	struct lap start = lap_now();

	for (int i = 0; i < FILES; i++) {
		fd[i] = open(path[i], O_CREAT | O_EXCL | O_RDWR, 0644);
		if (fd[i] < 0)
			die("create");
	}
	lap_add(&sums[CREATE], start);

	start = lap_now();
	write_all("write");
	lap_add(&sums[WRITE_NEW], start);

	if (sync) {
		start = lap_now();
		for (int i = 0; i < FILES; i++)
			if (fsync(fd[i]) < 0)
				die("fsync");
		lap_add(&sums[SYNC_NEW], start);
	}

	rewind_all();
	start = lap_now();
	write_all("write again");
	lap_add(&sums[WRITE_OVER], start);

	rewind_all();
	start = lap_now();
	for (int i = 0; i < FILES; i++)
		if (read(fd[i], buffer, sizeof(buffer)) != (ssize_t)sizeof(buffer))
			die("read");
	lap_add(&sums[READ], start);

	start = lap_now();
	for (int i = 0; i < FILES; i++)
		close(fd[i]);
	lap_add(&sums[CLOSE], start);

	start = lap_now();
	for (int i = 0; i < FILES; i++) {
		int again = open(path[i], O_RDONLY);

		if (again < 0)
			die("open");
		close(again);
	}
	lap_add(&sums[OPEN_CLOSE], start);

	start = lap_now();
	for (int i = 0; i < FILES; i++)
		if (unlink(path[i]) < 0)
			die("unlink");
	lap_add(&sums[UNLINK], start);
}

static void stat_deep(const char *directory, const char *tag)
{
	static const char *const parts[] = {"/d1", "/d2", "/d3"};
	struct lap sum = {0, 0}, start;
	char deep[256];
	struct stat status;
	size_t length = (size_t)snprintf(deep, sizeof(deep), "%s", directory);
	int leaf;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		length += (size_t)snprintf(deep + length, sizeof(deep) - length, "%s", parts[i]);
		if (mkdir(deep, 0755) < 0)
			die(deep);
	}
	snprintf(deep + length, sizeof(deep) - length, "/leaf");
	leaf = open(deep, O_CREAT | O_WRONLY, 0644);
	if (leaf < 0)
		die(deep);
	close(leaf);
	start = lap_now();
	for (int i = 0; i < STATS; i++)
		if (stat(deep, &status) < 0)
			die("stat");
	lap_add(&sum, start);
	report_lap(tag, "stat4", sum, STATS);
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: fs DIRECTORY TAG [ROUNDS [sync]]\n");
		return 2;
	}
	const char *directory = argv[1], *tag = argv[2];
	long rounds = argc > 3 ? atol(argv[3]) : 20;
	int sync = argc > 4;

	if (rounds < 1 || strlen(directory) > 200)
		return 2;
	memset(buffer, 'x', sizeof(buffer));
	for (int i = 0; i < FILES; i++)
		snprintf(path[i], sizeof(path[i]), "%s/file%02d", directory, i);
	one_round(sync); /* to warm up */
	memset(sums, 0, sizeof(sums));
	for (long i = 0; i < rounds; i++)
		one_round(sync);
	for (int i = 0; i < KINDS; i++)
		if (i != SYNC_NEW || sync)
			report_lap(tag, names[i], sums[i], (double)(rounds * FILES));
	stat_deep(directory, tag);
	return 0;
}
