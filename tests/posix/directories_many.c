/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory of a thousand names: places in it, and reading it while it changes. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

#define MANY 1000

static unsigned char seen[2 * MANY];

static void many_make(void)
{
	char name[32];

	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		MUST(put(name, ""));
	}
}

/* Reads on to the end and counts each name. How many were there. */
static long rest_read(DIR *dir)
{
	struct dirent *e;
	long count = 0;

	while ((e = readdir(dir)) != NULL) {
		if (e->d_name[0] != 'n')
			continue;
		count++;
		seen[atoi(e->d_name + 1) % (2 * MANY)]++;
	}
	return count;
}

/* How many of the names from first on were seen so often. */
static int seen_times(int first, int count, int times)
{
	int result = 0;

	for (int i = first; i < first + count; i++)
		result += seen[i] == times;
	return result;
}

static void all_of_many(void)
{
	DIR *dir = opendir(".");

	MUST_BE(dir != NULL);
	memset(seen, 0, sizeof(seen));
	FACT("names of a thousand", rest_read(dir));
	FACT("each once", seen_times(0, MANY, 1));
	rewinddir(dir);
	FACT("names after rewinddir", rest_read(dir));
	FACT("each twice", seen_times(0, MANY, 2));
	MUST(put("n1000", ""));
	rewinddir(dir);
	FACT("names after a new one and rewinddir", rest_read(dir));
	MUST(unlink("n1000"));
	closedir(dir);
}

static void places(void)
{
	char names[3][sizeof(((struct dirent *)NULL)->d_name)];
	struct dirent *e;
	long place[3];
	DIR *dir = opendir(".");
	int same = 0;

	MUST_BE(dir != NULL);
	/* Three places far from each other, and then back to each, in another order. */
	for (int i = 0; i < 3; i++) {
		for (int k = 0; k < 200; k++)
			MUST_BE(readdir(dir) != NULL);
		place[i] = telldir(dir);
		e = readdir(dir);
		MUST_BE(e != NULL);
		snprintf(names[i], sizeof(names[i]), "%s", e->d_name);
	}
	for (int i = 2; i >= 0; i--) {
		seekdir(dir, place[i]);
		e = readdir(dir);
		same += e && strcmp(e->d_name, names[i]) == 0;
	}
	FACT("places that seekdir finds again", same);
	seekdir(dir, place[1]);
	int count = 0;
	while (readdir(dir))
		count++;
	FACT("entries from the second on", count);
	closedir(dir);
}

/* Names that neither come nor go are each seen once, whatever happens to the others. */
static void changes(void)
{
	char name[32];
	struct dirent *e;
	DIR *dir = opendir(".");

	MUST_BE(dir != NULL);
	memset(seen, 0, sizeof(seen));
	for (int i = 0; i < 100; i++) {
		e = readdir(dir);
		MUST_BE(e != NULL);
		if (e->d_name[0] == 'n')
			seen[atoi(e->d_name + 1)]++;
	}
	for (int i = 0; i < MANY; i += 2) {
		snprintf(name, sizeof(name), "n%d", i);
		MUST(unlink(name));
		snprintf(name, sizeof(name), "n%d", MANY + i);
		MUST(put(name, ""));
	}
	rest_read(dir);
	int once = 0, more = 0;
	for (int i = 1; i < MANY; i += 2)
		once += seen[i] == 1;
	for (int i = 0; i < 2 * MANY; i++)
		more += seen[i] > 1;
	FACT("names that stayed and were seen once", once);
	FACT("names that were seen twice", more);
	closedir(dir);
	FACT("names in the end", entries_of("."));
}

static void remove_while_reading(void)
{
	struct dirent *e;
	int removed = 0;
	DIR *dir = opendir(".");

	MUST_BE(dir != NULL);
	while ((e = readdir(dir)) != NULL) {
		if (e->d_name[0] == 'n')
			removed += unlink(e->d_name) == 0;
	}
	FACT("names that were removed while reading", removed);
	rewinddir(dir);
	FACT("names that are left", rest_read(dir));
	closedir(dir);
}

void chapter_directories_many(void)
{
	many_make();
	all_of_many();
	places();
	changes();
	remove_while_reading();
}
