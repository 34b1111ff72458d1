/* SPDX-License-Identifier: BSD-2-Clause */
/* The whole shell as a program of this machine (argument 1): output and status of scripts. Programs that the scripts use are those
 * of any POSIX system. */
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/check.h"

static char *shell;

static const struct {
	const char *script;
	int status;
	const char *output; /* standard output and error together */
} cases[] = {
	{"", 0, ""},
	{"echo a  b 'c  d'; echo -n x; echo y", 0, "a b c  d\nxy\n"},
	{"true", 0, ""},
	{"false", 1, ""},
	{"false; true", 0, ""},
	{"! true", 1, ""},
	{"exit 7", 7, ""},
	{"false; exit", 1, ""},
	{"exit 300", 44, ""},
	{"exit x; echo no", 2, "vsh: exit: x is not a number from 0 to 2147483647\n"},
	{"true && echo a || echo b; false && echo c || echo d", 0, "a\nd\n"},
	{"nosuch", 127, "vsh: nosuch: command not found\n"},
	{"/no/such x", 127, "vsh: /no/such: no such file\n"},
	{"/etc/passwd", 126, "vsh: /etc/passwd: not a program\n"},
	{"/tmp", 126, "vsh: /tmp: not a program\n"},
	{"''", 127, "vsh: : command not found\n"},
	{"echo $? ; false; echo $?; nosuch 2>/dev/null; echo $?", 0, "0\n1\n127\n"},
	{"sh -c 'exit 9'; echo $?", 0, "9\n"},
	{"sh -c 'kill -TERM $$' 2>/dev/null; echo $?", 0, "vsh: sh", /* … pid … */},
	{"if true; then echo y; else echo n; fi; if false; then echo y; elif true; then echo e; fi", 0, "y\ne\n"},
	{"if false; then echo y; fi; echo $?", 0, "0\n"},
	{"i=0; while [ $i -lt 3 ]; do i=$((i+1)); echo $i; done; until [ $i = 0 ]; do i=$((i-1)); done; echo $i", 0,
	 "1\n2\n3\n0\n"},
	{"for i in a 'b c' \"$x\" $x; do echo \"<$i>\"; done", 0, "<a>\n<b c>\n<>\n"},
	{"for i in 1 2 3 4; do [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done; echo end", 0, "1\n3\nend\n"},
	{"for a in 1 2; do for b in x y; do [ $b = y ] && continue 2; echo $a$b; done; done", 0, "1x\n2x\n"},
	{"for a in 1 2; do for b in x y; do echo $a$b; break 2; done; done; echo end", 0, "1x\nend\n"},
	{"while true; do while true; do break 9; done; echo no; done; echo out", 0, "out\n"},
	{"break; continue; echo on", 0, "on\n"},
	{"case abc in a) echo 1;; a*c) echo 2;; *) echo 3;; esac; case x in y) ;; esac; echo $?", 0, "2\n0\n"},
	{"case '*' in '*') echo lit;; esac; x='a*'; case 'a*' in \"$x\") echo q;; esac; case abc in $x) echo p;; esac",
	 0, "lit\nq\np\n"},
	{"f() { echo f $1 $#; return 3; echo no; }; f a b; echo $?; f; echo $1", 0, "f a 2\n3\nf 0\n\n"},
	{"f() { if [ $1 -gt 0 ]; then echo $1; f $(($1-1)); fi; }; f 3", 0, "3\n2\n1\n"},
	{"f() { f; }; f; echo no", 2, "vsh: f: too many calls in each other\n"},
	{"f() { x=in; }; x=out; f; echo $x; unset f; f", 127, "in\nvsh: f: command not found\n"},
	{"(exit 4); return; echo no", 4, ""},
	{"x=1; y=$x$x; echo $y; x=2 sh -c 'echo $x'; echo $x; export x; sh -c 'echo $x'", 0, "11\n2\n1\n1\n"},
	{"x=5 true; echo [$x]; x=6 :; echo [$x]; x=7 echo [$x]", 0, "[]\n[6]\n[6]\n"},
	{"unset HOME; cd", 1, "vsh: cd: HOME is not set\n"},
	{"cd /nonexistent", 1, "vsh: cd: /nonexistent: No such file or directory\n"},
	{"cd /usr/bin; pwd; echo $PWD $OLDPWD; cd ..; pwd; cd - >/dev/null; pwd", 0,
	 "/usr/bin\n/usr/bin /\n/usr\n/usr/bin\n"},
	{"echo a | cat; echo b | cat | tr b c; echo $?", 0, "a\nc\n0\n"},
	{"false | true; echo $?; true | false; echo $?; ! true | false; echo $?", 0, "0\n1\n0\n"},
	{"echo x | { cat; echo y; } | cat; (echo z; exit 4) | cat", 0, "x\ny\nz\n"},
	{"echo hello | while read a; do echo got $a; done", 0, "got hello\n"},
	{"x=un; f() { echo f$x; }; f | cat; (f); echo $(f)", 0, "fun\nfun\nfun\n"},
	{"help | cat | head -n 1; echo ok", 0, "Built-in commands:\nok\n"},
	{"nosuch | cat; echo $?", 0, "vsh: nosuch: command not found\n0\n"},
	{"yes | head -n 2", 0, "y\ny\n"},
	{"(cd /usr; pwd; exit 5); echo $?; pwd", 0, "/usr\n5\n/\n"},
	{"{ echo a; echo b; } >/tmp/vsh-run.$$; cat </tmp/vsh-run.$$; echo c >>/tmp/vsh-run.$$; cat /tmp/vsh-run.$$; rm /tmp/vsh-run.$$",
	 0, "a\nb\na\nb\nc\n"},
	{"echo out; echo err >&2; { echo a; echo b >&2; } 2>/dev/null", 0, "out\nerr\na\n"},
	{"sh -c 'echo o; echo e >&2' 2>&1 >/dev/null", 0, "e\n"},
	{"read x <&-; echo $?", 0, "1\n"},
	{"echo x >/nonexistent/f; echo $?; cat </nonexistent; echo $?", 0,
	 "vsh: /nonexistent/f: No such file or directory\n1\nvsh: /nonexistent: No such file or directory\n1\n"},
	{"echo a >&9", 1, "vsh: 9: not an open file's number\n"},
	{"echo $(echo a; echo b) \"$(printf 'c\\n\\nd\\n\\n')\" `echo e`; echo $(false)$?", 0, "a b c\n\nd e\n1\n"},
	{"x=$(false); echo $?; x=$(echo v); echo $? $x", 0, "1\n0 v\n"},
	{"sleep 0.05 & wait; echo $?; sh -c 'exit 3' & wait $!; echo $?; wait %9; echo $?", 0,
	 "0\n3\nvsh: wait: %9: no such job\n127\n"},
	{"(sleep 0.02; echo later) & echo first; wait", 0, "first\nlater\n"},
	{"alias e='echo -n'\ne a; e b", 0, "ab"},
	{"alias x; echo $?; type cd if nosuch", 127,
	 "vsh: alias: x: no such alias\n1\ncd is a shell built-in\nif is a word of the shell's grammar\nvsh: type: nosuch: not found\n"},
	{"eval 'x=3; echo $x'; eval; eval \"echo 'a  b'\"", 0, "3\na  b\n"},
	{"set -- a 'b c'; echo $# $2; shift; echo $1; shift 5; echo $?; set -x", 2,
	 "2 b c\nb c\nvsh: shift: there are only 1 parameters\n"},
	{"printf 'a b  c \\nlast' | { read x y; echo \"$x,$y\"; read z; echo $? $z; read z; echo $?; }", 0,
	 "a,b  c\n1 last\n1\n"},
	{"[ a = a ]; echo $?; [ a = b ]; echo $?; [ 3 -gt 2 -a ! -z x ]; echo $?; [ -d /usr -o x = y ]; echo $?; test; echo $?",
	 0, "0\n1\n0\n0\n1\n"},
	{"[ a -eq 1 ]; echo $?; [ x; echo $?; test '(' a = a ')'; echo $?; [ -f /etc/passwd ] && [ ! -e /nonexistent ]; echo $?",
	 0, "vsh: test: a: not a number\n2\nvsh: [: the ] is missing\n2\n0\n0\n"},
	{"[ = ]; echo $?; [ -n ]; echo $?; [ '' ]; echo $?; [ '!' = '!' ]; echo $?; [ a b ]; echo $?", 0,
	 "0\n0\n1\n0\nvsh: test: b: unexpected\n2\n"},
	{"echo a; if", 2, "vsh: line 1: expected a command for 'if', found the end of the text\n"},
	{"echo a\necho b\nfi\necho c", 2, "a\nb\nvsh: line 3: 'fi' has no beginning here\n"},
	{"echo 'a\nb'\necho \"x", 2, "a\nb\nvsh: line 3: the quotation \" is not closed\n"},
	{"echo ${x:?gone}; echo no", 2, "vsh: x: gone\n"},
	{"(echo $((1/0))); echo $?", 0, "vsh: $((1/0)): division by zero\n2\n"},
	{"source /nonexistent; echo $?", 0, "vsh: source: /nonexistent: No such file or directory\n2\n"},
	{". /nonexistent; echo no", 2, "vsh: .: /nonexistent: No such file or directory\n"},
	{"history; jobs; unalias q; help nosuch", 1,
	 "vsh: unalias: q: no such alias\nvsh: help: nosuch: no such command\n"},
};

