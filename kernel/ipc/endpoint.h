/* SPDX-License-Identifier: BSD-2-Clause */
/* Endpoints (synchronous rendezvous) and reply objects. The fast path is in trap/entry.S. */
#pragma once

#include "kernel/lib/treap.h"
#include "kernel/sched/hart.h"

/* Offsets of the first fields are known to trap/entry.S (trap/offsets.h). */
struct endpoint {
	struct object obj;
	struct thread *recv;    /* waiting receivers, newest first, through wait_next */
	struct thread *callers; /* first of the queue below, or NULL */
	struct thread *server;  /* received last: works at the priority of the queue's head */
	struct list queue;      /* waiting callers by falling priority, first come first within one */
	uint32_t receivers;     /* capabilities with RIGHT_EP_RECV */
	/* endpoint_watch: badges whose last handle is gone, in that order, through cap.next */
	struct cap *gone_first, *gone_last;
	struct notification *watch; /* referenced */
	uint64_t watch_bits;
	struct treap paged; /* memory objects whose pager receives here: struct pager.node */
};

struct reply {
	struct object obj;
	struct thread *caller; /* NULL: answered or gone */
};

status_t endpoint_create(struct quota *q, struct endpoint **out);
void endpoint_destroy(struct endpoint *ep);
/* Capability c to it is about to go: nobody waits on its strength any longer. */
void endpoint_cap_gone(struct endpoint *ep, const struct cap *c);
/* c, out of the tree, was the last with its watched badge: the endpoint has it now. */
void endpoint_badge_gone(struct endpoint *ep, struct cap *c);
void reply_destroy(struct reply *r);
void reply_abandon(struct reply *r);

/* Queues the running or faulted thread t as a caller, or hands it to a waiting receiver. */
void endpoint_send(struct endpoint *ep, struct thread *t);
void endpoint_requeue(struct thread *t);   /* its priority changed */
void endpoint_unqueue(struct thread *t);   /* TS_CALLING or queued fault */
void endpoint_unreceive(struct thread *t); /* TS_RECEIVING */
/* The call that s is serving (and those it saved, when all) ends with ERR_PEER_DIED. */
void caller_drop(struct thread *s);
void callers_drop_all(struct thread *s);
/* t no longer waits for an answer (killed, cancelled, timed out): whoever holds the call finds nobody. */
void caller_forget(struct thread *t);
/* Turns the thread's fault into a message to its fault endpoint; false when it has none. */
bool fault_send(struct thread *t);
/* The same to a pager, whose endpoint has a receiver; t->page_* say what is asked for. */
void page_request_send(struct thread *t, struct endpoint *ep, uint64_t badge);
/* Nobody handles it (any more): its process ends. */
void fault_unhandled(struct thread *t);
/* Delivers bound signals to a thread waiting in recv. */
void receiver_signal(struct thread *t, uint64_t bits);
