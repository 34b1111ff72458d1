/* SPDX-License-Identifier: BSD-2-Clause */
/* The capabilities that services.toml can name. What each one grants is in grant.c and docs/services.md. */
#pragma once

#include <stdint.h>

enum capability {
	CAP_DEVICE_MANAGER,
	CAP_DEVICES,
	CAP_BOOTFS,
	CAP_SYSTEM_INSPECT,
	CAP_PROCESS_CONTROL,
	CAP_SERVICE_CONTROL,
	CAP_POWER,
	CAP_DEVICE_TREE,
	CAP_FILE_SYSTEMS,
	CAP_FILES,
	CAP_MOUNTS,
	CAP_PROCESS_EXAMINE,
	CAP_SYSTEM_LOG,
	CAP_PROCESS_SERVER,
	CAP_PROCESSES,
	CAP_PROCESS_TERMINALS,
	CAP_TERMINALS,
	CAP_TERMINAL_DEVICES,
	CAP_COUNT
};

/* As in services.toml; NULL past the end. */
const char *capability_name(enum capability capability);
/* CAP_COUNT if no capability is called so. */
enum capability capability_find(const char *name);
/* All names, separated by ", ", for messages. */
const char *capability_list(void);
