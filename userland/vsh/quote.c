/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing words so that the shell reads them back. */
#include <string.h>

#include "userland/vsh/shell.h"

void quote_word(struct text *out, const char *word)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+./:,@%";
	if (*word && strspn(word, safe) == strlen(word)) {
		text_add_string(out, word);
		return;
	}
	text_add_char(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			text_add_string(out, "'\\''");
		else
			text_add_char(out, *word);
	}
	text_add_char(out, '\'');
}
