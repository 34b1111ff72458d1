/* SPDX-License-Identifier: BSD-2-Clause */
/* The state of the shell and what its parts offer each other. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

#include "userland/base/arena.h"
#include "userland/base/text.h"
#include "userland/vsh/ast.h"
#include "userland/vsh/expand.h"
#include "userland/vsh/history.h"
#include "userland/vsh/names.h"
#include "userland/vsh/vars.h"

#define STATUS_USAGE       2   /* of a built-in that was called wrongly, of a syntax error, and what ends a script */
#define STATUS_NOT_RUNNING 126 /* found, but cannot be run */
#define STATUS_NOT_FOUND   127
#define STATUS_SIGNAL      128 /* + number of the signal that ended the program */
#define STATUS_INTERRUPTED 130 /* Ctrl-C */

#define CALL_DEPTH_MAX 1000 /* functions, sourced files and subshells in each other */
#define TRAPS          65   /* signals 1 … 64, and 0 for EXIT */

/* What interrupts the normal order of commands. */
enum flow {
	FLOW_NONE,
	FLOW_BREAK,
	FLOW_CONTINUE,
	FLOW_RETURN,
	FLOW_INTERRUPT, /* Ctrl-C, or a mistake that ends scripts: back to the prompt */
	FLOW_EXIT,
};

enum option {
	OPTION_ALLEXPORT,
	OPTION_ERREXIT,
	OPTION_IGNOREEOF,
	OPTION_MONITOR,
	OPTION_NOCLOBBER,
	OPTION_NOEXEC,
	OPTION_NOGLOB,
	OPTION_NOLOG,
	OPTION_NOTIFY,
	OPTION_NOUNSET,
	OPTION_PIPEFAIL,
	OPTION_VERBOSE,
	OPTION_XTRACE,
	OPTIONS
};

struct job;

struct function {
	char *name;
	struct arena arena;
	const struct node *body;
	unsigned users; /* the table, and each call that is under way */
	struct function *next;
};

/* A variable's value before a command or function changed it. */
struct saved_variable {
	struct saved_variable *next;
	char *name, *value; /* value NULL: was not set */
	bool exported;
};

struct shell {
	struct vars vars;
	struct vars aliases;
	struct function *functions;
	struct expand expand; /* with status, parameters, … */
	struct history history;
	struct job *jobs;
	const char *self; /* path of the shell's program, for subshells */
	bool interactive;
	bool login;    /* -l */
	bool subshell; /* another shell started this one for a part of its script */
	bool options[OPTIONS];
	enum flow flow;
	unsigned flow_count;           /* loops that break or continue still has to leave */
	unsigned loops;                /* that we are in */
	unsigned calls;                /* functions and sourced files that we are in: `return` leaves one */
	unsigned depth;                /* of all that nests, subshells included */
	unsigned tested;               /* conditions that we are in: set -e looks away */
	unsigned line;                 /* of the text that runs: its first line's number */
	unsigned trapping;             /* traps that run */
	bool capturing;                /* what a built-in prints is the text of a $(…) */
	bool in_pipe;                  /* a built-in writes into a pipeline */
	char *traps[TRAPS];            /* NULL: as it is; "": ignored */
	char *error_trap;              /* ERR */
	bool ignored[TRAPS];           /* when the shell started: cannot be changed */
	struct saved_variable *locals; /* of the function that runs */
	struct names own_args;         /* of `set --` */
	char *optind;                  /* what getopts left in OPTIND */
	size_t optchar;                /* bytes of the argument that it has looked at */
	struct text out;               /* of the built-in that runs; written when it has ended */
	struct text trace;             /* set -x: the assignments of the command that runs */
	unsigned errors;               /* messages so far */
	bool special;         /* the built-in that begins may end the script by a mistake: no `command` before it */
	bool leaving;         /* `exit` was refused once because of stopped jobs */
	int terminal;         /* job control: the controlling terminal, -1 without */
	pid_t group;          /* the shell's own */
	pid_t group_before;   /* who had the terminal when the shell started */
	struct termios modes; /* of the terminal, as the shell leaves it to programs */
};

