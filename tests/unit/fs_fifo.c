/* SPDX-License-Identifier: BSD-2-Clause */
/* FIFOs of a file system: who waits for whom, who dies while waiting, limits, restarts; and many calls against a model. */
#include <stdlib.h>
#include <string.h>

#include "sys/lib/syscall.h"
#include "tests/unit/check.h"
#include "tests/unit/fs_host.h"

#define READER (FILE_MODE_READ)
#define WRITER (FILE_MODE_WRITE)
#define NOW    (FILE_MODE_NONBLOCK)

static handle_t root;
static uint8_t bytes[4][128 * 1024];

static void begin(void)
{
	host_reset();
	CHECK_INT(host_start(), OK);
	root = host_root(0, 0, false);
	CHECK_INT(file_make(root, "fifo", FILE_KIND_FIFO, 0666), OK);
}

static void begin_pipes(void)
{
	host_pipes = true;
	host_reset();
	CHECK_INT(host_start(), OK);
	root = host_root(0, 0, false);
}

static void end(void)
{
	handle_close(root);
	host_closed();
	CHECK_INT(host_handles(), 0);
	CHECK_INT(host_waiting(), 0);
	host_reset();
	host_pipes = false;
}

static status_t open_as(handle_t dir, uint32_t mode, handle_t *file)
{
	return file_open(dir, "fifo", mode, 0, file, NULL);
}

/* Answered later: its reply. */
static handle_t deferred(status_t status)
{
	CHECK_INT(status, ERR_CANCELLED);
	return host_saved;
}

static status_t opened(handle_t reply, handle_t *file)
{
	struct ipc_msg answer;
	status_t status = host_answer(reply, &answer);

	*file = status == OK ? answer.handles[0] : HANDLE_NONE;
	return status;
}

static status_t moved(handle_t reply, uint64_t *count)
{
	struct ipc_msg answer;
	status_t status = host_answer(reply, &answer);

	*count = status == OK ? answer.w[0] : 0;
	return status;
}

static void test_open(void)
{
	handle_t a, b, reply;

	begin();
	CHECK_INT(open_as(root, WRITER | NOW, &a), ERR_DEVICE);
	reply = deferred(open_as(root, READER, &a));
	CHECK_INT(open_as(root, WRITER | NOW, &b), OK);
	CHECK_INT(opened(reply, &a), OK);
	handle_close(a);
	handle_close(b);
	host_closed();
	reply = deferred(open_as(root, WRITER, &b));
	CHECK_INT(open_as(root, READER, &a), OK);
	CHECK_INT(opened(reply, &b), OK);
	handle_close(a);
	handle_close(b);
	host_closed();
	/* Who is gone is no peer, nor is what it opened left. */
	reply = deferred(open_as(root, READER, &a));
	host_caller_ends(reply);
	CHECK_INT(open_as(root, WRITER | NOW, &b), ERR_DEVICE);
	reply = deferred(open_as(root, WRITER, &b));
	host_caller_ends(reply);
	CHECK_INT(open_as(root, READER | NOW, &a), OK);
	handle_close(a);
	CHECK_INT(open_as(root, FILE_MODE_EXECUTE, &a), ERR_ACCESS);
	end();
}

static handle_t place, waiter;

static void all_go(void)
{
	host_meanwhile = NULL;
	host_caller_ends(waiter);
	handle_close(place);
}

/* The caller's own handle closes, and with it the last that kept the file, while its open is under way. */
static void test_open_race(void)
{
	handle_t file;

	begin();
	CHECK_INT(open_as(root, FILE_MODE_PATH, &place), OK);
	CHECK_INT(file_remove(root, "fifo", false), OK);
	waiter = deferred(file_open(place, "", READER, 0, &file, NULL));
	host_meanwhile = all_go;
	CHECK_INT(file_open(place, "", WRITER | NOW, 0, &file, NULL), ERR_HANDLE);
	end();
}