/* Reads all of it, without a NUL at the end; the caller frees. */
static char *read_all(int fd, size_t *len)
{
	size_t size = 65536;
	char *buffer = malloc(size);
	ssize_t n;
	*len = 0;
	while ((n = read(fd, buffer + *len, size - *len - 1)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		*len += (size_t)n;
		if (*len + 1 == size)
			buffer = realloc(buffer, size *= 2);
	}
	buffer[*len] = '\0';
	return buffer;
}

/* `input` as standard input if it is not NULL, else `script` as the argument of -c. */
static char *run(const char *script, const char *input, int *status)
{
	extern char **environ;
	char name[] = "vsh", option[] = "-c", *text = strdup(script ? script : "");
	char *argv[] = {name, script ? option : NULL, text, NULL};
	posix_spawn_file_actions_t actions;
	int in[2], out[2];
	size_t len;
	pid_t pid;

	if (pipe(in) != 0 || pipe(out) != 0)
		abort();
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	posix_spawn_file_actions_adddup2(&actions, out[1], 2);
	for (int i = 0; i < 2; i++) {
		posix_spawn_file_actions_addclose(&actions, in[i]);
		posix_spawn_file_actions_addclose(&actions, out[i]);
	}
	if (posix_spawn(&pid, shell, &actions, NULL, argv, environ) != 0)
		abort();
	close(in[0]);
	close(out[1]);
	if (input && write(in[1], input, strlen(input)) < 0)
		abort();
	close(in[1]);
	char *output = read_all(out[0], &len);
	close(out[0]);
	waitpid(pid, status, 0);
	*status = WIFEXITED(*status) ? WEXITSTATUS(*status) : -WTERMSIG(*status);
	posix_spawn_file_actions_destroy(&actions);
	free(text);
	return output;
}

int main(int argc, char **argv)
{
	int status;
	shell = argc == 2 ? realpath(argv[1], NULL) : NULL;
	if (!shell || chdir("/") != 0)
		return 2;
	setenv("VSH", shell, 1);
	setenv("LC_ALL", "C", 1);
	setenv("PWD", "/", 1);
	unsetenv("x");
	unsetenv("IFS");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *output = run(cases[i].script, NULL, &status);
		if (strcmp(cases[i].output, "vsh: sh") == 0) { /* the message names a process number */
			CHECK(strstr(output, "): terminated\n143\n"));
		} else if (!(CHECK_STR(output, cases[i].output) & CHECK_INT(status, cases[i].status))) {
			printf("  in: %s\n", cases[i].script);
		}
		free(output);
	}
	/* Commands from standard input: programs read on where the shell stopped. */
	char *output = run(
		NULL, "echo a\nif true\nthen echo b; fi\nhead -n 1\nfor the program\nread x\nfor the shell\necho $x",
		&status);
	CHECK(strstr(output, "a\nb\nfor the program\n"));
	CHECK_INT(status, 0);
	free(output);
	free(shell);
	return check_end();
}
