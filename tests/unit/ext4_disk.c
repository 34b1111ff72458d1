/* SPDX-License-Identifier: BSD-2-Clause */
/* Disks in memory, power cuts, and Linux's tools. */
#include "tests/unit/ext4_disk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

uint64_t random_next(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static void *grown(void *memory, size_t *room, size_t need, size_t each)
{
	if (need <= *room)
		return memory;
	*room = need + need / 2 + 64;
	memory = realloc(memory, *room * each);
	if (!memory) {
		perror("realloc");
		exit(1);
	}
	return memory;
}

static void record(struct memory_disk *m, uint64_t sector, uint32_t count, const void *data)
{
	size_t bytes = (size_t)count * TEST_SECTOR;

	if (!m->recording)
		return;
	m->events = grown(m->events, &m->event_room, m->event_count + 1, sizeof(*m->events));
	m->log = grown(m->log, &m->log_room, m->log_used + bytes, 1);
	m->events[m->event_count++] = (struct disk_event){sector, count, m->log_used};
	if (bytes)
		memcpy(m->log + m->log_used, data, bytes);
	m->log_used += bytes;
}

static bool still_good(int64_t *left)
{
	if (*left == 0)
		return false;
	if (*left > 0)
		--*left;
	return true;
}

static status_t memory_read(struct disk *d, uint64_t sector, uint32_t count, void *data)
{
	struct memory_disk *m = (struct memory_disk *)d;

	if (!still_good(&m->good_reads))
		return ERR_IO;
	m->reads++;
	memcpy(data, m->bytes + sector * TEST_SECTOR, (size_t)count * TEST_SECTOR);
	return OK;
}

static status_t memory_write(struct disk *d, uint64_t sector, uint32_t count, const void *data)
{
	struct memory_disk *m = (struct memory_disk *)d;

	if (!still_good(&m->good_writes))
		return ERR_IO;
	m->writes++;
	memcpy(m->bytes + sector * TEST_SECTOR, data, (size_t)count * TEST_SECTOR);
	record(m, sector, count, data);
	return OK;
}

static status_t memory_flush(struct disk *d)
{
	struct memory_disk *m = (struct memory_disk *)d;

	if (!still_good(&m->good_writes))
		return ERR_IO;
	m->flushes++;
	record(m, UINT64_MAX, 0, NULL);
	return OK;
}

static const struct disk_ops memory_ops = {.read = memory_read, .write = memory_write, .flush = memory_flush};

/* ---- many requests at a time, which end late and in any order */

static void request_check(const struct memory_disk *m, const struct disk_request *r)
{
	const struct disk *d = &m->disk;
	const uint8_t *memory = d->memory, *data = r->data;
	bool good = r->count && r->count <= d->max_blocks && disk_range_good(d, r->block, r->count) &&
		    (r->op == DISK_READ || r->op == DISK_WRITE);

	if (memory && (data < memory || data + (size_t)r->count * TEST_SECTOR > memory + d->memory_bytes))
		good = false;
	for (unsigned i = 0; i < m->queued; i++) {
		const struct disk_request *o = m->queue[i];

		if (r->block < o->block + o->count && o->block < r->block + r->count &&
		    (r->op == DISK_WRITE || o->op == DISK_WRITE))
			good = false; /* which of them comes first, nobody knows */
	}
	if (!good) {
		fprintf(stderr, "a bad request: %d of %u sectors at %llu\n", r->op, r->count,
			(unsigned long long)r->block);
		abort();
	}
}

static status_t memory_submit(struct disk *d, struct disk_request *r)
{
	struct memory_disk *m = (struct memory_disk *)d;

	request_check(m, r);
	if (m->queued == TEST_DEPTH)
		return ERR_WOULD_BLOCK;
	m->queue[m->queued++] = r;
	return OK;
}

static void memory_kick(struct disk *d)
{
	(void)d;
}

static void request_end(struct memory_disk *m)
{
	unsigned i = random_below(&m->random, m->queued);
	struct disk_request *r = m->queue[i];
	status_t status;

	m->queue[i] = m->queue[--m->queued];
	status = r->op == DISK_READ ? memory_read(&m->disk, r->block, r->count, r->data)
				    : memory_write(&m->disk, r->block, r->count, r->data);
	r->done(r, status);
}

static bool memory_poll(struct disk *d)
{
	struct memory_disk *m = (struct memory_disk *)d;
	bool any = false;

	for (uint32_t n = random_below(&m->random, 4); n && m->queued; n--) {
		request_end(m);
		any = true;
	}
	return any;
}

static status_t memory_wait(struct disk *d, uint64_t deadline)
{
	struct memory_disk *m = (struct memory_disk *)d;

	(void)deadline;
	if (!m->queued) {
		fprintf(stderr, "waits with nothing under way\n");
		abort();
	}
	request_end(m);
	return OK;
}

static const struct disk_ops queued_ops = {.read = memory_read,
					   .write = memory_write,
					   .flush = memory_flush,
					   .submit = memory_submit,
					   .kick = memory_kick,
					   .poll = memory_poll,
					   .wait = memory_wait};

void memory_disk_queue(struct memory_disk *m, size_t memory_bytes, uint64_t seed)
{
	m->disk.ops = &queued_ops;
	m->random = seed;
	if (!memory_bytes)
		return;
	m->disk.memory = aligned_alloc(4096, memory_bytes);
	m->disk.memory_bytes = memory_bytes;
	if (!m->disk.memory) {
		perror("aligned_alloc");
		exit(1);
	}
}

static void memory_disk_make(struct memory_disk *m, uint64_t sectors)
{
	memset(m, 0, sizeof(*m));
	m->disk = (struct disk){.ops = &memory_ops,
				.blocks = sectors,
				.block_size = TEST_SECTOR,
				.max_blocks = 1024,
				.has_cache = true};
	m->bytes = malloc(sectors * TEST_SECTOR);
	m->good_reads = m->good_writes = -1;
	if (!m->bytes) {
		perror("malloc");
		exit(1);
	}
}

bool memory_disk_load(struct memory_disk *m, const char *path)
{
	struct stat about;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool good;

	if (fd < 0 || fstat(fd, &about) < 0) {
		perror(path);
		if (fd >= 0)
			close(fd);
		return false;
	}
	memory_disk_make(m, (uint64_t)about.st_size / TEST_SECTOR);
	good = pread(fd, m->bytes, m->disk.blocks * TEST_SECTOR, 0) == (ssize_t)(m->disk.blocks * TEST_SECTOR);
	close(fd);
	if (!good) {
		perror(path);
		memory_disk_free(m);
	}
	return good;
}

bool memory_disk_save(const struct memory_disk *m, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	bool good = fd >= 0 &&
		    pwrite(fd, m->bytes, m->disk.blocks * TEST_SECTOR, 0) == (ssize_t)(m->disk.blocks * TEST_SECTOR);

	if (fd < 0 || close(fd) < 0 || !good) {
		perror(path);
		return false;
	}
	return true;
}

void memory_disk_copy(struct memory_disk *to, const struct memory_disk *from)
{
	memory_disk_make(to, from->disk.blocks);
	memcpy(to->bytes, from->bytes, from->disk.blocks * TEST_SECTOR);
}

void memory_disk_free(struct memory_disk *m)
{
	free(m->bytes);
	free(m->events);
	free(m->log);
	free(m->disk.memory);
	memset(m, 0, sizeof(*m));
}

/* ---- power cuts */

static void event_apply(struct memory_disk *disk, const struct memory_disk *log, const struct disk_event *e)
{
	memcpy(disk->bytes + e->sector * TEST_SECTOR, log->log + e->data, (size_t)e->count * TEST_SECTOR);
}

static void event_apply_torn(struct memory_disk *disk, const struct memory_disk *log, const struct disk_event *e,
			     uint64_t *state)
{
	uint32_t chance = random_below(state, 5); /* whole, never, and between */

	for (uint32_t i = 0; i < e->count; i++)
		if (random_below(state, 4) < chance)
			memcpy(disk->bytes + (e->sector + i) * TEST_SECTOR,
			       log->log + e->data + (size_t)i * TEST_SECTOR, TEST_SECTOR);
}

void cut_make(struct memory_disk *disk, const struct memory_disk *log, size_t end, enum cut_kind kind, uint64_t seed)
{
	size_t window = end, count;
	uint64_t state = seed;

	while (window > 0 && log->events[window - 1].sector != UINT64_MAX)
		window--;
	for (size_t i = 0; i < window; i++)
		if (log->events[i].sector != UINT64_MAX)
			event_apply(disk, log, &log->events[i]);
	count = end - window;
	if (kind == CUT_CLEAN || count == 0)
		return;
	if (kind == CUT_PREFIX) {
		count = random_below(&state, (uint32_t)count + 1);
		for (size_t i = 0; i < count; i++)
			event_apply(disk, log, &log->events[window + i]);
	} else if (kind == CUT_TORN) {
		for (size_t i = 0; i < count; i++)
			event_apply_torn(disk, log, &log->events[window + i], &state);
	} else {
		size_t *order = malloc(count * sizeof(*order));
		if (!order) {
			perror("malloc");
			exit(1);
		}
		for (size_t i = 0; i < count; i++) {
			size_t j = random_below(&state, (uint32_t)i + 1);
			order[i] = order[j];
			order[j] = window + i;
		}
		for (size_t i = 0; i < count; i++)
			event_apply_torn(disk, log, &log->events[order[i]], &state);
		free(order);
	}
}

/* ---- files and tools */

static char folder[256];

const char *test_folder(void)
{
	if (!folder[0]) {
		const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
		(void)snprintf(folder, sizeof(folder), "%s/ext4-test-XXXXXX",
			       getenv("TMPDIR") ? getenv("TMPDIR") : base);
		if (!mkdtemp(folder)) {
			perror(folder);
			exit(1);
		}
		(void)atexit(test_folder_remove);
	}
	return folder;
}

void test_folder_remove(void)
{
	char command[300];

	if (!folder[0])
		return;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	if (system(command) != 0)
		fprintf(stderr, "cannot remove %s\n", folder);
	folder[0] = 0;
}

const char *test_file(const char *name)
{
	static char paths[8][400];
	static unsigned next;
	char *path = paths[next++ % 8];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", test_folder(), name);
	return path;
}

int tool_run(const char *command)
{
	char line[2000];
	int status;

	(void)fflush(stdout);
	(void)snprintf(line, sizeof(line), "PATH=$PATH:/usr/sbin:/sbin; (%s) > '%s' 2>&1", command,
		       test_file("output"));
	status = system(line);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void output_show(void)
{
	char line[500];
	FILE *f = fopen(test_file("output"), "r");

	while (f && fgets(line, sizeof(line), f))
		printf("  | %s", line);
	if (f)
		(void)fclose(f);
}

bool tools_present(void)
{
	return tool_run("command -v mkfs.ext4 && command -v e2fsck && command -v debugfs") == 0;
}

bool tool_mkfs(const char *path, const char *options, uint64_t bytes)
{
	char command[1000];

	(void)snprintf(command, sizeof(command), "rm -f '%s'; truncate -s %llu '%s' && mkfs.ext4 -q -F %s '%s'", path,
		       (unsigned long long)bytes, path, options, path);
	if (tool_run(command) == 0)
		return true;
	printf("%s\n", command);
	output_show();
	return false;
}

bool tool_check(const char *path)
{
	char command[600];

	(void)snprintf(command, sizeof(command), "e2fsck -fn '%s' && ! grep -q -i -E 'warning|fix' '%s'", path,
		       test_file("output"));
	if (tool_run(command) == 0)
		return true;
	output_show();
	return false;
}

bool tool_repair(const char *path)
{
	char command[600];

	(void)snprintf(command, sizeof(command), "e2fsck -fy '%s'; [ $? -le 1 ] && e2fsck -fn '%s'", path, path);
	if (tool_run(command) == 0)
		return true;
	output_show();
	return false;
}