static void test_bytes(void)
{
	handle_t reader, writer, reply, second;
	uint64_t count, position;

	begin();
	CHECK_INT(open_as(root, READER | NOW, &reader), OK);
	CHECK_INT(open_as(root, WRITER, &writer), OK);
	CHECK_INT(file_mode(reader, true, 0, NULL), OK);
	memset(bytes[0], 0, 100);
	reply = deferred(file_read(reader, FILE_AT_POSITION, bytes[0], 100, &count));
	CHECK_INT(file_write(writer, FILE_AT_POSITION, "hello", 5, &count, &position), OK);
	CHECK_INT(count, 5);
	CHECK_INT(moved(reply, &count), OK);
	CHECK_INT(count, 5);
	CHECK_INT(memcmp(bytes[0], "hello", 5), 0);
	CHECK_INT(file_read(reader, 0, bytes[0], 1, &count), ERR_STREAM);
	CHECK_INT(file_write(writer, 0, "x", 1, &count, &position), ERR_STREAM);
	/* More than fits: the rest goes in as it is read. */
	for (size_t i = 0; i < sizeof(bytes[1]); i++)
		bytes[1][i] = (uint8_t)(i % 251);
	CHECK_INT(file_write(writer, FILE_AT_POSITION, bytes[1], sizeof(bytes[1]), &count, &position), OK);
	CHECK_INT(count, FIFO_BYTES);
	reply = deferred(file_write(writer, FILE_AT_POSITION, bytes[1] + FIFO_BYTES, 5000, &count, &position));
	second = deferred(file_write(writer, FILE_AT_POSITION, "tail", 4, &count, &position));
	/* What waits goes in where it is worth it, and what waits behind it afterwards. */
	CHECK_INT(file_read(reader, FILE_AT_POSITION, bytes[2], FIFO_ATOMIC - 1, &count), OK);
	CHECK_INT(moved(reply, &count), ERR_WOULD_BLOCK);
	CHECK_INT(file_read(reader, FILE_AT_POSITION, bytes[2] + FIFO_ATOMIC - 1, 1, &count), OK);
	CHECK_INT(moved(reply, &count), OK);
	CHECK_INT(count, FIFO_ATOMIC);
	CHECK_INT(moved(second, &count), ERR_WOULD_BLOCK);
	CHECK_INT(file_read(reader, FILE_AT_POSITION, bytes[2] + FIFO_ATOMIC, sizeof(bytes[2]), &count), OK);
	CHECK_INT(count, FIFO_BYTES);
	CHECK_INT(memcmp(bytes[1], bytes[2], FIFO_BYTES + FIFO_ATOMIC), 0);
	CHECK_INT(moved(second, &count), OK);
	CHECK_INT(count, 4);
	/* Caller and handle gone: the wait is too, and the bytes are another's. */
	while (file_mode(reader, true, FILE_MODE_NONBLOCK, NULL) == OK &&
	       file_read(reader, FILE_AT_POSITION, bytes[0], 4096, &count) == OK)
		;
	CHECK_INT(file_mode(reader, true, 0, NULL), OK);
	reply = deferred(file_read(reader, FILE_AT_POSITION, bytes[0], 100, &count));
	host_caller_ends(reply);
	CHECK_INT(file_write(writer, FILE_AT_POSITION, "kept", 4, &count, &position), OK);
	CHECK_INT(file_read(reader, FILE_AT_POSITION, bytes[0], 100, &count), OK);
	CHECK_INT(count, 4);
	/* The last of the other side goes. */
	reply = deferred(file_read(reader, FILE_AT_POSITION, bytes[0], 100, &count));
	handle_close(writer);
	host_closed();
	CHECK_INT(moved(reply, &count), OK);
	CHECK_INT(count, 0);
	CHECK_INT(open_as(root, WRITER, &writer), OK);
	CHECK_INT(file_write(writer, FILE_AT_POSITION, bytes[1], FIFO_BYTES, &count, &position), OK);
	reply = deferred(file_write(writer, FILE_AT_POSITION, bytes[1], sizeof(bytes[1]), &count, &position));
	handle_close(reader);
	host_closed();
	CHECK_INT(moved(reply, &count), ERR_NO_READER);
	CHECK_INT(file_write(writer, FILE_AT_POSITION, "x", 1, &count, &position), ERR_NO_READER);
	handle_close(writer);
	end();
}

