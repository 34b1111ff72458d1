# SPDX-License-Identifier: BSD-2-Clause
"""The commands of ./veridian and their options. Set-up has been done by ./veridian itself."""

import argparse
import os
import re
import sys

sys.dont_write_bytecode = True

import bench  # noqa: E402
import build  # noqa: E402
import check  # noqa: E402
import debug  # noqa: E402
import fmt  # noqa: E402
import fuzz  # noqa: E402
import image  # noqa: E402
import run  # noqa: E402
import sdk  # noqa: E402
from ui import Failure, note, progress_end  # noqa: E402

HELP = """\
usage: ./veridian COMMAND [OPTIONS]

commands
  run                  build and boot in QEMU, the serial line on this terminal; Ctrl-] x ends QEMU
  test [FILTER...]     format, unit tests, short fuzzing, system tests; FILTER is part of a test's name
  bench [GROUP...]     benchmarks, in instructions, and boot time, memory, sizes: the same numbers on every machine
                       (those of `devices`, which waits for QEMU's, about the same).
                       Only when named, beside Debian's Linux, which is fetched then: linux-files, linux-disk, linux-programs, linux-pipes
  gdb [PROGRAM...]     debug the machine that `run --gdb` holds; PROGRAM: archive paths whose symbols to add
  image                a bootable disk image for QEMU's U-Boot, build/veridian.img
  sdk                  a folder for building programs and drivers outside of this tree, build/sdk
  build                build and do nothing else
  fmt                  bring all C sources into the project's format
  fuzz [NAME]          fuzz the parsers on the host
  help                 this text; ./veridian COMMAND --help has a command's options

run
  --smp N              harts (4)
  --mem SIZE           memory (512M)
  --machine OPTS       more for QEMU's -machine, e.g. aia=aplic-imsic
  --cpu CPU            rv64 (default), u74, or a CPU of QEMU's
  --disk FILE          a raw disk image instead of build/disk.img, which is made at the first run and kept; may be
                       repeated, for more disks; `none`: no disk
  --fresh              make the disk anew (the first one): boot partition and ext4 root; what was on it is lost
  --disk-size SIZE     of a new disk, as 512M or 2G (1G); the file takes what is used
  --add FILE[=PATH]    put a file into the boot archive; may be repeated. Without PATH a driver goes to drivers/,
                       any other program to bin/
  --append ARGS        kernel command line; the archive has the test programs only if it names one (init=test/NAME)
  --firmware NAME      uboot: start through U-Boot and extlinux from the disk image, not directly;
                       opensbi-1.1: an old firmware (fetched by ci/setup base check)
  --board NAME         a folder of boards/ that has a board.toml (qemu-virt)
  --checked            the kernel with run-time checks
  --gdb                wait for ./veridian gdb
  -- QEMU ARGS...      the rest goes to QEMU
  Without a terminal, standard input is sent once the guest shows its first prompt.
  Ends with status 0 when the guest powers off, 1 when the kernel panics or QEMU fails.

test
  --list               names only
  --jobs N             QEMUs at a time (2)
  --set NAME=VALUE     for the system's test programs, which say what they know: kills=1000 (blk, net),
                       injections=1000 (inject), calls=10000000 (fuzz), seed=N …; what they report is in build/test-logs

bench
  --twice              run each group twice; fail if any figure differs (`devices`: list it)
  --append ARGS        more of the kernel command line

gdb                    --checked: the kernel that `run --checked` booted
build                  --checked: the kernel with run-time checks
fmt                    --check: change nothing, fail if something is to change
fuzz                   --seconds N: for each target (60)

image
  --append ARGS        kernel command line in the image
  --board NAME         whose layout (qemu-virt)
  --checked            the kernel with run-time checks
  --output FILE        another place

sdk                    --output DIR: another place

The first use installs Debian packages (it says which) and fetches pinned sources; ci/setup does only that.
Settings from the environment:
  VERIDIAN_QEMU=stable           set-up takes the release's own QEMU, no backports
  VERIDIAN_DEBIAN_MIRROR=URI     where set-up finds Debian's sources (default: the archive apt uses here)
  VERIDIAN_QEMU_BINARY=FILE      the QEMU to start (qemu-system-riscv64)
"""


def parser():
    top = argparse.ArgumentParser(prog="./veridian", add_help=False)
    commands = top.add_subparsers(dest="command", metavar="COMMAND")

    def command(name, function):
        sub = commands.add_parser(name, usage=argparse.SUPPRESS, add_help=False)
        sub.add_argument("-h", "--help", action="store_true")
        sub.set_defaults(function=function)
        return sub

    sub = command("run", run.run)
    sub.add_argument("--smp", type=positive)
    sub.add_argument("--mem")
    sub.add_argument("--machine")
    sub.add_argument("--cpu", default="rv64")
    sub.add_argument("--disk", action="append", default=[])
    sub.add_argument("--fresh", action="store_true")
    sub.add_argument("--disk-size")
    sub.add_argument("--add", action="append", default=[])
    sub.add_argument("--append", default="")
    sub.add_argument("--firmware")
    sub.add_argument("--board", default="qemu-virt")
    sub.add_argument("--checked", action="store_true")
    sub.add_argument("--gdb", action="store_true")

    sub = command("test", check.check)
    sub.add_argument("filters", nargs="*")
    sub.add_argument("--list", action="store_true")
    sub.add_argument("--jobs", type=positive, default=2)
    sub.add_argument("--set", action="append", default=[], type=setting, metavar="NAME=VALUE")

    sub = command("bench", bench.bench)
    sub.add_argument("groups", nargs="*")
    sub.add_argument("--twice", action="store_true")
    sub.add_argument("--append", default="")

    sub = command("gdb", debug.debug)
    sub.add_argument("programs", nargs="*")
    sub.add_argument("--checked", action="store_true")

    sub = command("image", image.image)
    sub.add_argument("--append", default="")
    sub.add_argument("--board", default="qemu-virt")
    sub.add_argument("--checked", action="store_true")
    sub.add_argument("--output")

    sub = command("sdk", sdk.sdk)
    sub.add_argument("--output")

    sub = command("build", build_command)
    sub.add_argument("--checked", action="store_true")

    sub = command("fmt", fmt.fmt)
    sub.add_argument("--check", action="store_true")

    sub = command("fuzz", fuzz.fuzz)
    sub.add_argument("name", nargs="?")
    sub.add_argument("--seconds", type=positive, default=60)

    command("help", show_help)
    return top


def positive(text):
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def setting(text):
    if not re.fullmatch(r"\w+=\w+", text):
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=VALUE")
    return text


def show_help(_):
    sys.stdout.write(HELP)
    return 0


def build_command(options):
    build.build("checked" if options.checked else "release")
    return 0


def main(arguments):
    qemu_args = []
    if "--" in arguments:
        split = arguments.index("--")
        arguments, qemu_args = arguments[:split], arguments[split + 1:]
    if not arguments or arguments[0] in ("-h", "--help"):
        return show_help(None)
    options = parser().parse_args(arguments)
    if options.help:
        return show_help(None)
    if qemu_args and options.command not in ("run", "bench"):
        raise Failure(f"{options.command} starts no QEMU that could take: {' '.join(qemu_args)}", 2)
    options.qemu_args = qemu_args
    return options.function(options)


if __name__ == "__main__":
    try:
        status = main(sys.argv[1:])
    except Failure as failure:
        note(str(failure))
        status = failure.status
    except KeyboardInterrupt:
        progress_end()
        status = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    sys.exit(status)
