/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attachments that outlive an instance. Clients attach memory once (block.attach, net.attach) and call nothing when a driver dies:
 * the driver leaves their handles with devmgr, and its next instance finds them there in `bind`, writes its epoch
 * (device_instance) into the session and goes on (sys/lib/session.h). For class libraries rather than drivers.
 */
#pragma once

#include "protocols/driver.h"
#include "sys/driver/driver.h"

#define KEEP_MAX DRIVER_KEEP_MAX

struct keep {
	uint64_t value; /* the driver's own */
	uint64_t badge; /* of the client's handle to the device */
	uint64_t bits;  /* to be signalled to its notification */
	handle_t memory, data, notification;
};

/* The handles stay the caller's, copies are kept: they need RIGHT_DUP (ERR_RIGHTS). What the slot held is let go. */
status_t device_keep(struct device *dev, uint32_t slot, const struct keep *keep);
/* What a slot holds; the handles are the caller's to close. ERR_NOT_FOUND: nothing. Another error: the client has taken something
 * back; forget the slot. */
status_t device_kept(struct device *dev, uint32_t slot, struct keep *out);
void device_forget(struct device *dev, uint32_t slot);
