/* SPDX-License-Identifier: BSD-2-Clause */
/* Attachments that outlive an instance, on the driver's side. */
#include "sys/driver/keep.h"

#include "sys/driver/device.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

static void close_some(const handle_t *handles, unsigned count)
{
	while (count--)
		(void)handle_close(handles[count]);
}

status_t device_keep(struct device *dev, uint32_t slot, const struct keep *keep)
{
	const handle_t from[3] = {keep->memory, keep->data, keep->notification};
	handle_t copy[3];

	(void)dev;
	for (unsigned i = 0; i < 3; i++) {
		status_t status = handle_dup(from[i], RIGHTS_SAME, &copy[i]);
		if (status != OK) {
			close_some(copy, i);
			return status;
		}
	}
	return driver_keep(startup_handle(DRIVER_HND_CONTROL), slot, keep->value, keep->badge, copy[0], copy[1],
			   copy[2], keep->bits);
}

status_t device_kept(struct device *dev, uint32_t slot, struct keep *out)
{
	(void)dev;
	return driver_kept(startup_handle(DRIVER_HND_CONTROL), slot, &out->value, &out->badge, &out->bits, &out->memory,
			   &out->data, &out->notification);
}

void device_forget(struct device *dev, uint32_t slot)
{
	/* An error would mean that devmgr is gone, or that there is no such slot: nothing is kept either way. */
	(void)driver_forget(startup_handle(DRIVER_HND_CONTROL), slot);
	(void)dev;
}
