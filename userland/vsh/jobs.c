/* SPDX-License-Identifier: BSD-2-Clause */
/* Jobs: the processes of a command that runs in the background or, under job control, in the foreground in a process
 * group of its own. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if __has_include(<sys/ioctl.h>)
#include <sys/ioctl.h>
#endif
#include <sys/wait.h>
#include <unistd.h>

#include "userland/vsh/shell.h"
#include "userland/vsh/unparse.h"

#define ENDED_MAX 256 /* jobs that a script never asks for, whose status is kept */

enum process_state { RUNNING, STOPPED, ENDED };

struct process {
	pid_t pid;
	enum process_state state;
	int status; /* as $? has it: of its end, or of the signal that stopped it */
	int signal; /* that ended or stopped it, 0: none */
};

struct job {
	struct job *next;
	unsigned number;
	struct process *processes;
	size_t count;
	char *text;
	bool grouped; /* in a process group, which is that of the first process */
	bool told;    /* that it is in this state */
	bool modes_kept;
	struct termios modes; /* of the terminal when it was stopped */
	bool pipefail;
	unsigned long order; /* the greatest is the current job */
};

static unsigned long orders;

/* ---- the list ------------------------------------------------------------------------------- */

static void job_free(struct job *job)
{
	free(job->processes);
	free(job->text);
	free(job);
}

static void job_remove(struct shell *shell, struct job *job)
{
	struct job **link = &shell->jobs;
	while (*link != job)
		link = &(*link)->next;
	*link = job->next;
	job_free(job);
}

void jobs_free(struct shell *shell)
{
	while (shell->jobs)
		job_remove(shell, shell->jobs);
}

static enum process_state job_state(const struct job *job)
{
	enum process_state state = ENDED;
	for (size_t i = 0; i < job->count; i++) {
		if (job->processes[i].state == RUNNING)
			return RUNNING;
		if (job->processes[i].state == STOPPED)
			state = STOPPED;
	}
	return state;
}

static int job_status(const struct job *job)
{
	for (size_t i = 0; i < job->count; i++) {
		if (job->processes[i].state == STOPPED)
			return job->processes[i].status;
	}
	int status = job->processes[job->count - 1].status;
	for (size_t i = job->count; i-- > 0 && job->pipefail && status == 0;)
		status = job->processes[i].status;
	return status;
}

static pid_t job_pid(const struct job *job)
{
	return job->processes[job->count - 1].pid;
}

/* Jobs that ended long ago and that nobody waits for. */
static void drop_old(struct shell *shell)
{
	unsigned ended = 0;
	struct job *oldest = NULL;
	for (struct job *job = shell->jobs; job; job = job->next) {
		if (job_state(job) != ENDED)
			continue;
		ended++;
		if (!oldest || job->order < oldest->order)
			oldest = job;
	}
	if (ended > ENDED_MAX)
		job_remove(shell, oldest);
}

struct job *job_add(struct shell *shell, const pid_t *pids, size_t count, const struct node *node, bool background)
{
	struct text text = {0};
	struct job *job = calloc(1, sizeof(*job));
	struct process *processes = calloc(count, sizeof(*processes));
	unparse_short(node, &text);
	char *shown = text_take(&text);
	if (!job || !processes || !shown) {
		free(job);
		free(processes);
		free(shown);
		shell_error(shell, "out of memory: the job is not watched");
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		processes[i].pid = pids[i];
	*job = (struct job){.processes = processes,
			    .count = count,
			    .text = shown,
			    .number = 1,
			    .grouped = shell->options[OPTION_MONITOR],
			    .pipefail = shell->options[OPTION_PIPEFAIL],
			    .told = true,
			    .order = ++orders};
	drop_old(shell);
	struct job **link = &shell->jobs;
	for (; *link && (*link)->number == job->number; link = &(*link)->next)
		job->number++;
	job->next = *link;
	*link = job;
	if (background && shell->interactive)
		text_format(&shell->out, "[%u] %ld\n", job->number, (long)job_pid(job));
	return job;
}

/* The job that `fg` means, and the one after it. */
static struct job *current(const struct shell *shell, const struct job *besides)
{
	struct job *best = NULL;
	for (struct job *job = shell->jobs; job; job = job->next) {
		bool stopped = job_state(job) == STOPPED;
		if (job == besides || job_state(job) == ENDED)
			continue;
		bool best_stopped = best && job_state(best) == STOPPED;
		if (!best || (stopped && !best_stopped) || (stopped == best_stopped && job->order > best->order))
			best = job;
	}
	return best;
}

/* "%2", "%%", "%+", "%-", "%text", "%?text" or a pid. NULL: said for `command`. */
static struct job *find(struct shell *shell, const char *command, const char *name)
{
	struct job *found = NULL;
	char *end;
	bool twice = false;
	const char *what = name + (name[0] == '%');
	long number = strtol(what, &end, 10);
	bool numeric = *what && !*end;

