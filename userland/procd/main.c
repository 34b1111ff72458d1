/* SPDX-License-Identifier: BSD-2-Clause */
/* procd: serves the protocol process. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocols/init.h"
#include "sys/lib/log.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "userland/procd/crash.h"
#include "userland/procd/numbers.h"
#include "userland/procd/procd.h"

/* What init gives. */
#define HND_SERVER   "procd" /* the endpoint that programs have as "proc" */
#define HND_STATE    "state" /* memory that outlives this process */
#define HND_RESOURCE "res.process"
#define HND_EXAMINER "examiner" /* of vfs */

struct procd procd;

_Static_assert(NR_HUP == SIGHUP && NR_INT == SIGINT && NR_QUIT == SIGQUIT && NR_ILL == SIGILL && NR_TRAP == SIGTRAP &&
		       NR_ABRT == SIGABRT && NR_FPE == SIGFPE && NR_KILL == SIGKILL && NR_BUS == SIGBUS &&
		       NR_SEGV == SIGSEGV && NR_SYS == SIGSYS && NR_PIPE == SIGPIPE && NR_ALRM == SIGALRM &&
		       NR_TERM == SIGTERM && NR_URG == SIGURG && NR_STOP == SIGSTOP && NR_TSTP == SIGTSTP &&
		       NR_CONT == SIGCONT && NR_CHLD == SIGCHLD && NR_TTIN == SIGTTIN && NR_TTOU == SIGTTOU &&
		       NR_XCPU == SIGXCPU && NR_XFSZ == SIGXFSZ && NR_WINCH == SIGWINCH && NR_USR1 == SIGUSR1 &&
		       NR_USR2 == SIGUSR2,
	       "numbers.h");

uint64_t time_now(void)
{
	uint64_t now = 0;

	(void)clock_get(&now); /* has no way to fail */
	return now;
}

void procd_log(uint32_t level, const char *format, ...)
{
	char line[LOG_LINE_MAX] = "procd: ";
	va_list args;

	va_start(args, format);
	vsnprintf(line + 7, sizeof(line) - 7, format, args);
	va_end(args);
	log_line(level, line);
}

static status_t state_open(struct state **out)
{
	struct vmo_info info;
	handle_t vmo = startup_handle(HND_STATE);
	uint64_t size = (sizeof(struct state) + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	status_t status = vmo_info(vmo, &info);
	void *memory;

	if (status == OK && info.size < size)
		status = ERR_RANGE;
	if (status == OK)
		status = vmo_map(HANDLE_NONE, vmo, 0, NULL, size, MAP_READ | MAP_WRITE, &memory);
	if (status == OK)
		*out = memory;
	return status;
}

static status_t signals_add(void)
{
	status_t status = OK;

	for (unsigned i = 0; i < WATCH_BITS && status == OK; i++)
		status = server_add_signal(&procd.server, ends_look, &procd.ended[i], &procd.ended[i],
					   &procd.ended_bits[i]);
	return status;
}

static status_t own_read(void)
{
	struct handle_info examiner;
	struct process_info own;
	struct system_info system;
	status_t status = process_info(HANDLE_NONE, &own);

	if (status == OK)
		status = system_info(HANDLE_NONE, INFO_SYSTEM, 0, &system, sizeof(system), NULL);
	if (status != OK)
		return status;
	procd.init_pid = own.parent_koid;
	procd.harts = system.harts ? system.harts : 1;
	procd.resource = startup_handle(HND_RESOURCE);
	procd.examiner = startup_handle(HND_EXAMINER);
	if (procd.examiner != HANDLE_NONE && handle_info(procd.examiner, &examiner) == OK)
		procd.vfs_koid = examiner.koid;
	else
		procd.examiner = HANDLE_NONE;
	return OK;
}

static status_t prepare(void)
{
	struct state *state;
	status_t status = own_read();

	if (status == OK)
		status = state_open(&state);
	if (status != OK)
		return status;
	table_init(state);
	procd.endpoint = startup_handle(HND_SERVER);
	server_init(&procd.server, procd.endpoint, startup_handle(HND_THREAD));
	server_set_other(&procd.server, fault_message, NULL);
	status = server_add_protocol(&procd.server, &process_protocol, &process_server_ops, NULL);
	if (status == OK)
		status = signals_add();
	if (status == OK)
		status = server_timer_init(&procd.cpu_timer, &procd.server, cpu_timer, NULL);
	if (status != OK)
		return status;
	if (!crash_init())
		procd_log(LOG_ERROR, "no thread for backtraces and cores: there will be none");
	adopt_restored();
	effects_finish();
	return OK;
}

int main(void)
{
	handle_t init = startup_handle(HND_INIT);
	status_t status = prepare();

	if (status == OK && init != HANDLE_NONE)
		status = init_ready(init);
	if (status == OK)
		status = server_run(&procd.server);
	procd_log(LOG_ERROR, "cannot go on: status %d", (int)status);
	return 1;
}
