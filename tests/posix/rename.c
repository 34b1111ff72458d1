/* SPDX-License-Identifier: BSD-2-Clause */
/* rename */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

static void files(void)
{
	MUST(put("a", "a"));
	FACT("rename", rename("a", "b"));
	FACT("the old name", exists("a"));
	FACT_TEXT("the new name", get("b"));
	FACT("rename of a missing file", rename("a", "b"));
	FACT_TEXT("contents after a rename that failed", get("b"));
	MUST(put("c", "c"));
	FACT("rename onto a file", rename("c", "b"));
	FACT_TEXT("contents after rename onto a file", get("b"));
	FACT("the old name after rename onto a file", exists("c"));
	FACT("rename to itself", rename("b", "b"));
	FACT("rename to itself by another path", rename("b", "./b"));
	FACT_TEXT("it is still there", get("b"));
	MUST_IF_OFFERED(link("b", "hard"));
	FACT("rename between two names of one file", rename("b", "hard"));
	FACT_TEXT("both are still there", names_in("."));
	MUST(unlink("hard"));
	FACT("rename of an empty path", rename("", "x"));
	FACT("rename to an empty path", rename("b", ""));
	FACT("rename into a missing directory", rename("b", "none/b"));
	FACT("rename below a file", (MUST(put("f", "f")), rename("b", "f/b")));
	FACT("rename of a file below a file", rename("f/x", "g"));
	FACT("rename with a slash behind the file", rename("b/", "x"));
	FACT("rename of a file to a name with a slash behind", rename("b", "x/"));
	FACT_TEXT("names in the end", names_in("."));
	MUST(tree_remove("b"));
	MUST(unlink("f"));
}

static void directories(void)
{
	MUST(mkdir("dir", 0755));
	MUST(mkdir("dir/inner", 0755));
	MUST(put("dir/inner/file", "deep"));
	MUST(mkdir("empty", 0755));
	MUST(mkdir("full", 0755));
	MUST(put("full/file", "full"));
	MUST(put("file", "file"));
	FACT("rename of a directory", rename("dir", "moved"));
	FACT_TEXT("what is in it", get("moved/inner/file"));
	FACT("rename onto an empty directory", rename("moved", "empty"));
	FACT_TEXT("what is in that", get("empty/inner/file"));
	FACT("rename onto a directory that is not empty", rename("empty", "full"));
	FACT("rename of a directory onto a file", rename("empty", "file"));
	FACT("rename of a file onto a directory", rename("file", "full"));
	FACT("rename of a file onto an empty directory", (MUST(mkdir("e", 0755)), rename("file", "e")));
	FACT("rename of a directory into itself", rename("empty", "empty/x"));
	FACT("rename of a directory further down into itself", rename("empty", "empty/inner/x"));
	FACT("rename of a directory to itself", rename("empty", "empty"));
	FACT("rename onto its own parent", rename("empty/inner", "empty"));
	FACT("rename of a file onto its directory", rename("full/file", "full"));
	FACT("rename of .", rename(".", "x"));
	FACT("rename of ..", rename("..", "x"));
	FACT("rename of empty/.", rename("empty/.", "x"));
	FACT("rename of empty/inner/..", rename("empty/inner/..", "x"));
	FACT("rename to .", rename("empty", "."));
	FACT("rename to ..", rename("empty", ".."));
	FACT("rename to e/.", rename("empty", "e/."));
	FACT("rename of a file to e/.", rename("file", "e/."));
	FACT_YES("rename of / is refused", rename("/", "x") == -1 && (errno == EBUSY || errno == EXDEV));
	FACT_YES("rename to / is refused", rename("empty", "/") == -1 && (errno == EBUSY || errno == EXDEV));
	FACT("rename of a directory with slashes behind", rename("empty/", "slash/"));
	FACT("rename of a directory to a new name with a slash behind", rename("slash", "new/"));
	FACT_TEXT("names in the end, with directories", names_in("."));
}

