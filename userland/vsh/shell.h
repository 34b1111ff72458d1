/* SPDX-License-Identifier: BSD-2-Clause */
/* The state of the shell and what its parts offer each other. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "userland/base/arena.h"
#include "userland/base/text.h"
#include "userland/vsh/ast.h"
#include "userland/vsh/expand.h"
#include "userland/vsh/history.h"
#include "userland/vsh/names.h"
#include "userland/vsh/vars.h"

#define STATUS_USAGE       2   /* of a built-in that was called wrongly, and of a syntax error */
#define STATUS_NOT_RUNNING 126 /* found, but cannot be run */
#define STATUS_NOT_FOUND   127
#define STATUS_SIGNAL      128 /* + number of the signal that ended the program */
#define STATUS_INTERRUPTED 130 /* Ctrl-C */

#define CALL_DEPTH_MAX 100 /* functions and sourced files in each other */

/* What interrupts the normal order of commands. */
enum flow {
	FLOW_NONE,
	FLOW_BREAK,
	FLOW_CONTINUE,
	FLOW_RETURN,
	FLOW_INTERRUPT, /* Ctrl-C: back to the prompt */
	FLOW_EXIT,
};

struct job {
	struct job *next;
	unsigned number;
	pid_t *pids; /* of the pipeline's programs; 0 once one has ended */
	size_t count;
	int status; /* of the last one */
	char *text;
};

struct shell {
	struct vars vars;
	struct vars aliases;
	struct vars functions; /* name -> text of the definition's body */
	struct expand expand;  /* with status, parameters, … */
	struct history history;
	struct job *jobs; /* in the background, by number */
	const char *self; /* path of the shell's program, for subshells */
	bool interactive;
	bool script; /* a mistake in the grammar ends it */
	enum flow flow;
	unsigned flow_count; /* loops that break or continue still has to leave */
	unsigned loops;      /* that we are in */
	unsigned depth;      /* of calls */
	struct text out;     /* of the built-in that runs; written when it has ended */
};

/* ---- shell.c -------------------------------------------------------------------------------- */

bool shell_init(struct shell *shell, char *const *environment);
void shell_free(struct shell *shell);
/* Writes what built-ins printed; false with errno. */
bool shell_flush(struct shell *shell);
/* A message on standard error: "vsh: …". */
__attribute__((format(printf, 2, 3))) void shell_error(struct shell *shell, const char *format, ...);
/* Runs all commands of a text; the status of the last one. */
int shell_run_text(struct shell *shell, const char *text, size_t len);
/* As above if the text is complete. False: it is the beginning of something longer (never if `last`). `line`: the
 * number of its first line, for messages. */
bool shell_try_text(struct shell *shell, const char *text, size_t len, unsigned line, bool last);
int shell_run_file(struct shell *shell, const char *path);
/* The whole file, or false with errno. */
bool file_read(int fd, struct text *out);

/* ---- run.c: commands ----------------------------------------------------------------------- */

int run_node(struct shell *shell, const struct node *node);
/* Of expand.command. */
bool run_substitution(void *context, const char *text, size_t len, struct text *out);

/* ---- launch.c: processes --------------------------------------------------------------------- */

struct launch {
	int in, out; /* descriptors to become 0 and 1; -1: as they are */
	const struct redirect *redirects;
	const struct word *assignments;
	bool background;
};

/* Starts a program; 0, or the status to go on with, and the reason was said. */
int launch_program(struct shell *shell, char *const *argv, const struct launch *launch, pid_t *pid);
/* Starts a shell of our own that runs the text with our variables and functions. */
int launch_subshell(struct shell *shell, const char *text, size_t len, const struct launch *launch, pid_t *pid);
/* Waits for one that was started; its status as $? has it. Says when a signal ended it. */
int launch_wait(struct shell *shell, pid_t pid, const char *name);
int launch_status(int wait_status);
/* The path of a program in *out: 0, or STATUS_NOT_FOUND, STATUS_NOT_RUNNING. */
int program_find(const struct shell *shell, const char *name, struct text *out);

/* ---- redirect.c ------------------------------------------------------------------------------- */

struct saved_fd {
	int fd, copy; /* copy -1: was closed */
	struct saved_fd *next;
};

/* Opens the target; a descriptor with O_CLOEXEC, or -1 and the reason was said. */
int redirect_open(struct shell *shell, const struct redirect *redirect);
/* The descriptor that <& or >& names, -1 to close, -2 after an error that was said. */
int redirect_source(struct shell *shell, const struct redirect *redirect);
/* Redirects the shell itself, until redirect_undo. False: said, and undone. */
bool redirect_apply(struct shell *shell, const struct redirect *redirects, struct saved_fd **saved);
/* Redirects one descriptor of the shell to another one. */
bool redirect_fd(struct shell *shell, int from, int to, struct saved_fd **saved);
void redirect_undo(struct saved_fd *saved);

/* ---- jobs.c ----------------------------------------------------------------------------------- */

/* Takes the pids over. False: out of memory, the programs run unwatched. */
bool job_add(struct shell *shell, const pid_t *pids, size_t count, const char *text, size_t len);
/* Looks for jobs that ended; tells and forgets them. Appends what to show to *out. */
void jobs_collect(struct shell *shell, struct text *out);
/* "%2", "%%", "%+" or a pid; NULL if there is no such job. */
struct job *job_find(const struct shell *shell, const char *name);
/* Waits for the job's end and forgets it; its status. */
int job_wait(struct shell *shell, struct job *job);
void jobs_list(struct shell *shell, struct text *out);
void jobs_free(struct shell *shell);

/* ---- builtins.c ------------------------------------------------------------------------------- */

struct builtin {
	const char *name;
	const char *usage;   /* arguments */
	const char *summary; /* one line for help */
	int (*run)(struct shell *shell, int argc, char **argv);
	bool special; /* assignments before it stay (POSIX XCU 2.14) */
};

extern const struct builtin builtins[];
extern const size_t builtins_count;
const struct builtin *builtin_find(const char *name);
int builtin_test(struct shell *shell, int argc, char **argv);
int builtin_help(struct shell *shell, int argc, char **argv);

/* ---- alias.c ---------------------------------------------------------------------------------- */

/* The text with the aliases of its commands replaced; false: out of memory. */
bool alias_expand(const struct vars *aliases, const char *text, size_t len, struct text *out);

/* ---- quote.c ---------------------------------------------------------------------------------- */

/* As the shell reads it back as one word. */
void quote_word(struct text *out, const char *word);
