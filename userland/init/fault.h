/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults of the processes that init is responsible for. */
#pragma once

#include "sys/lib/ipc.h"
#include "userland/init/system.h"

/* Logs the fault that the message tells of and makes it the answer that ends the process. */
void fault_answer(const struct system *system, const char *service, struct ipc_msg *msg);