static void test_limits(void)
{
	static handle_t files[2000], ends[2000], waits[FIFO_WAITS_USER + 1];
	handle_t one, other, mine, writer, reply;
	uint64_t count, position;
	unsigned made = 0, waiting = 0;

	begin_pipes();
	one = host_root(1000, 1000, false);
	other = host_root(1001, 1001, false);
	while (made < 2000 && file_pipe(one, 0, &files[made], &ends[made]) == OK)
		made++;
	CHECK_INT(made, FIFO_USER_MAX / FIFO_BYTES_LEAST);
	CHECK_INT(file_pipe(one, 0, &files[made], &ends[made]), ERR_NO_MEMORY);
	/* Of a user who has many none grows. */
	CHECK_INT(file_mode(ends[1], true, FILE_MODE_NONBLOCK, NULL), OK);
	CHECK_INT(file_write(ends[1], FILE_AT_POSITION, bytes[1], FIFO_BYTES, &count, &position), OK);
	CHECK_INT(count, FIFO_BYTES_LEAST);
	CHECK_INT(file_pipe(other, 0, &mine, &writer), OK);
	while (waiting <= FIFO_WAITS_USER &&
	       file_read(files[0], FILE_AT_POSITION, bytes[0], 1, &count) == ERR_CANCELLED)
		waits[waiting++] = host_saved;
	CHECK_INT(waiting, FIFO_WAITS_USER);
	CHECK_INT(file_write(writer, FILE_AT_POSITION, bytes[1], FIFO_BYTES, &count, &position), OK);
	CHECK_INT(count, FIFO_BYTES);
	CHECK_INT(file_read(mine, FILE_AT_POSITION, bytes[2], FIFO_BYTES, &count), OK);
	CHECK_INT(memcmp(bytes[1], bytes[2], FIFO_BYTES), 0);
	CHECK_INT(file_read(files[0], FILE_AT_POSITION, bytes[0], 1, &count), ERR_NO_MEMORY);
	reply = deferred(file_read(mine, FILE_AT_POSITION, bytes[0], 1, &count));
	/* Those of dead callers make room. */
	for (unsigned i = 0; i < 10; i++)
		host_caller_ends(waits[i]);
	CHECK_INT(file_read(files[0], FILE_AT_POSITION, bytes[0], 1, &count), ERR_CANCELLED);
	CHECK_INT(host_waiting(), FIFO_WAITS_USER - 10 + 2);
	for (unsigned i = 0; i < made; i++) {
		handle_close(files[i]);
		handle_close(ends[i]);
	}
	host_closed();
	CHECK_INT(host_waiting(), 1);
	handle_close(mine);
	handle_close(writer);
	host_closed();
	CHECK_INT(host_answer(reply, NULL), ERR_PEER_DIED);
	handle_close(one);
	handle_close(other);
	end();
}

/* Who was interrupted when his bytes had been moved but before he was answered: nothing is lost, and nothing comes twice. */
static void test_interrupted(void)
{
	handle_t reader, writer, reply, other;
	uint64_t count, position;

	begin_pipes();
	CHECK_INT(file_pipe(root, 0, &reader, &writer), OK);
	reply = deferred(file_read(reader, FILE_AT_POSITION, bytes[0], 100, &count));
	other = deferred(file_read(reader, FILE_AT_POSITION, bytes[2], 3, &count));
	host_moved = host_caller_ends;
	CHECK_INT(file_write(writer, FILE_AT_POSITION, "kept", 4, &count, &position), OK);
	host_moved = NULL;
	CHECK_INT(host_waiting(), 0);
	CHECK_INT(moved(reply, &count), ERR_WOULD_BLOCK);
	CHECK_INT(moved(other, &count), ERR_WOULD_BLOCK);
	CHECK_INT(file_read(reader, FILE_AT_POSITION, bytes[0], 100, &count), OK);
	CHECK_INT(count, 4);
	CHECK_INT(memcmp(bytes[0], "kept", 4), 0);
	memset(bytes[1], 'a', FIFO_BYTES);
	CHECK_INT(file_write(writer, FILE_AT_POSITION, bytes[1], FIFO_BYTES, &count, &position), OK);
	reply = deferred(file_write(writer, FILE_AT_POSITION, "b", 1, &count, &position));
	host_moved = host_caller_ends;
	CHECK_INT(file_read(reader, FILE_AT_POSITION, bytes[2], 10, &count), OK);
	host_moved = NULL;
	CHECK_INT(moved(reply, &count), ERR_WOULD_BLOCK);
	CHECK_INT(file_read(reader, FILE_AT_POSITION, bytes[2], sizeof(bytes[2]), &count), OK);
	CHECK_INT(count, FIFO_BYTES - 10);
	CHECK_INT(memcmp(bytes[1], bytes[2], FIFO_BYTES - 10), 0);
	handle_close(reader);
	handle_close(writer);
	end();
}

