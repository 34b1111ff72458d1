/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of devices: from the class of a server to open files that speak its protocol. */
#pragma once

#include <stdint.h>

#include "sys/posix/file.h"

/* Takes the handle over, whatever is returned: 0 or a negative errno value (ENXIO: nothing that read and write could do). */
int device_file_new(handle_t device, uint32_t device_class, int flags, struct file **out);

extern const struct open_file_ops device_zero_ops, device_full_ops, device_random_ops; /* device_plain.c */

/* device_block.c; as device_file_new. */
int device_block_new(handle_t device, int flags, struct file **out);
