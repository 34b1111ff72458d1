/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A service that says anything to init and the logger: operations with arguments, memory and handles at random. Afterwards both must answer as
 * before, be the same processes, and hold what they held.
 *   calls=N  seed=N
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocols/init.h"
#include "protocols/logger.h"
#include "sys/abi/startup.h"
#include "sys/lib/ipc.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

#define CALL_NS    20000000ull /* some calls wait for what never comes */
#define OPERATIONS 13u
#define MEMORY     8192u

static _Alignas(16) unsigned char memory[MEMORY];
static uint64_t state = 1;
static unsigned passed, failed;

static uint64_t any(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static uint32_t dice(uint32_t sides)
{
	return (uint32_t)(any() >> 20) % sides;
}

static void result(bool good, const char *what)
{
	printf("%s %s\n", good ? "PASS" : "FAIL", what);
	good ? passed++ : failed++;
}

static uint64_t any_word(void)
{
	switch (dice(4)) {
	case 0: return 0;
	case 1: return dice(10);
	case 2: return dice(0x20000);
	default: return any();
	}
}

/* A name that means something, or bytes. */
static void fill(unsigned char *at, size_t len)
{
	static const char *const names[] = {"victim", "nobody", "shell\xff", "", "waiter"};
	const char *name = names[dice(5)];
	size_t n = strlen(name) + 1;

	for (size_t i = 0; i < len && i < 64; i++)
		at[i] = (unsigned char)any();
	if (dice(4) != 0)
		memcpy(at, name, n < len ? n : len);
}

static unsigned any_leases(struct lease leases[4])
{
	unsigned count = dice(5) < 3 ? 1 : dice(5);

	for (unsigned i = 0; i < count; i++) {
		uint64_t start = dice(MEMORY), room = MEMORY - start,
			 len = dice(3) == 0 ? dice(8) : dice((uint32_t)room + 1);
		uint64_t address = (uint64_t)(uintptr_t)memory + start;

		fill(memory + start, len);
		if (dice(16) == 0)
			address = any_word();
		if (dice(32) == 0)
			len = any() >> 8;
		leases[i] = (struct lease){address, len | (uint64_t)(1 + dice(3)) << LEASE_ACCESS_SHIFT};
	}
	return count;
}

static unsigned any_handles(struct ipc_msg *m, handle_t spare)
{
	unsigned count = dice(3) == 0 ? 1 + dice(MSG_HANDLES_MAX) : 0, made = 0;

	while (made < count && handle_dup(spare, (uint32_t)RIGHTS_SAME, &m->handles[made]) == OK)
		made++;
	return made;
}

static void call(handle_t endpoint, uint32_t protocol, handle_t spare)
{
	_Alignas(16) struct lease leases[4];
	struct ipc_msg m = {0};
	uint32_t label = IPC_LABEL(protocol, dice(OPERATIONS));
	unsigned handles, lent = any_leases(leases);
	uint64_t now = 0;

	if (dice(32) == 0)
		label = (uint32_t)any();
	for (unsigned i = 0; i < MSG_WORDS; i++)
		m.w[i] = any_word();
	handles = any_handles(&m, spare);
	m.info = MSG_INFO(label, handles, lent);
	struct ipc_msg sent = m;
	clock_get(&now);
	status_t status = ipc_call(endpoint, &m, leases, now + CALL_NS);
	if (status == OK) {
		for (unsigned i = 0; i < MSG_HANDLES(m.info); i++)
			handle_close(m.handles[i]);
	}
	/* What was not taken is still ours. */
	for (unsigned i = 0; i < handles; i++)
		handle_close(sent.handles[i]);
}

static handle_t inspect;

static bool find(const char *name, struct process_info *out)
{
	uint64_t bytes;

	for (uint64_t koid = 0; system_info(inspect, INFO_PROCESS, koid, out, sizeof(*out), &bytes) == OK;
	     koid = out->koid) {
		if (strcmp(out->name, name) == 0)
			return true;
	}
	return false;
}

static void compare(const char *name, const struct process_info *before)
{
	struct process_info after;
	char text[128];

	if (!find(name, &after)) {
		result(false, "is still there");
		return;
	}
	snprintf(text, sizeof(text), "%s: process %" PRIu64 " and %" PRIu64 ", handles %u and %u", name, before->koid,
		 after.koid, (unsigned)before->handles, (unsigned)after.handles);
	result(before->koid == after.koid && before->handles == after.handles, text);
}

static unsigned long argument(int argc, char **argv, const char *name, unsigned long otherwise)
{
	size_t len = strlen(name);

	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], name, len) == 0 && argv[i][len] == '=')
			return strtoul(argv[i] + len + 1, NULL, 10);
	}
	return otherwise;
}

/* A settled state, the same each time: what calls have started is over, init knows one notification of ours, the victim runs, no reader waits. */
static bool settle(handle_t init, handle_t logger, handle_t spare)
{
	handle_t signal;
	struct init_service victim;
	uint32_t count = 0;
	bool good = handle_dup(spare, RIGHT_MOVE | RIGHT_NT_SIGNAL, &signal) == OK &&
		    init_tell_stop(init, 1, signal) == OK && init_start(init, "victim") == OK;

	for (unsigned i = 0; i < 20; i++) {
		usleep(500000);
		good = good && logger_write(logger, LOGGER_LEVEL_INFO, "settled", 7) == OK;
		if (init_status(init, "victim", &victim, 1, &count) == OK && count == 1 &&
		    victim.state == INIT_STATE_RUNNING && i > 6)
			return good;
	}
	return false;
}

int main(int argc, char **argv)
{
	handle_t init = startup_handle(HND_INIT), logger = startup_handle(HND_LOG), spare = HANDLE_NONE;
	struct process_info init_before, logger_before;
	unsigned long calls = argument(argc, argv, "calls", 20000);

	state = argument(argc, argv, "seed", 1) * 2654435761u + 1;
	inspect = startup_handle("res.inspect");
	result(notification_create(&spare) == OK, "a handle to give away");
	for (unsigned i = 0; i < 300; i++) /* so that what grows once has grown */
		call(i % 2 ? init : logger, i % 2 ? init_protocol.number : logger_protocol.number, spare);
	result(settle(init, logger, spare), "init and the logger answer at first");
	result(find("sbin/init", &init_before) || find("init", &init_before), "init is found");
	result(find("logger", &logger_before), "the logger is found");
	for (unsigned long i = 0; i < calls; i++)
		call(i % 2 ? init : logger, i % 2 ? init_protocol.number : logger_protocol.number, spare);
	result(settle(init, logger, spare), "init and the logger answer at last");
	compare(init_before.name, &init_before);
	compare("logger", &logger_before);
	printf("DONE %u passed, %u failed\n", passed, failed);
	fflush(stdout);
	for (;;)
		sleep(3600);
}