static uint32_t watched(handle_t file, uint32_t wanted, handle_t notification, uint64_t bits)
{
	uint32_t now = 0;

	CHECK_INT(file_watch(file, wanted, host_notification_dup(notification), bits, &now), OK);
	return now;
}

#define ANY (FILE_READY_READ | FILE_READY_WRITE | FILE_READY_HANGUP | FILE_READY_ERROR | FILE_READY_PRIORITY)

static void test_watch(void)
{
	handle_t reader, writer, both, a = 0, b, other;
	uint64_t count, position;
	uint32_t now;

	begin();
	a = host_notification();
	b = host_notification();
	/* Before the first writer there is no end; with it, and after it. */
	CHECK_INT(open_as(root, READER | NOW, &reader), OK);
	CHECK_INT(watched(reader, ANY, a, 1), 0);
	CHECK_INT(open_as(root, WRITER | NOW, &writer), OK);
	CHECK_INT(watched(writer, ANY, a, 2), FILE_READY_WRITE);
	CHECK_INT(host_signalled(a), 0);
	CHECK_INT(watched(reader, FILE_READY_READ, b, 1), 0);
	CHECK_INT(watched(reader, FILE_READY_READ, b, 4), 0);
	CHECK_INT(host_fs->fifos.watches.count, 3);
	CHECK_INT(file_write(writer, FILE_AT_POSITION, "x", 1, &count, &position), OK);
	CHECK_INT(host_signalled(a), 1);
	CHECK_INT(host_signalled(b), 5);
	CHECK_INT(host_fs->fifos.watches.count, 0);
	/* Once. */
	CHECK_INT(file_write(writer, FILE_AT_POSITION, "x", 1, &count, &position), OK);
	CHECK_INT(host_signalled(a) | host_signalled(b), 0);
	CHECK_INT(watched(reader, ANY, a, 1), FILE_READY_READ);
	/* What is not wanted is not told. */
	CHECK_INT(watched(reader, FILE_READY_HANGUP, a, 1), 0);
	CHECK_INT(watched(reader, FILE_READY_HANGUP, a, 1), 0);
	CHECK_INT(host_fs->fifos.watches.count, 1);
	CHECK_INT(file_write(writer, FILE_AT_POSITION, "x", 1, &count, &position), OK);
	CHECK_INT(host_signalled(a), 0);
	/* One takes the place of the one before it, and one that is answered ends it. */
	CHECK_INT(watched(reader, ANY, a, 1), FILE_READY_READ);
	CHECK_INT(host_fs->fifos.watches.count, 0);
	CHECK_INT(file_read(reader, FILE_AT_POSITION, bytes[0], 100, &count), OK);
	CHECK_INT(watched(reader, FILE_READY_HANGUP, a, 1), 0);
	CHECK_INT(watched(reader, FILE_READY_READ, a, 1), 0);
	CHECK_INT(host_fs->fifos.watches.count, 1);
	handle_close(writer);
	host_closed();
	CHECK_INT(host_signalled(a), 0);
	CHECK_INT(watched(reader, ANY, a, 1), FILE_READY_HANGUP);
	CHECK_INT(host_fs->fifos.watches.count, 0);
	/* Full but for less than is written together; and nobody to read it. */
	CHECK_INT(open_as(root, WRITER | NOW, &writer), OK);
	CHECK_INT(watched(reader, ANY, a, 1), 0);
	CHECK_INT(file_write(writer, FILE_AT_POSITION, bytes[1], FIFO_BYTES - FIFO_ATOMIC, &count, &position), OK);
	CHECK_INT(host_signalled(a), 1);
	CHECK_INT(watched(writer, ANY, b, 8), FILE_READY_WRITE);
	CHECK_INT(file_write(writer, FILE_AT_POSITION, "x", 1, &count, &position), OK);
	CHECK_INT(watched(writer, ANY, b, 8), 0);
	CHECK_INT(file_read(reader, FILE_AT_POSITION, bytes[0], 1, &count), OK);
	CHECK_INT(host_signalled(b), 8);
	CHECK_INT(file_write(writer, FILE_AT_POSITION, "x", 1, &count, &position), OK);
	CHECK_INT(watched(writer, FILE_READY_ERROR, b, 8), 0);
	handle_close(reader);
	host_closed();
	CHECK_INT(host_signalled(b), 8);
	CHECK_INT(watched(writer, ANY, b, 8), FILE_READY_ERROR);
	/* Both ends are no peer's peer; a description takes its watches with it. */
	CHECK_INT(open_as(root, READER | WRITER, &both), OK);
	handle_close(writer);
	host_closed();
	CHECK_INT(watched(both, FILE_READY_ERROR | FILE_READY_HANGUP, a, 1), 0);
	CHECK_INT(host_fs->fifos.watches.count, 1);
	CHECK_INT(watched(both, ANY, a, 1), FILE_READY_READ);
	CHECK_INT(watched(both, FILE_READY_WRITE, b, 1), 0);
	handle_close(both);
	host_closed();
	CHECK_INT(host_fs->fifos.watches.count, 0);
	CHECK_INT(host_signalled(a) | host_signalled(b), 0);
	/* What makes no sense. */
	CHECK_INT(open_as(root, READER | WRITER, &both), OK);
	CHECK_INT(file_watch(both, ANY, host_notification_dup(a), 0, &now), ERR_INVALID);
	CHECK_INT(handle_dup(both, RIGHTS_ALL, &other), OK);
	CHECK_INT(file_watch(both, ANY, other, 1, &now), ERR_TYPE);
	CHECK_INT(open_as(root, FILE_MODE_PATH, &other), OK);
	CHECK_INT(file_watch(other, ANY, host_notification_dup(a), 1, &now), ERR_ACCESS);
	handle_close(other);
	CHECK_INT(file_open(root, "plain", READER | FILE_MODE_CREATE, 0600, &other, NULL), OK);
	CHECK_INT(watched(other, ANY, a, 1), FILE_READY_READ | FILE_READY_WRITE);
	CHECK_INT(file_watch(root, ANY, host_notification_dup(a), 1, &now), ERR_ACCESS);
	handle_close(other);
	handle_close(both);
	handle_close(a);
	handle_close(b);
	end();
}

