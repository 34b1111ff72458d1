/* SPDX-License-Identifier: BSD-2-Clause */
/* The shell as a service: it is ready when its first prompt is shown. */
#include "userland/vsh/ready.h"

#include "protocols/init.h"
#include "sys/abi/startup.h"
#include "sys/lib/startup.h"

void ready_tell(void)
{
	handle_t init = startup_handle("init");
	if (init != HANDLE_NONE)
		(void)init_ready(init); /* without init there is nobody left to tell */
}
