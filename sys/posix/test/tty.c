/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Standard descriptors over a serial server that this test plays: it dies (lets calls go unanswered), takes output in
 * small pieces, and counts calls by their ids. A child with the endpoint as its standard descriptors must
 * get every byte of input once and send every byte of output once.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "protocols/serial.h"
#include "sys/lib/bootfs.h"
#include "sys/lib/ipc.h"
#include "sys/lib/spawn.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

#define PROGRAM "test/posix-tty"

/* ---- the server: runs in a thread of the parent ---- */

#define DEATH_STEP 3 /* every third call is done, but never answered */

struct remembered {
	uint64_t id;
	uint32_t count;
	size_t start; /* of the bytes read, in input */
};

static const char *input;
static size_t input_len, input_taken;
static char output[4096];
static size_t output_len;
static struct remembered last;
static unsigned calls, deaths, repeats;

static bool dies(void)
{
	return ++calls % DEATH_STEP == 0;
}

static status_t on_read(void *ctx, struct ipc_request *rq, uint64_t id, uint32_t mode, size_t data_len, uint32_t *count)
{
	size_t left = input_len - input_taken;
	bool *drop = ctx;

	if (last.id == id) {
		repeats++;
	} else {
		if (left == 0)
			return mode & SERIAL_MODE_NONBLOCK ? ERR_WOULD_BLOCK : ERR_IO;
		last = (struct remembered){id, (uint32_t)(left < data_len ? left : data_len), input_taken};
		input_taken += last.count;
		*drop = dies();
	}
	*count = last.count;
	return ipc_lease_write(rq, SERIAL_READ_LEASE_DATA, 0, input + last.start, last.count);
}

static status_t on_write(void *ctx, struct ipc_request *rq, uint64_t id, uint32_t mode, size_t data_len,
			 uint32_t *count)
{
	bool *drop = ctx;
	status_t status = OK;

	(void)mode;
	if (last.id == id) {
		repeats++;
	} else {
		/* Seven bytes at most. */
		last = (struct remembered){id, (uint32_t)(data_len < 7 ? data_len : 7), 0};
		if (output_len + last.count > sizeof(output))
			return ERR_IO;
		status = ipc_lease_read(rq, SERIAL_WRITE_LEASE_DATA, 0, output + output_len, last.count);
		output_len += last.count;
		*drop = dies();
	}
	*count = last.count;
	return status;
}

static status_t on_drain(void *ctx, struct ipc_request *rq)
{
	(void)ctx, (void)rq;
	return OK;
}

static status_t on_discard(void *ctx, struct ipc_request *rq, uint32_t queue)
{
	(void)ctx, (void)rq;
	if (queue & SERIAL_QUEUE_INPUT)
		input_taken = input_len;
	return OK;
}

static const struct serial_ops ops = {.read = on_read, .write = on_write, .drain = on_drain, .discard = on_discard};

static handle_t endpoint;

static void *serve(void *arg)
{
	struct ipc_request rq;

	for (;;) {
		bool drop = false;

		rq = (struct ipc_request){0};
		if (ipc_recv(endpoint, HANDLE_NONE, DEADLINE_NEVER, &rq.msg) != RECV_CALL)
			return arg; /* the endpoint was revoked: the end */
		if (serial_dispatch(&ops, &drop, &rq) != OK)
			return arg;
		/* Receiving again without an answer is what a death looks like to the caller. */
		if (drop)
			deaths++;
		else
			(void)ipc_reply(&rq.msg);
	}
}

/* ---- the child ---- */

static int child(void)
{
	char text[64];
	struct termios t;

	/* Lines can be read and text written; nothing else of a terminal is there. */
	if (isatty(0) || errno != ENOTTY || tcgetattr(0, &t) != -1 || errno != ENOTTY)
		return 1;
	printf("name?\n");
	if (!fgets(text, sizeof(text), stdin))
		return 2;
	printf("hello %s", text);
	fflush(stdout);

	if (!fgets(text, sizeof(text), stdin) || strcmp(text, "next\n") != 0)
		return 3;
	fcntl(0, F_SETFL, O_NONBLOCK);
	if (read(0, text, sizeof(text)) != -1 || errno != EAGAIN)
		return 4;
	fcntl(0, F_SETFL, 0);
	if (read(0, text, sizeof(text)) != -1 || errno != EIO) /* what the server says */
		return 5;
	return 0;
}

/* ---- the test ---- */

static unsigned passed, failed;

static void result(const char *name, bool good)
{
	printf("%s %s\n", good ? "PASS" : "FAIL", name);
	good ? passed++ : failed++;
}

static int64_t run_child(void)
{
	static const char *const argv[] = {"posix-tty", "child", NULL};
	struct bootfs fs;
	struct bootfs_file program;
	struct process_info info = {0};
	handle_t process, ended;

	if (bootfs_open(startup_handle(HND_BOOTFS), &fs) != OK || bootfs_find(&fs, PROGRAM, &program) != OK ||
	    notification_create(&ended) != OK)
		return -1;
	const struct spawn_handle handles[] = {
		{HND_STDIN, endpoint, RIGHT_EP_CALL | RIGHT_DUP | RIGHT_MOVE},
		{HND_STDOUT, endpoint, RIGHT_EP_CALL | RIGHT_DUP | RIGHT_MOVE},
	};
	const struct spawn_args args = {
		.image = program.data,
		.image_size = program.size,
		.image_vmo = fs.vmo,
		.image_offset = program.offset,
		.name = "posix-tty",
		.argv = argv,
		.handles = handles,
		.nhandles = 2,
	};

	if (spawn(&args, &process, NULL) != OK || process_watch(process, ended, 1) != OK ||
	    notification_wait(ended, DEADLINE_NEVER, NULL) != OK || process_info(process, &info) != OK)
		return -1;
	return info.exit_status;
}

int main(int argc, char **argv)
{
	static const char typed[] = "wrom\x7fld\r"
				    "next\r";
	static const char wanted[] = "name?\r\n"
				     "wrom\b \bld\r\n"
				     "hello wrold\r\n"
				     "next\r\n";
	pthread_t server;
	int64_t status;

	(void)argv;
	if (argc > 1)
		return child();
	input = typed;
	input_len = sizeof(typed) - 1;
	if (endpoint_create(&endpoint) != OK || pthread_create(&server, NULL, serve, NULL) != 0) {
		result("set_up", false);
		return 1;
	}
	status = run_child();
	if (status != 0)
		printf("the child ended with %ld\n", (long)status);
	result("child", status == 0);
	output[output_len < sizeof(output) ? output_len : sizeof(output) - 1] = '\0';
	if (strcmp(output, wanted) != 0)
		printf("it wrote:\n%s\n", output);
	result("output_once", strcmp(output, wanted) == 0);
	result("input_once", input_taken == input_len);
	printf("%u calls, %u deaths, %u repeats\n", calls, deaths, repeats);
	result("deaths", deaths > 5 && repeats == deaths);
	printf("DONE %u passed, %u failed\n", passed, failed);
	return failed != 0;
}