	if (name[0] == '%' && (!*what || strcmp(what, "%") == 0 || strcmp(what, "+") == 0))
		found = current(shell, NULL);
	else if (name[0] == '%' && strcmp(what, "-") == 0)
		found = current(shell, current(shell, NULL));
	for (struct job *job = shell->jobs; job && !found && numeric; job = job->next) {
		if (name[0] == '%' ? job->number == (unsigned long)number : job_pid(job) == number)
			found = job;
	}
	for (struct job *job = shell->jobs; job && !numeric && name[0] == '%' && *what && !strchr("%+-", *what);
	     job = job->next) {
		bool matches = *what == '?' ? strstr(job->text, what + 1) != NULL
					    : strncmp(job->text, what, strlen(what)) == 0;
		twice = twice || (matches && found);
		found = matches ? job : found;
	}
	if (twice)
		shell_error(shell, "%s: %s: more than one job", command, name);
	else if (!found)
		shell_error(shell, "%s: %s: no such job", command, name);
	return twice ? NULL : found;
}

/* ---- states --------------------------------------------------------------------------------- */

int launch_status(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return STATUS_SIGNAL + WTERMSIG(wait_status);
	return WEXITSTATUS(wait_status);
}

static void note_status(struct process *process, int status)
{
	process->signal = 0;
	if (WIFSTOPPED(status)) {
		process->state = STOPPED;
		process->signal = WSTOPSIG(status);
		process->status = STATUS_SIGNAL + WSTOPSIG(status);
		return;
	}
	process->state = ENDED;
	process->status = launch_status(status);
	if (WIFSIGNALED(status))
		process->signal = WTERMSIG(status);
}

static bool job_block(struct job *job, bool interruptible);

/* Waits for a change of the process unless WNOHANG is in the options. False: interrupted by a signal with a trap. */
static bool process_update(struct job *job, struct process *process, int options, bool interruptible)
{
	int status;
	if (job->grouped)
		options |= WUNTRACED;
	for (;;) {
		pid_t result = waitpid(process->pid, &status, options);
		if (result == 0)
			return true;
		if (result > 0) {
			note_status(process, status);
			job->told = false;
			return true;
		}
		if (errno != EINTR) {
			process->state = ENDED; /* somebody else has taken it */
			process->status = STATUS_NOT_FOUND;
			return true;
		}
		if (interruptible && (traps_pending() != 0 || signals_interrupted()))
			return false;
	}
}

static void job_poll(struct job *job)
{
	for (size_t i = 0; i < job->count; i++) {
		if (job->processes[i].state != ENDED)
			process_update(job, &job->processes[i], WNOHANG, false);
	}
}

/* `wait`: a signal with a trap that comes between looking for it and going to sleep must not be slept over. */
static bool job_block_interruptible(struct job *job)
{
	sigset_t all, before;
	bool good = true;
	(void)sigfillset(&all);
	if (sigprocmask(SIG_BLOCK, &all, &before) != 0)
		return job_block(job, true);
	for (;;) {
		job_poll(job);
		if (job_state(job) != RUNNING)
			break;
		good = traps_pending() == 0 && !signals_interrupted();
		if (!good)
			break;
		sigsuspend(&before); /* SIGCHLD is caught, see trap.c */
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return good;
}

/* Waits until nothing of the job runs. */
static bool job_block(struct job *job, bool interruptible)
{
	for (size_t i = 0; i < job->count; i++) {
		while (job->processes[i].state == RUNNING) {
			if (!process_update(job, &job->processes[i], 0, interruptible))
				return false;
		}
	}
	return true;
}

static const char *signal_text(int number)
{
	switch (number) {
	case SIGSEGV: return "faulted: bad memory access";
	case SIGBUS: return "faulted: bad address";
	case SIGILL: return "faulted: illegal instruction";
	case SIGTRAP: return "faulted: breakpoint";
	case SIGFPE: return "faulted: arithmetic";
	case SIGABRT: return "aborted";
	case SIGKILL: return "killed";
	case SIGTERM: return "terminated";
	case SIGHUP: return "hung up";
	default: return NULL;
	}
}

static void tell_signal(struct shell *shell, const char *name, pid_t pid, int number)
{
	const char *text = signal_text(number);
	if (number == SIGINT || number == SIGPIPE || shell->subshell)
		return;
	if (text)
		shell_error(shell, "%s (%ld): %s", name, (long)pid, text);
	else
		shell_error(shell, "%s (%ld): ended by signal %d", name, (long)pid, number);
}

int process_wait(struct shell *shell, pid_t pid, const char *name)
{
	int status;
	pid_t result;
	do {
		result = waitpid(pid, &status, 0);
	} while (result < 0 && errno == EINTR);
	if (result < 0) {
		shell_error(shell, "%s: cannot wait for it: %s", name, strerror(errno));
		return 1;
	}
	if (WIFSIGNALED(status))
		tell_signal(shell, name, pid, WTERMSIG(status));
	return launch_status(status);
}

/* ---- the terminal --------------------------------------------------------------------------- */

/* From the background the terminal stops whoever does not ignore it. Ignored only for the moment: programs would inherit it. */
static void ignore_stop(struct sigaction *before)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	(void)sigemptyset(&ignore.sa_mask);
	sigaction(SIGTTOU, &ignore, before);
}

static bool give_terminal(const struct shell *shell, pid_t group)
{
	struct sigaction before = {.sa_handler = SIG_DFL};
	ignore_stop(&before);
	bool good = tcsetpgrp(shell->terminal, group) == 0;
	sigaction(SIGTTOU, &before, NULL);
	return good;
}

static void set_modes(const struct shell *shell, const struct termios *modes)
{
	struct sigaction before = {.sa_handler = SIG_DFL};
	ignore_stop(&before);
	tcsetattr(shell->terminal, TCSADRAIN, modes);
	sigaction(SIGTTOU, &before, NULL);
}

/* A login shell to which nobody gave a session makes one, with this terminal. */
static pid_t take_session(const struct shell *shell, int fd)
{
	pid_t owner = tcgetpgrp(fd);
#ifdef TIOCSCTTY
	if (owner < 0 && shell->login) {
		setsid(); /* fails if it leads one, and that is as good */
		if (ioctl(fd, TIOCSCTTY, 0) == 0)
			owner = tcgetpgrp(fd);
	}
#else
	(void)shell;
#endif
	return owner;
}

bool jobs_take_terminal(struct shell *shell)
{
	int fd = isatty(STDIN_FILENO) ? STDIN_FILENO : isatty(STDERR_FILENO) ? STDERR_FILENO : -1;
	shell->terminal = -1;
	if (!shell->interactive) {
		/* In a script there are groups, and nobody touches the terminal. */
		shell->group = getpgid(0);
		return shell->group > 0;
	}
	pid_t owner = fd < 0 ? -1 : take_session(shell, fd);
	if (owner < 0)
		return false;
	/* Until somebody puts us into the foreground. */
	for (int tries = 0; owner != getpgid(0); tries++) {
		if (tries == 100)
			return false;
		kill(0, SIGTTIN);
		owner = tcgetpgrp(fd);
		if (owner < 0)
			return false;
	}
	shell->group_before = owner;
	shell->terminal = fcntl(fd, F_DUPFD_CLOEXEC, 128);
	if (shell->terminal < 0)
		return false;
	shell->group = getpid();
	if (getpgid(0) != shell->group && setpgid(0, 0) != 0)
		shell->group = getpgid(0);
	if (!give_terminal(shell, shell->group) || tcgetattr(shell->terminal, &shell->modes) != 0) {
		close(shell->terminal);
		shell->terminal = -1;
		return false;
	}
	return true;
}

void jobs_leave_terminal(struct shell *shell)
{
	if (shell->terminal < 0)
		return;
	give_terminal(shell, shell->group_before);
	close(shell->terminal);
	shell->terminal = -1;
}

/* ---- foreground ----------------------------------------------------------------------------- */

static void mark_running(struct job *job)
{
	for (size_t i = 0; i < job->count; i++) {
		if (job->processes[i].state == STOPPED)
			job->processes[i].state = RUNNING;
	}
	job->told = true;
}

static void resume(struct job *job)
{
	mark_running(job);
	kill(-job->processes[0].pid, SIGCONT);
}

static void describe(const struct shell *shell, const struct job *job, bool pids, struct text *out);

/* The shell has the terminal again. */
static void after_foreground(struct shell *shell, struct job *job)
{
	const struct process *last = &job->processes[job->count - 1];
	enum process_state state = job_state(job);
	if (shell->terminal < 0)
		return;
	give_terminal(shell, shell->group);
	if (state == STOPPED)
		job->modes_kept = tcgetattr(shell->terminal, &job->modes) == 0;
	/* A program that ended well may have been asked to set the terminal. */
	if (state == ENDED && last->signal == 0)
		tcgetattr(shell->terminal, &shell->modes);
	else
		set_modes(shell, &shell->modes);
	if (state == ENDED && last->signal == SIGINT) {
		(void)file_write(STDOUT_FILENO, "\n", 1); /* behind the ^C */
		shell->flow = FLOW_INTERRUPT;
		shell->expand.status = STATUS_INTERRUPTED;
	}
}

/* The job ended or stopped; true: stopped, and told. */
static bool settle(struct shell *shell, struct job *job)
{
	if (job_state(job) != STOPPED)
		return false;
	struct text text = {0};
	job->order = ++orders;
	text_add_char(&text, '\n');
	describe(shell, job, false, &text);
	(void)file_write(STDERR_FILENO, text_get(&text), text.len);
	text_free(&text);
	job->told = true;
	return true;
}

int job_foreground_all(struct shell *shell, struct job *job, int *statuses)
{
	if (shell->terminal >= 0)
		give_terminal(shell, job->processes[0].pid);
	/* Whoever asked for the terminal before it was given stands still. */
	if (job->grouped)
		kill(-job->processes[0].pid, SIGCONT);
	/* Ctrl-C was faster than we: it was meant for the job. */
	if (job->grouped && shell->interactive && signals_interrupted())
		kill(-job->processes[0].pid, SIGINT);
	job_block(job, false);
	after_foreground(shell, job);
	if (settle(shell, job))
		return -job_status(job);
	for (size_t i = 0; i < job->count; i++) {
		statuses[i] = job->processes[i].status;
		if (job->processes[i].signal)
			tell_signal(shell, job->text, job->processes[i].pid, job->processes[i].signal);
	}
	job_remove(shell, job);
	return 0;
}

int job_foreground(struct shell *shell, struct job *job, bool again)
{
	if (again) {
		if (job->modes_kept && shell->terminal >= 0)
			set_modes(shell, &job->modes);
		resume(job);
	}
	int *statuses = calloc(job->count, sizeof(*statuses));
	size_t count = job->count;
	bool pipefail = job->pipefail;
	if (!statuses) {
		shell_error(shell, "out of memory");
		return 1;
	}
	int status = -job_foreground_all(shell, job, statuses);
	if (status == 0) {
		status = statuses[count - 1];
		for (size_t i = count; i-- > 0 && pipefail && status == 0;)
			status = statuses[i];
	}
	free(statuses);
	return status;
}

/* ---- telling -------------------------------------------------------------------------------- */

static void describe(const struct shell *shell, const struct job *job, bool pids, struct text *out)
{
	const struct job *first = current(shell, NULL);
	char mark = job == first ? '+' : job == current(shell, first) ? '-' : ' ';
	char state[32] = "Running";
	int status = job_status(job), number = 0;
	for (size_t i = 0; i < job->count; i++)
		number = job->processes[i].signal ? job->processes[i].signal : number;
	const char *name = number ? signal_name(number) : NULL;
	if (job_state(job) == STOPPED)
		snprintf(state, sizeof(state), number == SIGTSTP || !name ? "Stopped" : "Stopped (SIG%s)", name);
	else if (job_state(job) == ENDED && status > STATUS_SIGNAL && number)
		snprintf(state, sizeof(state), name ? "Ended by SIG%s" : "Ended by a signal", name);
	else if (job_state(job) == ENDED)
		snprintf(state, sizeof(state), status ? "Done(%d)" : "Done", status);
	text_format(out, "[%u] %c ", job->number, mark);
	if (pids)
		text_format(out, "%ld ", (long)job->processes[0].pid);
	text_format(out, "%-20s %s\n", state, job->text);
}

void jobs_collect(struct shell *shell, struct text *out)
{
	for (struct job *job = shell->jobs, *next; job; job = next) {
		next = job->next;
		job_poll(job);
		if (!shell->interactive)
			continue;
		if (!job->told && job_state(job) != RUNNING)
			describe(shell, job, false, out);
		job->told = true;
		if (job_state(job) == ENDED)
			job_remove(shell, job);
	}
}

bool jobs_stopped(const struct shell *shell)
{
	for (const struct job *job = shell->jobs; job; job = job->next) {
		if (job_state(job) == STOPPED)
			return true;
	}
	return false;
}

/* ---- built-ins ------------------------------------------------------------------------------ */

int builtin_jobs(struct shell *shell, int argc, char **argv)
{
	bool pids = false, only_pids = false;
	int i = 1, status = 0;
	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		for (const char *letter = argv[i] + 1; *letter; letter++) {
			if (*letter != 'l' && *letter != 'p')
				return builtin_usage(shell, "jobs");
			pids = pids || *letter == 'l';
			only_pids = only_pids || *letter == 'p';
		}
	}
	for (struct job *job = shell->jobs, *next; job; job = next) {
		bool wanted = i >= argc;
		next = job->next;
		job_poll(job);
		for (int k = i; k < argc; k++)
			wanted = wanted || find(shell, "jobs", argv[k]) == job;
		if (!wanted)
			continue;
		if (only_pids)
			text_format(&shell->out, "%ld\n", (long)job->processes[0].pid);
		else
			describe(shell, job, pids, &shell->out);
		job->told = true;
		if (job_state(job) == ENDED && !only_pids)
			job_remove(shell, job);
	}
	for (int k = i; k < argc && !shell->jobs; k++)
		status = find(shell, "jobs", argv[k]) ? 0 : 1;
	return status;
}