/* ---- shell.c -------------------------------------------------------------------------------- */

bool shell_init(struct shell *shell, char *const *environment);
void shell_free(struct shell *shell);
/* Writes what built-ins printed; false with errno. */
bool shell_flush(struct shell *shell);
/* A message on standard error: "vsh: …". */
__attribute__((format(printf, 2, 3))) void shell_error(struct shell *shell, const char *format, ...);
/* After a mistake that POSIX lets end a script (XCU 2.8.1): leaves it, or goes back to the prompt. Returns the status. */
int shell_fail(struct shell *shell, int status);
/* Runs all commands of a text; the status of the last one. */
int shell_run_text(struct shell *shell, const char *text, size_t len);
/* Runs the commands of the text that are complete, and takes them off. False: something is left that is the beginning of something longer
 * (never if `last`). `line`: the number of its first line, for messages. */
bool shell_try_text(struct shell *shell, struct text *text, unsigned line, bool last);
/* All of it is. What is wrong is complete. */
bool shell_is_complete(struct shell *shell, const char *text, size_t len);
int shell_run_file(struct shell *shell, const char *path);
/* The whole file, or false with errno. NUL bytes are left out. */
bool file_read(int fd, struct text *out);
bool file_write(int fd, const char *bytes, size_t len);

/* ---- options.c ------------------------------------------------------------------------------ */

/* One letter or the long name; false: there is no such option. */
bool option_set_letter(struct shell *shell, char letter, bool on);
bool option_set_name(struct shell *shell, const char *name, bool on);
void options_show(const struct shell *shell, bool as_commands, struct text *out);
/* To be called when an option was changed directly. */
void options_update(struct shell *shell);

/* ---- variables.c ---------------------------------------------------------------------------- */

/* Says why if it cannot. */
bool variable_set(struct shell *shell, const char *name, const char *value);
bool variable_keep(struct shell *shell, const char *name, struct saved_variable **saved);
void variables_restore(struct shell *shell, struct saved_variable *saved);
/* With `saved`, the values before are kept there, and the new ones exported. False: said. */
bool variables_assign(struct shell *shell, const struct word *assignments, struct saved_variable **saved);
/* New positional parameters; copies. False: out of memory. */
bool parameters_set(struct shell *shell, char *const *list, size_t count);

/* ---- functions.c ---------------------------------------------------------------------------- */

struct function *function_find(const struct shell *shell, const char *name);
/* False: said. */
bool function_define(struct shell *shell, const char *name, const struct node *body);
void function_remove(struct shell *shell, const char *name);
int function_call(struct shell *shell, struct function *function, int argc, char **argv);
void functions_free(struct shell *shell);

/* ---- run.c: commands ----------------------------------------------------------------------- */

int run_node(struct shell *shell, const struct node *node);
/* ---- simple.c --------------------------------------------------------------------------------- */

int run_simple(struct shell *shell, const struct node *node);
/* The words are expanded already. */
int run_fields(struct shell *shell, const struct node *node, struct names *fields);
int run_assignments(struct shell *shell, const struct node *node);
/* What a built-in printed goes out; its status, or another one if it could not. */
int write_output(struct shell *shell, const char *name, int status);
/* The words of a simple command. False: said, with what follows from it. */
bool expand_fields(struct shell *shell, const struct word *words, struct names *fields);
void trace_fields(struct shell *shell, const struct node *node, const struct names *fields);

/* ---- pipeline.c ------------------------------------------------------------------------------- */

/* The commands from `first` on as one job; `node` is what it is called. */
int run_pipeline(struct shell *shell, const struct node *node, const struct node *first, bool background);
int run_subshell(struct shell *shell, const struct node *node);
/* Of expand.command. */
bool run_substitution(void *context, const char *text, size_t len, struct text *out);

