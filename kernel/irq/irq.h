/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupt objects: a source fires a notification and stays quiet until acknowledged. */
#pragma once

#include "kernel/sched/hart.h"

struct irq {
	struct object obj;
	uint32_t source;
	uint32_t flags;
	struct notification *nt; /* referenced */
	uint64_t bits;
	struct hart *hart; /* routed to */
	bool pending;      /* fired, not acknowledged: claimed at the controller by `hart` */
	uint64_t count;
	uint64_t owner_koid;
	struct list all_node;

	/* IRQ_SHARED: by_source holds a head without a notification, which is no object; the irq objects are its members. */
	struct irq *head;
	struct list members; /* head: irq.member_node */
	struct list member_node;
	uint32_t owing; /* head: members that have not acknowledged */
	bool owes;      /* member: fired, not acknowledged */
};

extern struct list all_irqs;
void irq_init(void);
void irq_destroy(struct irq *i);
/* External interrupt on this hart. */
void irq_dispatch(void);
void irq_ack(struct irq *i);
