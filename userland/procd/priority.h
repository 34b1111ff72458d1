/* SPDX-License-Identifier: BSD-2-Clause */
/* Niceness of processes, groups and users. */
#pragma once

#include "sys/abi/status.h"
#include "userland/procd/table.h"

/* See process.priority and process.set_priority. */
status_t priority_best(uint32_t caller, enum process_whom whom, uint64_t id, int32_t *nice);
status_t priority_set(uint32_t caller, enum process_whom whom, uint64_t id, int32_t nice);