/* Of a user; those whose notification is no more make room. */
static void test_watch_limits(void)
{
	handle_t one, other, file, mine, a, b;
	uint32_t now;

	begin();
	a = host_notification();
	b = host_notification();
	one = host_root(1000, 1000, false);
	other = host_root(1001, 1001, false);
	CHECK_INT(open_as(one, READER | WRITER, &file), OK);
	CHECK_INT(open_as(other, READER | WRITER, &mine), OK);
	for (unsigned i = 0; i < WATCHES_USER; i++)
		CHECK_INT(watched(file, FILE_READY_READ, i % 4 ? a : b, i + 1), 0);
	CHECK_INT(file_watch(file, FILE_READY_READ, host_notification_dup(a), 5000, &now), ERR_NO_MEMORY);
	CHECK_INT(watched(file, FILE_READY_READ, a, 2), 0);
	CHECK_INT(watched(mine, FILE_READY_READ, a, 1), 0);
	handle_close(b);
	CHECK_INT(watched(file, FILE_READY_READ, a, 5000), 0);
	CHECK_INT(host_fs->fifos.watches.count, WATCHES_USER / 4 * 3 + 2);
	handle_close(file);
	host_closed();
	CHECK_INT(host_fs->fifos.watches.count, 1);
	handle_close(mine);
	handle_close(one);
	handle_close(other);
	handle_close(a);
	end();
}

