/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of capabilities. */
#include "userland/init/capability.h"

#include <stddef.h>
#include <string.h>

/* One list for both: the table and the sentence in messages cannot differ. */
#define CAPABILITIES(item, comma)                                                                                      \
	item(CAP_DEVICE_MANAGER, "device_manager") comma item(CAP_DEVICES, "devices") comma item(CAP_BOOTFS, "bootfs") \
		comma                                                                                                  \
		item(CAP_SYSTEM_INSPECT, "system_inspect") comma                                                       \
		item(CAP_PROCESS_CONTROL, "process_control") comma                                                     \
		item(CAP_SERVICE_CONTROL, "service_control") comma                                                     \
		item(CAP_POWER, "power") comma                                                                         \
		item(CAP_DEVICE_TREE, "device_tree") comma                                                             \
		item(CAP_FILE_SYSTEMS, "file_systems") comma                                                           \
		item(CAP_FILES, "files") comma                                                                         \
		item(CAP_MOUNTS, "mounts") comma                                                                       \
		item(CAP_PROCESS_EXAMINE, "process_examine") comma                                                     \
		item(CAP_SYSTEM_LOG, "system_log") comma                                                               \
		item(CAP_PROCESS_SERVER, "process_server") comma                                                       \
		item(CAP_PROCESSES, "processes") comma                                                                 \
		item(CAP_PROCESS_TERMINALS, "process_terminals") comma                                                 \
		item(CAP_TERMINALS, "terminals") comma                                                                 \
		item(CAP_TERMINAL_DEVICES, "terminal_devices")
#define AS_ENTRY(id, name) [id] = name,
#define AS_TEXT(id, name)  name
#define NOTHING

static const char *const names[CAP_COUNT] = {CAPABILITIES(AS_ENTRY, NOTHING)};

const char *capability_name(enum capability capability)
{
	return capability < CAP_COUNT ? names[capability] : NULL;
}

enum capability capability_find(const char *name)
{
	unsigned i = 0;
	while (i < CAP_COUNT && strcmp(names[i], name) != 0)
		i++;
	return (enum capability)i;
}

const char *capability_list(void)
{
	return CAPABILITIES(AS_TEXT, ", ");
}
