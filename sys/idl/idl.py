#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes C code and documentation out of protocol descriptions; docs/idl.md says how they are written.

    idl.py generate --header OUT.h --source OUT.c [--depfile OUT.d] FILE.idl
    idl.py reference --output OUT.md FILE.idl…
    idl.py check FILE.idl…

Mistakes are reported as file:line:column: message, and nothing is written. Exit status: 0 done,
1 mistakes, 2 wrong usage."""

import argparse
import os
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # the source tree stays as it is

import abi
import check
import header
import reference
import source
from diag import Diagnostics

ABI_FOLDER = Path(__file__).resolve().parent.parent / 'abi'


def arguments(argv):
    parser = argparse.ArgumentParser(prog='idl.py', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--abi', default=ABI_FOLDER, metavar='DIR',
                        help='folder of status.h and handle.h')
    commands = parser.add_subparsers(dest='command', required=True)
    generate = commands.add_parser('generate', help='write the C code of one file')
    generate.add_argument('--header', required=True, metavar='OUT.h')
    generate.add_argument('--source', required=True, metavar='OUT.c')
    generate.add_argument('--depfile', metavar='OUT.d')
    generate.add_argument('files', nargs=1, metavar='FILE.idl')
    manual = commands.add_parser('reference', help='write the reference page of all files')
    manual.add_argument('--output', required=True, metavar='OUT.md')
    manual.add_argument('files', nargs='+', metavar='FILE.idl')
    only = commands.add_parser('check', help='report mistakes only')
    only.add_argument('files', nargs='+', metavar='FILE.idl')
    return parser.parse_args(argv)


def write_file(path, text):
    """All or nothing: what a build finds is complete."""
    part = f'{path}.part'
    with open(part, 'w', encoding='utf-8', newline='\n') as out:
        out.write(text)
    os.replace(part, path)


def main(argv):
    args = arguments(argv)
    known = abi.load(args.abi)
    diags = Diagnostics()
    loader = check.Loader(known, diags)
    units = [loader.load(path) for path in args.files]
    check.check_together([u for u in units if u], diags)
    if len(diags):
        for line in diags.lines():
            print(line, file=sys.stderr)
        return 1
    if args.command == 'generate':
        unit = units[0]
        write_file(args.header, header.write(unit))
        write_file(args.source, source.write(unit))
        if args.depfile:
            inputs = ' '.join(f.replace(' ', '\\ ') for f in unit.files)
            write_file(args.depfile, f'{args.header} {args.source}: {inputs}\n')
    elif args.command == 'reference':
        write_file(args.output, reference.write(units, known))
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
