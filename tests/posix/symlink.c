/* SPDX-License-Identifier: BSD-2-Clause */
/* symlink, readlink, and what follows links. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

static void making(void)
{
	char buffer[16];

	MUST(put("file", "text"));
	MUST(mkdir("dir", 0755));
	FACT("symlink", symlink("file", "link"));
	FACT_TEXT("what it is", type_of("link"));
	FACT("its size", size_of("link"));
	FACT("its links", links_of("link"));
	FACT_TEXT("its text", link_text("link"));
	FACT_TEXT("read through it", get("link"));
	FACT("symlink to a name that is there", symlink("x", "file"));
	FACT("symlink to the name of a link to nothing", (MUST(symlink("none", "dangling")), symlink("x", "dangling")));
	FACT("symlink of an empty text", symlink("", "empty"));
	FACT("symlink with an empty name", symlink("x", ""));
	FACT("symlink in a missing directory", symlink("x", "none/link"));
	FACT("symlink below a file", symlink("x", "file/link"));
	FACT("symlink with a slash behind the name", symlink("x", "slash/"));
	FACT("symlink with a slash behind a directory's name", symlink("x", "dir/"));
	FACT("symlink with any text", symlink("//a b//../c/", "odd"));
	FACT_TEXT("its text as it was given", link_text("odd"));
	FACT("readlink into less than the text", readlink("link", buffer, 2));
	FACT_TEXT("what that gives", bytes(buffer, 2));
	FACT("readlink into nothing", readlink("link", buffer, 0));
	FACT("readlink of a file", readlink("file", buffer, sizeof(buffer)));
	FACT("readlink of a directory", readlink("dir", buffer, sizeof(buffer)));
	FACT("readlink of a missing file", readlink("none", buffer, sizeof(buffer)));
	FACT("readlink of an empty path", readlink("", buffer, sizeof(buffer)));
	FACT("readlink below a file", readlink("file/x", buffer, sizeof(buffer)));
	FACT("readlink of a link with a slash behind", readlink("link/", buffer, sizeof(buffer)));
	FACT_TEXT("readlink of a link to nothing", link_text("dangling"));
}

static void following(void)
{
	MUST(put("dir/inner", "inner"));
	MUST(symlink("dir", "dirlink"));
	MUST(symlink("../file", "dir/up"));
	MUST(symlink("dirlink/up", "twice"));
	MUST(symlink("dir/", "slashlink"));
	MUST(symlink("file/", "fileslash"));
	FACT_TEXT("through a link to a directory", get("dirlink/inner"));
	FACT_TEXT("a link is relative to where it is", get("dir/up"));
	FACT_TEXT("through three links", get("twice"));
	FACT_TEXT("through a link with a slash behind its text", get("slashlink/inner"));
	FACT_TEXT("through a link to a file with a slash behind", get("fileslash"));
	FACT_TEXT(".. behind a link to a directory", names_in("dir/../dirlink"));
	FACT_TEXT("type of a link to a directory", type_of("dirlink"));
	FACT_TEXT("type of a link to a directory with a slash behind", type_of("dirlink/"));
	FACT_TEXT("type of a link to a directory with /.", type_of("dirlink/."));
	FACT_TEXT("type of a link to a file with a slash behind", type_of("link/"));
	FACT_TEXT("type of a link to nothing with a slash behind", type_of("dangling/"));
	FACT("mkdir of a link to nothing with a slash behind", mkdir("dangling/", 0755));
	FACT("write through a link", put("link", "new"));
	FACT_TEXT("the file has it", get("file"));
	FACT_OCTAL("chmod through a link", (MUST(chmod("link", 0600)), mode_of("file")));
	FACT("chdir through a link", chdir("dirlink"));
	FACT_TEXT("and .. from there", get("../file"));
	MUST(chdir(".."));
	FACT_TEXT("opendir of a link", names_in("dirlink"));
}

/* Absolute links start at the root. */
static void absolute(void)
{
	char top[256], text[300];

	MUST_BE(getcwd(top, sizeof(top)) != NULL);
	snprintf(text, sizeof(text), "%s/file", top);
	MUST(symlink(text, "absolute"));
	FACT_TEXT("absolute link", get("absolute"));
	MUST(symlink(text, "dir/absolute"));
	FACT_TEXT("absolute link from elsewhere", get("dir/absolute"));
	MUST(symlink("/", "root"));
	FACT_YES("link to the root", (snprintf(text, sizeof(text), "root%s/file", top), same_file(text, "file")));
	FACT_TEXT("link to the root itself", type_of("root/"));
	MUST(symlink("//", "root2"));
	FACT_TEXT("link to two slashes", type_of("root2/"));
}

static void chains(void)
{
	char name[24], before[24] = "file";
	int works = 0;

	MUST(symlink("loop", "loop"));
	MUST(symlink("pong", "ping"));
	MUST(symlink("ping", "pong"));
	MUST(symlink("selfdir/x", "selfdir"));
	FACT("open of a link to itself", shut(open("loop", O_RDONLY)));
	FACT("stat of two links to each other", shut(open("ping", O_RDONLY)));
	FACT("below a link to itself", shut(open("loop/file", O_RDONLY)));
	FACT("a link through itself", shut(open("selfdir", O_RDONLY)));
	FACT("lstat of a link to itself", exists("loop"));
	FACT("chdir to a link to itself", chdir("loop"));
	FACT("mkdir below a link to itself", mkdir("loop/dir", 0755));
	FACT("unlink below a link to itself", unlink("loop/file"));
	FACT("unlink of a link to itself", unlink("loop"));
	for (int i = 1; i <= 50; i++) {
		snprintf(name, sizeof(name), "chain%d", i);
		MUST(symlink(before, name));
		memcpy(before, name, sizeof(before));
		works += shut(open(name, O_RDONLY)) == 0;
	}
	FACT("links in a chain that are followed", works);
	FACT("and behind those", shut(open("chain50", O_RDONLY)));
}

static void lengths(void)
{
	static char text[PATH_MAX + 2];
	int made = 0;

	for (size_t size = 100; size <= 900; size += 200) {
		memset(text, 'x', size);
		text[size] = '\0';
		made += symlink(text, "long") == 0 && size_of("long") == (long)size && unlink("long") == 0;
	}
	FACT("texts from 100 to 900 bytes", made);
	memset(text, 'x', PATH_MAX);
	text[PATH_MAX] = '\0';
	FACT("text of PATH_MAX bytes", symlink(text, "long"));
	memset(text, 'n', 256);
	text[256] = '\0';
	FACT("text that is too long for a name", symlink(text, "long2"));
	FACT("opening that", shut(open("long2", O_RDONLY)));
	FACT("name of 256 bytes", symlink("x", text));
	text[255] = '\0';
	FACT("name of 255 bytes", symlink("x", text));
}

void chapter_symlink(void)
{
	if (!symlinks_offered())
		chapter_leave_out();
	making();
	following();
	absolute();
	chains();
	lengths();
}