/* A directory's `..` and both parents' counts of links follow it. */
static void parents(void)
{
	MUST(mkdir("p", 0755));
	MUST(mkdir("q", 0755));
	MUST(mkdir("p/d", 0755));
	FACT("links of the old parent before", links_of("p"));
	FACT("rename to another parent", rename("p/d", "q/d"));
	FACT("links of the old parent", links_of("p"));
	FACT("links of the new parent", links_of("q"));
	FACT_YES(".. is the new parent", same_file("q/d/..", "q"));
	MUST(mkdir("p/d", 0755));
	FACT("rename onto an empty directory of another parent", rename("q/d", "p/d"));
	FACT("links of the first parent then", links_of("p"));
	FACT("links of the second parent then", links_of("q"));
	FACT_YES(".. is the first parent again", same_file("p/d/..", "p"));
	MUST(chdir("p/d"));
	FACT("rename of the working directory", rename("../../p/d", "../../q/e"));
	FACT("file in it", put("file", "here"));
	FACT_TEXT("and by its new path", get("../../q/e/file"));
	MUST(chdir("../.."));
	FACT("rename of a directory under itself by ..", rename("q", "q/e/../x"));
}

static void links(void)
{
	MUST(put("target", "target"));
	MUST_IF_OFFERED(symlink("target", "soft"));
	FACT("rename of a link", rename("soft", "soft2"));
	FACT_TEXT("is still a link", link_text("soft2"));
	MUST(put("other", "other"));
	FACT("rename onto a link", rename("other", "soft2"));
	FACT_TEXT("replaces the link", type_of("soft2"));
	FACT_TEXT("and leaves its target", get("target"));
	MUST_IF_OFFERED(symlink("target", "soft3"));
	FACT("rename of a link onto its target", rename("soft3", "target"));
	FACT_TEXT("makes it a link", link_text("target"));
	MUST(mkdir("real", 0755));
	MUST_IF_OFFERED(symlink("real", "dirlink"));
	FACT("rename of a directory onto a link to a directory", rename("real", "dirlink"));
	FACT("rename of a link to a directory with a slash behind", rename("dirlink/", "x"));
	MUST_IF_OFFERED(symlink("none", "dangling"));
	FACT("rename of a link to nothing", rename("dangling", "dangling2"));
	MUST_IF_OFFERED(mkfifo("fifo", 0644));
	FACT("rename of a FIFO", rename("fifo", "fifo2"));
	FACT_TEXT("it is one still", type_of("fifo2"));
}

/* The one that is replaced lives on while it is open. */
static void open_files(void)
{
	int old, new;

	MUST(put("old", "old"));
	MUST(put("new", "new"));
	old = MUST(open("old", O_RDWR));
	new = MUST(open("new", O_RDWR));
	FACT("rename onto an open file", rename("new", "old"));
	FACT_TEXT("the one that was replaced", next(old, 10));
	FACT_TEXT("the one that replaced it", next(new, 10));
	FACT("write to the one that was replaced", write(old, "!", 1));
	FACT_TEXT("by its name", get("old"));
	struct stat st;
	MUST(fstat(old, &st));
	FACT("links of the one that was replaced", st.st_nlink);
	MUST(fstat(new, &st));
	FACT("links of the one that replaced it", st.st_nlink);
	close(old);
	close(new);
}

static void exclusive(void)
{
	MUST(put("x", "x"));
	MUST(put("y", "y"));
	FACT("renameat2 RENAME_NOREPLACE onto a file", renameat2(AT_FDCWD, "x", AT_FDCWD, "y", RENAME_NOREPLACE));
	FACT("renameat2 RENAME_NOREPLACE", renameat2(AT_FDCWD, "x", AT_FDCWD, "z", RENAME_NOREPLACE));
	FACT("renameat2 RENAME_NOREPLACE to itself", renameat2(AT_FDCWD, "z", AT_FDCWD, "z", RENAME_NOREPLACE));
	FACT("renameat2 with unknown flags", renameat2(AT_FDCWD, "z", AT_FDCWD, "w", 0x4000));
}

static void in_directory(const char *name, void (*part)(void))
{
	MUST(mkdir(name, 0755));
	MUST(chdir(name));
	part();
	MUST(chdir(".."));
}

void chapter_rename(void)
{
	in_directory("files", files);
	in_directory("directories", directories);
	in_directory("parents", parents);
	in_directory("links", links);
	in_directory("open", open_files);
	in_directory("exclusive", exclusive);
}