/* Watches end with the instance; what was lost can be read: as an error. Who had it open has seen writers. */
static void test_watch_restart(void)
{
	handle_t reader, writer, a;
	uint64_t count, position;

	begin();
	a = host_notification();
	CHECK_INT(open_as(root, READER | NOW, &reader), OK);
	CHECK_INT(open_as(root, WRITER, &writer), OK);
	CHECK_INT(watched(reader, ANY, a, 1), 0);
	host_end();
	CHECK_INT(host_start(), OK);
	CHECK_INT(host_fs->fifos.watches.count, 0);
	CHECK_INT(watched(reader, ANY, a, 1), 0);
	CHECK_INT(file_write(writer, FILE_AT_POSITION, "lost", 4, &count, &position), OK);
	CHECK_INT(host_signalled(a), 1);
	handle_close(writer);
	host_closed();
	host_end();
	CHECK_INT(host_start(), OK);
	CHECK_INT(watched(reader, ANY, a, 1), FILE_READY_READ | FILE_READY_HANGUP);
	CHECK_INT(file_read(reader, FILE_AT_POSITION, bytes[0], 10, &count), ERR_IO);
	CHECK_INT(watched(reader, ANY, a, 1), FILE_READY_HANGUP);
	handle_close(reader);
	handle_close(a);
	end();
}

static void test_restart(void)
{
	handle_t reader, writer, idle;
	uint64_t count, position;

	begin();
	CHECK_INT(file_make(root, "idle", FILE_KIND_FIFO, 0666), OK);
	CHECK_INT(file_open(root, "idle", READER | WRITER, 0, &idle, NULL), OK);
	CHECK_INT(file_write(idle, FILE_AT_POSITION, "x", 1, &count, &position), OK);
	CHECK_INT(file_read(idle, FILE_AT_POSITION, bytes[0], 1, &count), OK);
	CHECK_INT(open_as(root, READER | NOW, &reader), OK);
	CHECK_INT(open_as(root, WRITER, &writer), OK);
	CHECK_INT(file_write(writer, FILE_AT_POSITION, "lost", 4, &count, &position), OK);
	/* Who wrote is gone: that bytes were lost is known all the same, also after two ends. */
	handle_close(writer);
	host_closed();
	host_end();
	CHECK_INT(host_start(), OK);
	host_end();
	CHECK_INT(host_start(), OK);
	CHECK_INT(file_read(reader, FILE_AT_POSITION, bytes[0], 10, &count), ERR_IO);
	CHECK_INT(file_read(reader, FILE_AT_POSITION, bytes[0], 10, &count), OK);
	CHECK_INT(count, 0);
	CHECK_INT(open_as(root, WRITER | NOW, &writer), OK);
	CHECK_INT(file_write(writer, FILE_AT_POSITION, "new", 3, &count, &position), OK);
	CHECK_INT(file_read(reader, FILE_AT_POSITION, bytes[0], 10, &count), OK);
	CHECK_INT(count, 3);
	/* Where nothing was lost nothing is said. */
	CHECK_INT(file_mode(idle, true, FILE_MODE_NONBLOCK, NULL), OK);
	CHECK_INT(file_read(idle, FILE_AT_POSITION, bytes[0], 10, &count), ERR_WOULD_BLOCK);
	handle_close(idle);
	handle_close(reader);
	handle_close(writer);
	end();
}

/* ---- pipes ------------------------------------------------------------------------------------------------ */