/* -1: a signal with a trap came first. */
static int wait_for(struct shell *shell, struct job *job)
{
	if (!job_block_interruptible(job))
		return -1;
	int status = job_status(job);
	if (job_state(job) == ENDED)
		job_remove(shell, job);
	else
		job->told = true;
	return status;
}

static int interrupted_status(void)
{
	return signals_interrupted() ? STATUS_INTERRUPTED : STATUS_SIGNAL + traps_pending();
}

static struct job *any_running(const struct shell *shell)
{
	struct job *job = shell->jobs;
	while (job && job_state(job) == STOPPED)
		job = job->next;
	return job;
}

int builtin_wait(struct shell *shell, int argc, char **argv)
{
	int status = 0;
	for (struct job *job; argc == 1 && (job = any_running(shell));) {
		if (wait_for(shell, job) < 0)
			return interrupted_status();
	}
	for (int i = 1; i < argc; i++) {
		unsigned errors = shell->errors;
		struct job *job = find(shell, "wait", argv[i]);
		status = job ? wait_for(shell, job) : STATUS_NOT_FOUND;
		if (!job)
			shell->errors = errors;
		if (status < 0)
			return interrupted_status();
	}
	return status;
}

static bool controlled(struct shell *shell, const char *name)
{
	if (!shell->options[OPTION_MONITOR])
		shell_error(shell, "%s: there is no job control here", name);
	return shell->options[OPTION_MONITOR];
}

