/* SPDX-License-Identifier: BSD-2-Clause */
/* The process of vfs. */
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "fs/vfs/vfs.h"
#include "sys/lib/log.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

uint64_t time_now(void)
{
	uint64_t now = 0;

	(void)clock_get(&now); /* has no way to fail */
	return now;
}

void vfs_log(uint32_t level, const char *format, ...)
{
	char line[LOG_LINE_MAX] = "vfs: ";
	va_list args;

	va_start(args, format);
	vsnprintf(line + 5, sizeof(line) - 5, format, args);
	va_end(args);
	log_line(level, line);
}

void mount_log(const struct mount *m, uint32_t level, const char *format, ...)
{
	char line[LOG_LINE_MAX];
	va_list args;
	int at = snprintf(line, sizeof(line), "vfs: %.200s (%s): ", m->point, m->type);

	va_start(args, format);
	if (at > 0 && (size_t)at < sizeof(line))
		vsnprintf(line + at, sizeof(line) - (size_t)at, format, args);
	va_end(args);
	log_line(level, line);
}

/* The C library has asked a real-time clock, if there is one. */
static int64_t clock_offset(void)
{
	struct timespec since_1970, since_boot;

	if (clock_gettime(CLOCK_REALTIME, &since_1970) != 0 || clock_gettime(CLOCK_MONOTONIC, &since_boot) != 0)
		return 0;
	return (since_1970.tv_sec - since_boot.tv_sec) * 1000000000ll + (since_1970.tv_nsec - since_boot.tv_nsec);
}

static status_t prepare(struct vfs *v)
{
	struct system_info system;
	handle_t closed;
	uint64_t closed_bits;
	status_t status = system_info(HANDLE_NONE, INFO_SYSTEM, 0, &system, sizeof(system), NULL);

	if (status != OK)
		return status;
	v->ram_bytes = system.ram_bytes;
	v->clock_offset = clock_offset();
	v->endpoint = startup_handle(HND_VFS);
	views_init(v);
	server_init(&v->server, v->endpoint, startup_handle(HND_THREAD));
	status = server_add_protocol(&v->server, &vfs_protocol, &client_ops, v);
	if (status == OK)
		status = server_add_signal(&v->server, views_closed, v, &closed, &closed_bits);
	if (status == OK)
		status = endpoint_watch(v->endpoint, closed, closed_bits);
	if (status == OK)
		status = server_add_signal(&v->server, instances_ended, v, &v->ended, &v->ended_bits);
	if (status == OK)
		status = server_timer_init(&v->timer, &v->server, instances_timer, v);
	if (status == OK)
		status = ask_start(v);
	return status;
}

int main(void)
{
	static struct vfs v;
	const char *step = "read the boot archive";
	status_t status = bootfs_open(startup_handle(HND_BOOTFS), &v.archive);

	if (status == OK) {
		step = "prepare to serve";
		status = prepare(&v);
	}
	if (status == OK) {
		step = "mount a root (etc/fstab)";
		status = boot_begin(&v);
	}
	if (status == OK) {
		step = "go on serving";
		status = server_run(&v.server);
	}
	vfs_log(LOG_ERROR, "cannot %s (status %d)", step, (int)status);
	return 1;
}