static uint64_t inode_of(handle_t file)
{
	struct file_attributes attributes = {0};
	uint32_t count;

	CHECK_INT(file_attributes(file, "", true, &attributes, 1, &count), OK);
	CHECK_INT(attributes.kind, FILE_KIND_FIFO);
	CHECK_INT(attributes.permissions, 0600);
	return attributes.inode;
}

static void test_pipe(void)
{
	handle_t user, reader, writer, again, reply, name;
	uint64_t count, position, inode;

	begin_pipes();
	user = host_root(1000, 1000, false);
	CHECK_INT(file_pipe(user, FILE_MODE_APPEND, &reader, &writer), ERR_INVALID);
	CHECK_INT(file_pipe(user, FILE_MODE_NONBLOCK, &reader, &writer), OK);
	CHECK_INT(file_read(reader, FILE_AT_POSITION, bytes[0], 1, &count), ERR_WOULD_BLOCK);
	CHECK_INT(file_mode(reader, true, 0, NULL), OK);
	reply = deferred(file_read(reader, FILE_AT_POSITION, bytes[0], 100, &count));
	CHECK_INT(file_write(writer, FILE_AT_POSITION, "hello", 5, &count, &position), OK);
	CHECK_INT(moved(reply, &count), OK);
	CHECK_INT(count, 5);
	CHECK_INT(file_write(reader, FILE_AT_POSITION, "x", 1, &count, &position), ERR_ACCESS);
	CHECK_INT(file_read(writer, FILE_AT_POSITION, bytes[0], 1, &count), ERR_ACCESS);
	inode = inode_of(reader);
	CHECK_INT(inode_of(writer), inode);
	/* By its descriptor it can be opened anew, also the other end: as elsewhere, if its permissions allow. */
	CHECK_INT(file_open(reader, "", WRITER, 0, &again, NULL), OK);
	handle_close(writer);
	host_closed();
	reply = deferred(file_read(reader, FILE_AT_POSITION, bytes[0], 100, &count));
	handle_close(again);
	host_closed();
	CHECK_INT(moved(reply, &count), OK);
	CHECK_INT(count, 0);
	handle_close(reader);
	host_closed();
	/* Its number is free again; nothing else can be made here, by nobody. */
	CHECK_INT(file_pipe(user, 0, &reader, &writer), OK);
	CHECK_INT(inode_of(reader), inode);
	CHECK_INT(file_make(root, "d", FILE_KIND_DIRECTORY, 0755), ERR_ACCESS);
	CHECK_INT(file_make_symlink(root, "l", "d"), ERR_ACCESS);
	CHECK_INT(file_open(root, "f", READER | FILE_MODE_CREATE, 0644, &name, NULL), ERR_ACCESS);
	CHECK(file_link(reader, "", root, "f", false) != OK);
	handle_close(reader);
	handle_close(writer);
	handle_close(user);
	end();
	begin();
	CHECK_INT(file_pipe(root, 0, &reader, &writer), ERR_UNSUPPORTED);
	end();
}

/* A pipe goes on with the next instance; what nobody had open any more is free. */
static void test_pipe_restart(void)
{
	handle_t reader[3], writer[3], more[2];
	uint64_t count, position, kept, freed;

	begin_pipes();
	for (unsigned i = 0; i < 3; i++)
		CHECK_INT(file_pipe(root, 0, &reader[i], &writer[i]), OK);
	kept = inode_of(reader[2]);
	freed = inode_of(reader[0]);
	CHECK_INT(file_write(writer[2], FILE_AT_POSITION, "lost", 4, &count, &position), OK);
	host_end();
	handle_close(reader[0]);
	handle_close(writer[0]);
	CHECK_INT(host_start(), OK);
	host_closed();
	CHECK_INT(inode_of(reader[2]), kept);
	CHECK_INT(file_read(reader[2], FILE_AT_POSITION, bytes[0], 4, &count), ERR_IO);
	CHECK_INT(file_write(writer[2], FILE_AT_POSITION, "new", 3, &count, &position), OK);
	CHECK_INT(file_read(reader[2], FILE_AT_POSITION, bytes[0], 4, &count), OK);
	CHECK_INT(count, 3);
	CHECK_INT(file_pipe(root, 0, &more[0], &more[1]), OK);
	CHECK_INT(inode_of(more[0]), freed);
	/* A place that an instance used for a pipe that nobody heard of. */
	host_end();
	((struct fs_attr *)(void *)host_store)[3] = (struct fs_attr){.kind = FILE_KIND_FIFO, .generation = 1};
	CHECK_INT(host_start(), OK);
	CHECK_INT(((struct fs_attr *)(void *)host_store)[3].kind, 0);
	for (unsigned i = 0; i < 2; i++) {
		handle_close(reader[1 + i]);
		handle_close(writer[1 + i]);
		handle_close(more[i]);
	}
	end();
}

