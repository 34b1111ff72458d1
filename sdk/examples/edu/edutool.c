/* SPDX-License-Identifier: BSD-2-Clause */
/* edutool: asks the edu device. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "protocols/devmgr.h"
#include "protocols/edu.h"
#include "sys/abi/startup.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

#define DRIVER     "edu"
#define WAIT_NS    10000000000ull /* for everything together */
#define DEATHS_MAX 3

static uint64_t deadline;

/* The first device that this driver has. */
static status_t device_find(const char *driver, handle_t *out)
{
	handle_t devmgr = startup_handle(HND_DEVMGR);
	struct devmgr_node node;
	uint32_t count, total, index;
	enum devmgr_class class;

	if (devmgr == HANDLE_NONE)
		return ERR_ACCESS; /* started by something that may not use devices */
	for (uint32_t i = 0;; i++) {
		status_t status = devmgr_list_until(devmgr, deadline, i, &node, 1, &count, &total);

		if (status != OK || !count)
			return status != OK ? status : ERR_NOT_FOUND;
		if (!strcmp(node.driver, driver))
			return devmgr_open_until(devmgr, deadline, node.path, out, &class, &index);
	}
}

/* Is it to be asked again? The device works for somebody else, or its driver died and the next one is on its way. A request
 * that drivers keep dying of is not sent for ever. */
static bool again(status_t status)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	static unsigned deaths;
	uint64_t now;

	if (status == ERR_PEER_DIED && ++deaths > DEATHS_MAX)
		return false;
	if ((status != ERR_BUSY && status != ERR_PEER_DIED) || clock_get(&now) != OK || now >= deadline)
		return false;
	nanosleep(&pause, NULL);
	return true;
}

static status_t identify(handle_t device)
{
	uint8_t major, minor;
	status_t status;

	do {
		status = edu_identify_until(device, deadline, &major, &minor);
	} while (again(status));
	if (status == OK)
		printf("edu %u.%u, alive\n", major, minor);
	return status;
}

static status_t factorial(handle_t device, uint32_t number)
{
	uint32_t result;
	status_t status;

	do {
		status = edu_factorial_until(device, deadline, number, &result);
	} while (again(status));
	if (status == OK)
		printf("%" PRIu32 "! = %" PRIu32 "\n", number, result);
	return status;
}

static status_t store(handle_t device, const char *text)
{
	status_t status;

	do {
		status = edu_store_until(device, deadline, 0, text, strlen(text) + 1);
	} while (again(status));
	return status;
}

static status_t fetch(handle_t device)
{
	char data[EDU_BUFFER_BYTES];
	status_t status;

	do {
		status = edu_fetch_until(device, deadline, 0, data, sizeof(data));
	} while (again(status));
	if (status == OK)
		printf("%.*s\n", (int)sizeof(data), data);
	return status;
}

static const char *text(status_t status)
{
	switch (status) {
	case ERR_NOT_FOUND: return "this machine has no edu device with a driver";
	case ERR_ACCESS: return "not allowed to use devices";
	case ERR_RANGE: return "that does not fit";
	case ERR_PEER_DIED: return "the driver dies of it";
	case ERR_TIMED_OUT: return "no answer";
	default: return "failed";
	}
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	handle_t device;
	uint64_t now = 0;

	(void)clock_get(&now);
	deadline = now + WAIT_NS;
	status_t status = device_find(DRIVER, &device);
	if (status == OK && !strcmp(verb, "id") && argc == 2) {
		status = identify(device);
	} else if (status == OK && !strcmp(verb, "factorial") && argc == 3) {
		status = factorial(device, (uint32_t)strtoul(argv[2], NULL, 10));
	} else if (status == OK && !strcmp(verb, "store") && argc == 3) {
		status = store(device, argv[2]);
	} else if (status == OK && !strcmp(verb, "fetch") && argc == 2) {
		status = fetch(device);
	} else if (status == OK) {
		fprintf(stderr, "usage: edutool id | factorial NUMBER | store TEXT | fetch\n");
		return 2;
	}
	if (status != OK)
		fprintf(stderr, "edutool: %s\n", text(status));
	return status != OK;
}