int builtin_fg(struct shell *shell, int argc, char **argv)
{
	if (argc > 2)
		return builtin_usage(shell, "fg");
	struct job *job = find(shell, "fg", argc > 1 ? argv[1] : "%%");
	if (!job)
		return 1;
	text_format(&shell->out, "%s\n", job->text);
	shell_flush(shell);
	if (shell->options[OPTION_MONITOR] && job->grouped)
		return job_foreground(shell, job, true);
	int status = wait_for(shell, job);
	return status < 0 ? interrupted_status() : status;
}

int builtin_bg(struct shell *shell, int argc, char **argv)
{
	char all[] = "%%", *none[] = {argv[0], all, NULL};
	int status = 0;
	if (!controlled(shell, "bg"))
		return 1;
	if (argc == 1) {
		argc = 2;
		argv = none;
	}
	for (int i = 1; i < argc; i++) {
		struct job *job = find(shell, "bg", argv[i]);
		if (!job || !job->grouped) {
			status = 1;
			continue;
		}
		resume(job);
		job->order = ++orders;
		shell->expand.background = (long)job_pid(job);
		text_format(&shell->out, "[%u] %s &\n", job->number, job->text);
	}
	return status;
}

static int kill_list(struct shell *shell, int argc, char **argv)
{
	int status = 0;
	for (int number = 1; argc == 2 && number < TRAPS; number++) {
		if (signal_name(number))
			text_format(&shell->out, "%2d %s\n", number, signal_name(number));
	}
	for (int i = 2; i < argc; i++) {
		int number = signal_number(argv[i]);
		if (number > 0 && !(argv[i][0] >= '0' && argv[i][0] <= '9'))
			text_format(&shell->out, "%d\n", number);
		else if (number < 0 && strspn(argv[i], "0123456789") == strlen(argv[i]))
			number = (int)strtol(argv[i], NULL, 10) - STATUS_SIGNAL;
		if (number >= 0 && number < TRAPS && signal_name(number) && argv[i][0] >= '0' && argv[i][0] <= '9') {
			text_format(&shell->out, "%s\n", signal_name(number));
		} else if (number <= 0) {
			shell_error(shell, "kill: %s: no such signal", argv[i]);
			status = 1;
		}
	}
	return status;
}

