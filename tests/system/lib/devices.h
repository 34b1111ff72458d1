/* SPDX-License-Identifier: BSD-2-Clause */
/* A devmgr of the test's own with all drivers of the boot archive, and what tests of devices do with it. */
#pragma once

#include "protocols/devmgr.h"
#include "tests/system/lib/test.h"

#define DEVICE_TIMEOUT (60 * SECOND) /* of anything: only a hang takes so long */

/* Starts devmgr, once. */
bool devices_up(void);

/* By any name that devmgr knows ("block:0"); waits until the drivers have been found. HANDLE_NONE and a failed check
 * if there is none. */
handle_t device_open(const char *name, uint32_t *index);

/* A node as it is now. */
bool device_node(uint32_t index, struct devmgr_node *node);
/* All nodes; how many there are. */
uint32_t devices_list(struct devmgr_node *nodes, uint32_t max);
/* What is known of its driver's last end; false if it never ended. */
bool device_death(uint32_t index, struct devmgr_death *death);
/* Waits for a state. */
bool device_await(uint32_t index, enum devmgr_state state);

/* Ends the driver as a stranger would, by its process; or by devmgr, whose patience starts anew by that. */
bool device_kill(uint32_t index);
bool device_restart(uint32_t index);

/* Contiguous memory, mapped. */
handle_t dma_memory(uint64_t size, void **at);

/*
 * A thread above all drivers that ends a driver again and again, at random moments of its work: by its process and by
 * devmgr in turn.
 * Its first kill comes once `go` is set; it stops after `kills`.
 */
struct killer {
	uint32_t index;
	uint64_t kills, seed;
	uint64_t pause_ns; /* between two, at most */
	/* NULL, or what grows as the driver works: now and then it is let live until something has come of it, however slow the machine is. */
	const volatile uint32_t *progress;
	volatile uint32_t done; /* kills so far */
	volatile uint32_t go, stop;
	struct thread thread;
};
bool killer_start(struct killer *k);
void killer_wait(struct killer *k);
