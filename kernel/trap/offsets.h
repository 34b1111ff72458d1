/* SPDX-License-Identifier: BSD-2-Clause */
/* Layout that trap/entry.S relies on; trap/trap.c asserts every number. */
#pragma once

#define H_CUR       0
#define H_SCRATCH   8
#define H_KSTACK    40
#define H_EMERGENCY 48
#define H_TOP_PRIO  56
#define H_RESCHED   64
#define H_UNUSUAL   65

#define T_PC        32
#define T_X(n)      (40 + 8 * (n))
#define T_SATP      296
#define T_PROC      304
#define T_HART      312
#define T_CALLER    320
#define T_SERVER    328
#define T_PAYER     336
#define T_LEASES    344
#define T_MSGINFO   352
#define T_EP        360
#define T_WAIT_NEXT 368
#define T_SIGNALS   376
#define T_SLOW      384
#define T_STATE     388
#define T_PRIO      389
#define T_BRIEF     391

#define P_SLOTS 32
#define P_MASK  40

#define EP_RECV    32
#define EP_CALLERS 40
#define EP_SERVER  48

#define C_OBJ    0
#define C_BADGE  8
#define C_RIGHTS 16

#define STATE_AWAIT_REPLY 4
#define STATE_RECEIVING   5
