/* SPDX-License-Identifier: BSD-2-Clause */
/* The server of sys/protocols/echo.idl that the tests of the protocol code talk to. */
#pragma once

#include "protocols/echo.h"
#include "sys/lib/server.h"

#define ECHO_WAITING_MAX 4

/* A message with this label (of no protocol) ends echo_server_run. */
#define ECHO_LABEL_STOP 0x7fff0001u

struct echo_server {
	struct server server;
	unsigned waiting;
	handle_t waiters[ECHO_WAITING_MAX];
	uint32_t values[ECHO_WAITING_MAX];
	size_t lengths[ECHO_WAITING_MAX];
	status_t ended; /* what the loop returned */
};

extern const struct echo_ops echo_server_ops;

/* `wait` with this value is dropped without an answer. */
#define ECHO_WAIT_DROP 0xffffffffu

/* Serves the endpoint from the calling thread until it is told to stop. */
void echo_server_run(struct echo_server *es, handle_t ep, const struct echo_ops *ops);
status_t echo_server_stop(handle_t ep);
