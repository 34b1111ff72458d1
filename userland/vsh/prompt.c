/* SPDX-License-Identifier: BSD-2-Clause */
/* Prompts. */
#include "userland/vsh/prompt.h"

#include <string.h>
#include <unistd.h>

/* Into a text whose $ and ` will be expanded. */
static void add_plain(struct text *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("$`\\", *text))
			text_add_char(out, '\\');
		text_add_char(out, *text);
	}
}

static void add_directory(const struct shell *shell, bool last, struct text *out)
{
	const char *cwd = vars_get(&shell->vars, "PWD"), *home = vars_get(&shell->vars, "HOME");
	if (!cwd)
		cwd = "?";
	size_t len = home ? strlen(home) : 0;
	const char *slash = strrchr(cwd, '/');
	if (len > 1 && strncmp(cwd, home, len) == 0 && (cwd[len] == '/' || cwd[len] == '\0') &&
	    (!last || cwd[len] == '\0')) {
		text_add_char(out, '~');
		add_plain(out, cwd + len);
	} else if (last && slash && slash[1]) {
		add_plain(out, slash + 1);
	} else {
		add_plain(out, cwd);
	}
}

/* What \letter stands for. False: nothing. */
static bool add_escape(const struct shell *shell, char letter, struct text *out)
{
	const char *user = vars_get(&shell->vars, "USER"), *host = vars_get(&shell->vars, "HOSTNAME");
	switch (letter) {
	case 'w': add_directory(shell, false, out); return true;
	case 'W': add_directory(shell, true, out); return true;
	case 'u': add_plain(out, user ? user : geteuid() == 0 ? "root" : "user"); return true;
	case 'h': add_plain(out, host ? host : "veridian"); return true;
	case '$': add_plain(out, geteuid() == 0 ? "#" : "$"); return true;
	case '?': text_format(out, "%d", shell->expand.status); return true;
	case 'e': text_add_char(out, '\033'); return true;
	case 'n': text_add_char(out, '\n'); return true;
	case '\\': text_add_string(out, "\\\\"); return true;
	default: return false;
	}
}

void prompt_make(struct shell *shell, bool more, struct text *prompt)
{
	const char *format = vars_get(&shell->vars, more ? "PS2" : "PS1");
	struct text text = {0};
	if (!format)
		format = more ? "> " : "\\w> ";
	for (; *format; format++) {
		if (*format == '\\' && format[1] && add_escape(shell, format[1], &text))
			format++;
		else
			text_add_char(&text, *format);
	}
	text_cut(prompt, 0);
	prompt->failed = false;
	int status = shell->expand.status;
	if (text.failed || !expand_document(&shell->expand, text_get(&text), prompt)) {
		text_cut(prompt, 0);
		text_add_string(prompt, "> ");
	}
	shell->expand.status = status;
	if (shell->flow != FLOW_EXIT)
		shell->flow = FLOW_NONE;
	text_free(&text);
}