/* ---- trap.c ------------------------------------------------------------------------------------- */

/* Learns which signals were ignored at the start. */
void traps_init(struct shell *shell);
/* Runs what is due. */
void traps_run(struct shell *shell);
/* A signal that has a trap has come: its number, else 0. */
int traps_pending(void);
/* Runs the trap of EXIT once; the status to end with. */
int traps_exit(struct shell *shell, int status);
/* After a command that failed. */
void traps_error(struct shell *shell);
void traps_free(struct shell *shell);
int builtin_trap(struct shell *shell, int argc, char **argv);

/* ---- signals.c ---------------------------------------------------------------------------------- */

/* Number of "INT", "SIGINT" or "2"; 0 for "EXIT" and "0"; -1. */
int signal_number(const char *name);
/* Without SIG; NULL if it has no name. */
const char *signal_name(int number);

/* Sets what the shell itself does at signals; again when it becomes interactive. */
void signals_set(const struct shell *shell);
/* SIGINT came to an interactive shell since signals_clear_interrupt. */
bool signals_interrupted(void);
void signals_clear_interrupt(void);
/* Programs that start now ignore what the keyboard sends; and no more. */
void signals_shield(bool really);
void signals_unshield(const struct shell *shell, bool really);

/* ---- launch.c: processes --------------------------------------------------------------------- */

struct launch {
	int in, out; /* descriptors to become 0 and 1; -1: as they are */
	const struct redirect *redirects;
	const struct word *assignments;
	bool background;
	bool in_job; /* under job control: in the process group of the job */
	pid_t group; /* of the job's processes; 0: this one is the first */
};

/* Starts a program; 0, or the status to go on with, and the reason was said. */
int launch_program(struct shell *shell, char *const *argv, const struct launch *launch, pid_t *pid);
/* Starts a shell of our own that runs the text with our variables and functions. */
int launch_subshell(struct shell *shell, const char *text, size_t len, const struct launch *launch, pid_t *pid);
int launch_status(int wait_status);
/* The path of a program in *out: 0, or STATUS_NOT_FOUND, STATUS_NOT_RUNNING. `path` NULL: $PATH. */
int program_find(const struct shell *shell, const char *name, const char *path, struct text *out);
struct subshell_text {
	int fd;     /* where the texts are to be read, -1: in the arguments */
	size_t own; /* bytes that are variables and functions; the commands follow */
};

/* What a subshell must know, from the argument --subshell=… False: malformed. */
bool subshell_read_state(struct shell *shell, const char *state, struct subshell_text *text);

/* ---- redirect.c ------------------------------------------------------------------------------- */

struct saved_fd {
	int fd, copy; /* copy -1: was closed */
	struct saved_fd *next;
};

/* Opens the target; a descriptor with O_CLOEXEC, or -1 and the reason was said. */
int redirect_open(struct shell *shell, const struct redirect *redirect);
/* The descriptor that <& or >& names, -1 to close, -2 after an error that was said. */
int redirect_source(struct shell *shell, const struct redirect *redirect);
/* A descriptor with O_CLOEXEC from which the bytes can be read; -1: said. */
int redirect_text(struct shell *shell, const char *bytes, size_t len);
/* Redirects the shell itself, until redirect_undo. False: said, and undone. */
bool redirect_apply(struct shell *shell, const struct redirect *redirects, struct saved_fd **saved);
/* Redirects one descriptor of the shell to another one. */
bool redirect_fd(struct shell *shell, int from, int to, struct saved_fd **saved);
void redirect_undo(struct saved_fd *saved);
/* The redirections stay. */
void redirect_keep(struct saved_fd *saved);

/* ---- jobs.c ----------------------------------------------------------------------------------- */

