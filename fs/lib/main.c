/* SPDX-License-Identifier: BSD-2-Clause */
/* The process of a file system. */
#include "fs/lib/clock.h"
#include "fs/lib/serve.h"
#include "sys/lib/log.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "sys/posix/clock.h"

/* The kernel's clock is the time CSR, read here without a call; `start` puts both on the same scale. */
static struct {
	uint64_t scale, start;
} time_csr;

static uint64_t clock_ticks(void)
{
	uint64_t ticks;

	__asm__ volatile("rdtime %0" : "=r"(ticks));
	return ticks;
}

static void clock_setup(void)
{
	uint64_t kernel = 0;

	time_csr.scale = clock_scale(startup_get()->timebase_hz);
	(void)clock_get(&kernel); /* has no way to fail */
	time_csr.start = kernel - clock_ticks_to_ns(clock_ticks(), time_csr.scale);
}

uint64_t clock_monotonic(void)
{
	return clock_ticks_to_ns(clock_ticks(), time_csr.scale) + time_csr.start;
}

static status_t state_map(struct state **out)
{
	handle_t vmo = startup_handle(FS_HND_STATE);
	struct vmo_info info;
	void *at;
	status_t status = vmo_info(vmo, &info);

	if (status == OK && info.size < STATE_BYTES)
		status = ERR_BAD_FORMAT;
	if (status == OK)
		status = vmo_map(HANDLE_NONE, vmo, 0, NULL, STATE_BYTES, MAP_READ | MAP_WRITE, &at);
	if (status == OK)
		*out = at;
	return status;
}

static handle_t notification = HANDLE_NONE;

status_t fs_notification(handle_t *out)
{
	status_t status = notification == HANDLE_NONE ? notification_create(&notification) : OK;

	*out = notification;
	return status;
}

int fs_main(const struct fs_ops *ops, void *data, bool read_only)
{
	static struct fs fs;
	struct fs_start start = {
		.ops = ops,
		.data = data,
		.endpoint = startup_handle(FS_HND_ENDPOINT),
		.thread = startup_handle(HND_THREAD),
		.read_only = read_only,
		.notification = notification,
	};
	status_t status = state_map(&start.state);

	clock_setup();

	if (status == OK)
		status = fs_start(&fs, &start);
	if (status != OK) {
		log_line(LOG_ERROR, "fs: cannot start");
		return FS_EXIT(status);
	}
	status = server_run(&fs.server);
	return FS_EXIT(status);
}