/* ---- many calls, against a model ---------------------------------------------------------------------------- */

#define ROUNDS 20000

/* Writers put a running number into each byte; what readers get must go on where it stopped. */
static void test_random(void)
{
	handle_t reader, writer, reads = HANDLE_NONE, writes = HANDLE_NONE;
	uint64_t count, position, sent = 0, got = 0, asked = 0;
	static uint8_t in[80000], out[80000];
	status_t status;

	begin();
	srand(3);
	CHECK_INT(open_as(root, READER | NOW, &reader), OK);
	CHECK_INT(open_as(root, WRITER, &writer), OK);
	for (unsigned round = 0; round < ROUNDS; round++) {
		size_t len = (unsigned)rand() % 8 == 0 ? (unsigned)rand() % sizeof(in) : (unsigned)rand() % 5000;
		bool wait = rand() % 2;

		if (rand() % 2 && !writes) {
			CHECK_INT(file_mode(writer, true, wait ? 0 : FILE_MODE_NONBLOCK, NULL), OK);
			for (size_t i = 0; i < len; i++)
				in[i] = (uint8_t)((sent + i) % 253);
			status = file_write(writer, FILE_AT_POSITION, in, len, &count, &position);
			if (status == ERR_CANCELLED)
				writes = host_saved, asked = len;
			else if (status == OK)
				sent += count;
			else
				CHECK_INT(status, ERR_WOULD_BLOCK);
			CHECK(status != OK || !wait || count == len || (len > FIFO_ATOMIC && count));
			CHECK(status != OK || len > FIFO_ATOMIC || count == len);
		} else if (!reads) {
			CHECK_INT(file_mode(reader, true, wait ? 0 : FILE_MODE_NONBLOCK, NULL), OK);
			status = file_read(reader, FILE_AT_POSITION, out, len, &count);
			if (status == ERR_CANCELLED) {
				CHECK(!writes);
				reads = host_saved;
				continue;
			}
			CHECK(status == OK || status == ERR_WOULD_BLOCK);
			for (size_t i = 0; status == OK && i < count; i++)
				CHECK_INT(out[i], (got + i) % 253);
			got += status == OK ? count : 0;
		}
		if (writes && (status = moved(writes, &count)) != ERR_WOULD_BLOCK) {
			CHECK_INT(status, OK);
			CHECK(count == asked || (asked > FIFO_ATOMIC && count >= FIFO_ATOMIC && count < asked));
			sent += count;
			writes = HANDLE_NONE;
		}
		if (reads && (status = moved(reads, &count)) != ERR_WOULD_BLOCK) {
			CHECK_INT(status, OK);
			for (size_t i = 0; i < count; i++)
				CHECK_INT(out[i], (got + i) % 253);
			got += count;
			reads = HANDLE_NONE;
		}
		CHECK(!(reads && writes));
	}
	CHECK(sent > ROUNDS && got <= sent + (writes ? asked : 0));
	handle_close(reader);
	handle_close(writer);
	host_closed();
	if (writes)
		(void)host_answer(writes, NULL);
	if (reads)
		(void)host_answer(reads, NULL);
	end();
}

int main(void)
{
	test_open();
	test_open_race();
	test_bytes();
	test_limits();
	test_interrupted();
	test_watch();
	test_watch_limits();
	test_watch_restart();
	test_restart();
	test_pipe();
	test_pipe_restart();
	test_random();
	return check_end();
}
