/* SPDX-License-Identifier: BSD-2-Clause */
/* What the cases of test/devices share. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "protocols/devmgr.h"

#define SECOND  1000000000ull
#define TIMEOUT (60 * SECOND) /* of anything: only a hang takes so long */

#define CHECK(condition)    check((condition), __LINE__, #condition)
#define CHECK_IS(got, want) check_is((int64_t)(got), (int64_t)(want), __LINE__, #got)

bool check(bool good, int line, const char *what);
bool check_is(int64_t got, int64_t want, int line, const char *what);

extern handle_t owner, look_only, opener; /* devmgr, as the owner and as clients */

uint64_t now(void);
void pause_ms(uint64_t ms);
/* As devmgr lists it now; all zero and a failed check if it is not there */
struct devmgr_node *node(const char *path);
bool node_exists(const char *path);
/* Waits until the node is in the state, with at least that many restarts. */
bool await(const char *path, enum devmgr_state state, uint32_t restarts);
handle_t open_device(const char *name);
struct devmgr_holdings holdings(const char *path);
void kill_pid(uint64_t pid);

/* bus_cases.c */
void test_children(void);
void test_children_forged(void);
void test_bus_killed(void);
void test_hang(void);
void test_child_ended(void);

/* pci_cases.c */
void test_pci_found(void);
void test_pci_registers(void);
void test_pci_rules(void);
void test_pci_interrupts(void);
void test_pci_dma(void);
void test_pci_reset(void);
void test_pci_restart(void);
void test_pci_killed_in_reset(void);
void test_pci_function_killed(void);
void test_pci_given_up(void);
