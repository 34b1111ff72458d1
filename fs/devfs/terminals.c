/* SPDX-License-Identifier: BSD-2-Clause */
/* Terminals in /dev: the terminal server opens them, for the process that asks. */
#include <string.h>

#include "fs/devfs/devfs.h"
#include "protocols/tty.h"
#include "sys/lib/syscall.h"

#define CALL_NS 5000000000ull /* a server that is being started again has so long */

/* Of slaves as they were when they were looked up; the number says which. */
static struct fs_attr slaves[DEVFS_SLAVES_MAX];

static uint64_t deadline(void)
{
	uint64_t ns = 0;

	(void)clock_get(&ns); /* has no way to fail */
	return ns + CALL_NS;
}

status_t terminals_begin(struct devices *devices, handle_t tty)
{
	struct dev_entry *entry;

	devices->tty = tty;
	if (tty == HANDLE_NONE)
		return OK;
	entry = entry_add(devices, DEVFS_ROOT, "ptmx", FILE_KIND_CHARACTER, 0666);
	if (!entry)
		return ERR_NO_MEMORY;
	entry->class = FILE_DEVICE_TERMINAL;
	entry->attr.device = TTY_DEVICE_BASE + TTY_KIND_MASTER * TTY_DEVICE_KIND;
	return OK;
}

static status_t terminal_open(struct devices *devices, enum tty_kind kind, uint32_t number, uint32_t mode,
			      uint32_t user, uint32_t group, handle_t *out)
{
	uint64_t process = 0;
	status_t status = caller_process(HANDLE_NONE, &process);

	mode &= FILE_MODE_READ | FILE_MODE_WRITE | FILE_MODE_NONBLOCK;
	if (status == OK)
		status = tty_open_until(devices->tty, deadline(), kind, number, mode, process, user, group, out);
	return status == ERR_PEER_DIED || status == ERR_TIMED_OUT ? ERR_IO : status;
}

status_t terminals_open(struct devices *devices, const struct dev_entry *entry, uint32_t mode, uint32_t user,
			uint32_t group, handle_t *out)
{
	if (devices->tty == HANDLE_NONE || entry->gone)
		return entry->gone ? ERR_NOT_FOUND : ERR_UNSUPPORTED;
	switch (entry->class) {
	case FILE_DEVICE_TERMINAL: return terminal_open(devices, TTY_KIND_MASTER, 0, mode, user, group, out);
	case FILE_DEVICE_TTY: return terminal_open(devices, TTY_KIND_CURRENT, 0, mode, user, group, out);
	case DEVMGR_CLASS_SERIAL:
		return strcmp(entry->name, "console") == 0
			       ? terminal_open(devices, TTY_KIND_CONSOLE, 0, mode, user, group, out)
			       : terminal_open(devices, TTY_KIND_SERIAL, entry->unit, mode, user, group, out);
	default: return ERR_UNSUPPORTED;
	}
}

static bool slave_ask(struct devices *devices, uint32_t from, struct tty_slave *slave)
{
	uint32_t count = 0;

	return tty_slaves_until(devices->tty, deadline(), from, slave, 1, &count) == OK && count == 1 &&
	       slave->number < DEVFS_SLAVES_MAX;
}

bool slave_next(struct devices *devices, uint32_t from, uint32_t *number)
{
	struct tty_slave slave;

	if (!slave_ask(devices, from, &slave) || slave.number < from)
		return false;
	*number = slave.number;
	return true;
}

bool slave_find(struct devices *devices, const char *name, size_t len, uint64_t *inode)
{
	struct tty_slave slave;
	uint32_t number = 0;

	if (!len || len > 2 || (len == 2 && name[0] == '0'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return false;
		number = number * 10 + (uint32_t)(name[i] - '0');
	}
	if (number >= DEVFS_SLAVES_MAX || !slave_ask(devices, number, &slave) || slave.number != number)
		return false;
	slaves[number] = (struct fs_attr){
		.kind = FILE_KIND_CHARACTER,
		.permissions = slave.permissions & 0777,
		.user = slave.user,
		.group = slave.group,
		.links = 1,
		.device = TTY_DEVICE_BASE + TTY_KIND_SLAVE * TTY_DEVICE_KIND + number,
	};
	*inode = DEVFS_SLAVES + number;
	return true;
}

struct fs_attr *slave_attr(uint64_t inode)
{
	return inode - DEVFS_SLAVES < DEVFS_SLAVES_MAX ? &slaves[inode - DEVFS_SLAVES] : NULL;
}

status_t slave_open(struct devices *devices, uint64_t inode, uint32_t mode, uint32_t user, uint32_t group,
		    handle_t *out)
{
	return terminal_open(devices, TTY_KIND_SLAVE, (uint32_t)(inode - DEVFS_SLAVES), mode, user, group, out);
}
