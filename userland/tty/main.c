/* SPDX-License-Identifier: BSD-2-Clause */
/* The terminal server: the console, other serial lines, pseudo-terminals. */
#include <stdio.h>

#include "protocols/init.h"
#include "sys/lib/log.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "userland/tty/serve.h"

struct tty_server tty;

static status_t begin(void)
{
	struct terminal *console;
	handle_t closed;
	uint64_t closed_bits;
	status_t status;

	tty.endpoint = startup_handle(HND_TTY);
	tty.devmgr = startup_handle(HND_DEVMGR);
	tty.epoch = (uint32_t)(time_now() >> 20);
	groups_begin();
	server_init(&tty.server, tty.endpoint, startup_handle(HND_THREAD));
	status = server_add_protocol(&tty.server, &file_protocol, &serve_file_ops, &tty);
	if (status == OK)
		status = server_add_protocol(&tty.server, &tty_protocol, &serve_tty_ops, &tty);
	if (status == OK)
		status = server_add_signal(&tty.server, descriptions_closed, &tty, &closed, &closed_bits);
	if (status == OK)
		status = endpoint_watch(tty.endpoint, closed, closed_bits);
	if (status == OK)
		status = server_timer_init(&tty.timer, &tty.server, terminals_timer, &tty);
	/* What is typed from now on is kept, although nobody reads. A machine may have no console. */
	if (status == OK)
		(void)serial_find(TTY_KIND_CONSOLE, 0, &console);
	return status;
}

int main(void)
{
	char line[96];
	status_t status = begin();

	/* A test starts it by itself. */
	if (status == OK && startup_handle(HND_INIT) != HANDLE_NONE)
		status = init_ready(startup_handle(HND_INIT));
	if (status == OK)
		status = server_run(&tty.server);
	snprintf(line, sizeof(line), "tty: cannot go on (status %d)", (int)status);
	log_line(LOG_ERROR, line);
	return 1;
}