static int kill_one(struct shell *shell, const char *target, int number)
{
	char *end;
	long pid = strtol(target, &end, 10);
	struct job *job = NULL;
	if (target[0] == '%') {
		job = find(shell, "kill", target);
		if (!job)
			return 1;
	} else if (!*target || *end) {
		shell_error(shell, "kill: %s: not a process or job", target);
		return 1;
	}
	int result = 0;
	if (!job)
		result = kill((pid_t)pid, number);
	else if (job->grouped)
		result = kill(-job->processes[0].pid, number);
	for (size_t i = 0; job && !job->grouped && i < job->count; i++) {
		if (job->processes[i].state != ENDED)
			result = kill(job->processes[i].pid, number);
	}
	bool wakes = number == SIGTERM || number == SIGHUP || number == SIGCONT || number == SIGKILL;
	if (result == 0 && job && job_state(job) == STOPPED && wakes) {
		if (job->grouped && number != SIGKILL)
			kill(-job->processes[0].pid, SIGCONT); /* else it would hear of the other only much later */
		mark_running(job);
	}
	if (result != 0)
		shell_error(shell, "kill: %s: %s", target, strerror(errno));
	return result != 0;
}

int builtin_kill(struct shell *shell, int argc, char **argv)
{
	int number = SIGTERM, i = 1, status = 0;
	const char *name = NULL;
	if (argc > 1 && strcmp(argv[1], "-l") == 0)
		return kill_list(shell, argc, argv);
	if (argc > 2 && (strcmp(argv[1], "-s") == 0 || strcmp(argv[1], "-n") == 0)) {
		name = argv[2];
		i = 3;
	} else if (argc > 1 && argv[1][0] == '-' && strcmp(argv[1], "--") != 0) {
		name = argv[1] + 1;
		i = 2;
	}
	if (i < argc && strcmp(argv[i], "--") == 0)
		i++;
	if (i >= argc)
		return builtin_usage(shell, "kill");
	if (name)
		number = signal_number(name);
	if (number < 0) {
		shell_error(shell, "kill: %s: no such signal", name);
		return STATUS_USAGE;
	}
	for (; i < argc; i++)
		status |= kill_one(shell, argv[i], number);
	return status;
}