/* Job control: takes the terminal over. False: there is none, or the system has no process groups. */
bool jobs_take_terminal(struct shell *shell);
void jobs_leave_terminal(struct shell *shell);
/* A job of the processes, the last one's status counts (or with set -o pipefail the last one that is not 0). Takes a
 * copy of all. NULL: said; the processes run unwatched. */
struct job *job_add(struct shell *shell, const pid_t *pids, size_t count, const struct node *node, bool background);
/* Waits in the foreground until the job has ended or is stopped; its status. */
int job_foreground(struct shell *shell, struct job *job, bool resume);
/* The same, with the status of each process. Negative: the job was stopped; minus its status. */
int job_foreground_all(struct shell *shell, struct job *job, int *statuses);
/* Looks for jobs that changed; tells. Forgets those that were told or, in a script, ended and asked for. */
void jobs_collect(struct shell *shell, struct text *out);
/* All processes of a substitution or the like, of which nobody hears: waits for it, no job. */
int process_wait(struct shell *shell, pid_t pid, const char *name);
bool jobs_stopped(const struct shell *shell);
void jobs_free(struct shell *shell);
int builtin_jobs(struct shell *shell, int argc, char **argv);
int builtin_wait(struct shell *shell, int argc, char **argv);
int builtin_fg(struct shell *shell, int argc, char **argv);
int builtin_bg(struct shell *shell, int argc, char **argv);
int builtin_kill(struct shell *shell, int argc, char **argv);

/* ---- built-ins ---------------------------------------------------------------------------------- */

struct builtin {
	const char *name;
	const char *usage;   /* arguments */
	const char *summary; /* one line for help */
	int (*run)(struct shell *shell, int argc, char **argv);
	bool special; /* assignments before it stay, and its mistakes end a script (POSIX XCU 2.14) */
	bool pure;    /* changes nothing in the shell: may run in it as a part of a pipeline */
};

extern const struct builtin builtins[];
extern const size_t builtins_count;
const struct builtin *builtin_find(const char *name);
/* builtins.c, for those below */
int builtin_usage(struct shell *shell, const char *name);
int builtin_no_memory(struct shell *shell, const char *name);
/* A number of at most `high`; -1: said. */
long builtin_number(struct shell *shell, const char *name, const char *text, long high);

int builtin_test(struct shell *shell, int argc, char **argv);
int builtin_help(struct shell *shell, int argc, char **argv);
/* builtin_command.c */
int builtin_alias(struct shell *shell, int argc, char **argv);
int builtin_unalias(struct shell *shell, int argc, char **argv);
int builtin_type(struct shell *shell, int argc, char **argv);
int builtin_hash(struct shell *shell, int argc, char **argv);
/* `command -v`; without an option the words are run by simple.c. */
int builtin_command(struct shell *shell, int argc, char **argv);
/* builtin_variables.c */
int builtin_export(struct shell *shell, int argc, char **argv);
int builtin_readonly(struct shell *shell, int argc, char **argv);
int builtin_unset(struct shell *shell, int argc, char **argv);
int builtin_set(struct shell *shell, int argc, char **argv);
int builtin_shift(struct shell *shell, int argc, char **argv);
int builtin_local(struct shell *shell, int argc, char **argv);
int builtin_read(struct shell *shell, int argc, char **argv);
int builtin_getopts(struct shell *shell, int argc, char **argv);
/* builtin_print.c */
int builtin_echo(struct shell *shell, int argc, char **argv);
int builtin_printf(struct shell *shell, int argc, char **argv);
/* builtin_process.c */
int builtin_cd(struct shell *shell, int argc, char **argv);
int builtin_pwd(struct shell *shell, int argc, char **argv);
int builtin_umask(struct shell *shell, int argc, char **argv);
int builtin_ulimit(struct shell *shell, int argc, char **argv);
int builtin_times(struct shell *shell, int argc, char **argv);

/* ---- quote.c ---------------------------------------------------------------------------------- */

/* As the shell reads it back as one word. */
void quote_word(struct text *out, const char *word);
