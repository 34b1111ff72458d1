/* SPDX-License-Identifier: BSD-2-Clause */
/* See idl_echo_server.h. */
#include "idl_echo_server.h"

#include "sys/lib/syscall.h"

static status_t stop(void *ctx, struct ipc_request *rq)
{
	struct echo_server *es = ctx;

	if (MSG_LABEL(rq->msg.info) != ECHO_LABEL_STOP) {
		for (unsigned i = 0; i < MSG_HANDLES(rq->msg.info); i++)
			handle_close(rq->msg.handles[i]);
		rq->msg.info = MSG_INFO(-ERR_NO_SYSCALL, 0, 0);
		return OK;
	}
	server_stop(&es->server, OK);
	rq->msg.info = 0;
	return OK;
}

void echo_server_run(struct echo_server *es, handle_t ep, const struct echo_ops *ops)
{
	*es = (struct echo_server){0};
	server_init(&es->server, ep, HANDLE_NONE);
	server_set_other(&es->server, stop, es);
	es->ended = server_add_protocol(&es->server, &echo_protocol, ops, es);
	if (es->ended == OK)
		es->ended = server_run(&es->server);
	server_destroy(&es->server);
}

status_t echo_server_stop(handle_t ep)
{
	struct ipc_msg m = {.info = MSG_INFO(ECHO_LABEL_STOP, 0, 0)};

	return ipc_call(ep, &m, NULL, DEADLINE_NEVER);
}
