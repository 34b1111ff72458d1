#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tests of the protocol generator: what it accepts, and the exact words and place of what it refuses."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
GENERATOR = ROOT / 'sys' / 'idl' / 'idl.py'

HEAD = '/// Doc.\nprotocol p = 5;\n'
DOC = '/// Doc.\n'


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.maxDiff = None

    def path(self, name):
        return str(Path(self.folder.name) / name)

    def write(self, name, text):
        data = text if isinstance(text, bytes) else text.encode()
        Path(self.path(name)).write_bytes(data)

    def run_idl(self, *args):
        return subprocess.run([sys.executable, str(GENERATOR), *args], cwd=self.folder.name,
                              capture_output=True, text=True, timeout=60, check=False)

    def check(self, text, expected, name='p.idl', others=None):
        """Runs `check` on a file; expected: its messages without the file name."""
        self.write(name, text)
        for other, content in (others or {}).items():
            self.write(other, content)
        result = self.run_idl('check', name)
        self.assertEqual(result.stdout, '')
        self.assertNotIn('Traceback', result.stderr)
        lines = [line[len(name) + 1:] if line.startswith(name + ':') else line
                 for line in result.stderr.splitlines()]
        self.assertEqual(lines, expected)
        self.assertEqual(result.returncode, 1 if expected else 0)

    def op(self, body, before=''):
        """A file with one operation of this body; the body begins in line 5 (without `before`)."""
        return HEAD + before + DOC + 'op o = 1 {\n' + body + '\n\terrors none;\n}\n'


class Good(Case):
    def test_smallest(self):
        self.check(self.op(''), [])

    def test_everything_that_fits(self):
        self.check(self.op('in a: u64; in b: u64; in c: u64; in d: u64; in e: u64; in f: u64;\n'
                           'out s: string max 47;'), [])
        self.check(self.op('in b: bytes max 47; out c: bytes[48];'), [])
        self.check(self.op('in a: handle vmo; in b: handle vmo; in c: handle vmo; in d: handle vmo;\n'
                           'out e: handle vmo; out f: handle vmo; out g: handle vmo; out h: handle vmo;'),
                   [])
        self.check(self.op('lend in a: bytes max 1; lend in b: bytes max 0x3fffffffff;\n'
                           'lend out c: bytes max 1; lend out d: string max 65535;'), [])
        self.check(self.op('lend in a: string max 1024;'), [])

    def test_numbers_at_the_edges(self):
        self.check('/// D\nprotocol p = 32767;\n/// D\nop a = 65535 { errors none; }\n'
                   '/// D\nop b = 1 { errors none; }\nreserved 2..65534;\n', [])
        self.check(HEAD + DOC + 'const A: u64 = 0xffffffffffffffff;\n' + DOC
                   + 'const B: i64 = -(1 << 63);\n' + DOC + 'const C: i32 = -2147483648;\n' + DOC
                   + 'const D: u8 = 255;\n' + DOC + 'const E: u32 = (1 + 2) * 3 - A + A | 16;\n'
                   + DOC + 'op o = 1 { errors none; }\n', [])

    def test_example_of_the_manual(self):
        manual = (ROOT / 'docs' / 'idl.md').read_text()
        example = manual.split('## An example')[1].split('```')[1].strip()
        self.check(example, [], name='shelf.idl')

    def test_every_protocol_of_the_system(self):
        files = sorted(str(f) for f in (ROOT / 'sys' / 'protocols').glob('*.idl'))
        self.assertGreater(len(files), 5)
        self.assertEqual(self.run_idl('check', *files).stderr, '')

    def test_windows_line_ends(self):
        self.check(self.op('in a: u8;').replace('\n', '\r\n'), [])

    def test_no_newline_at_the_end(self):
        self.check(self.op('').rstrip('\n'), [])

    def test_words_of_the_language_as_names(self):
        self.check(self.op('in in: u8; in out: u8; in max: u8; in errors: u8; in lend: u8; in idempotent: u8; in often: u8;'),
                   [])

    def test_same_name_in_different_places(self):
        self.check(HEAD + DOC + 'struct o { o: u32; }\n' + DOC
                   + 'op o = 1 { in o: o; out p: o; errors none; }\n', [])

    def test_import(self):
        shared = DOC + 'types shared;\n' + DOC + 'const N: u32 = 8;\n' + DOC + 'enum kind: u8 { A = 0 }\n'
        self.check(HEAD + 'import shared;\n' + DOC
                   + 'op o = 1 { in k: shared.kind; lend in b: bytes max shared.N * 2; errors none; }\n',
                   [], others={'shared.idl': shared})

    def test_rights(self):
        self.check(self.op('in a: handle endpoint(call, mint, recv, dup, move, revoke, info);\n'
                           'in b: handle notification(signal, wait); in c: handle reply(reply);\n'
                           'in d: handle process(manage, watch);'), [])
        self.check(self.op('in a: handle quota(use, manage); in b: handle irq(use);\n'
                           'in c: handle thread(manage); in d: handle resource(mint) unchecked;'), [])


class Bad(Case):
    def bad_op(self, body, *expected):
        self.check(self.op(body), list(expected))

    # -- files --

    def test_not_a_description(self):
        self.check('', ["1:1: a file begins with 'protocol NAME = NUMBER;' or 'types NAME;', "
                        'found the end of the file'])
        self.check('op o = 1 { }', ["1:1: a file begins with 'protocol NAME = NUMBER;' or 'types NAME;', "
                                    "found 'op'"])
        self.check(b'\xff\xfe', ["1:1: 'p.idl' is not UTF-8 text"])

    def test_missing_file(self):
        result = self.run_idl('check', 'absent.idl')
        self.assertEqual(result.stderr,
                         "absent.idl:1:1: cannot read 'absent.idl': No such file or directory\n")
        self.assertEqual(result.returncode, 1)

    def test_file_name(self):
        self.check(DOC + 'protocol q = 5;\n' + DOC + 'op o = 1 { errors none; }\n',
                   ["2:10: protocol 'q' must be in a file called 'q.idl'"])

    def test_protocol_number(self):
        for number, shown in (('0', '0'), ('32768', '32768'), ('0x10000', '65536'), ('-1', '-1')):
            self.check(f'/// D\nprotocol p = {number};\n/// D\nop o = 1 {{ errors none; }}\n',
                       [f"2:14: a protocol's number must be 1 to 32767, not {shown}"])

    def test_empty_protocol(self):
        self.check(HEAD, ["2:10: protocol 'p' has no operations"])

    def test_operations_in_types(self):
        self.check(DOC + 'types p;\n' + DOC + 'op o = 1 { errors none; }\nreserved 5;\n',
                   ["4:4: a 'types' file has no operations", "5:10: a 'types' file reserves no numbers"])

    # -- characters and numbers --

    def test_characters(self):
        self.bad_op('in a: u8; @ # ü', "5:11: unexpected character '@'", "5:13: unexpected character '#'",
                    "5:15: unexpected character 'ü'")
        self.check(self.op('').replace('Doc', 'D\x01c').replace('op o', 'op\x01 o'),
                   ["4:3: unexpected character '\\x01'"])

    def test_malformed_numbers(self):
        for text in ('08', '1_000', '0x', '12abc', '0b1'):
            self.check(HEAD + DOC + f'const A: u32 = {text};\n' + DOC + 'op o = 1 { errors none; }\n',
                       [f"4:16: '{text}' is not a number: write 10 or 0x0a"])

    def test_constants(self):
        def const(text, message):
            self.check(HEAD + DOC + f'const A: {text};\n' + DOC + 'op o = 1 { errors none; }\n', [message])
        const('u8 = 256', '4:15: a constant of type u8 must be 0 to 255, not 256')
        const('u64 = -1', '4:16: a constant of type u64 must be 0 to 18446744073709551615, not -1')
        const('i32 = 1 << 31', '4:16: a constant of type i32 must be -2147483648 to 2147483647, not 2147483648')
        const('u64 = 1 << 64', '4:16: << shifts a number that is not negative by 0 to 63')
        const('u64 = -1 << 1', '4:16: << shifts a number that is not negative by 0 to 63')
        const('u64 = 1 | -1', '4:16: | takes numbers that are not negative')
        const('u64 = 0xffffffffffffffff * 2', '4:16: the result does not fit 64 bits')
        const('u64 = B', "4:16: unknown constant 'B'")
        const('u64 = A', "4:16: unknown constant 'A'")
        const('bool = 1', "4:10: the type of a constant must be one of u8 u16 u32 u64 i32 i64, not 'bool'")
        const('u8 = ', "4:15: expected a number or a constant, found ';'")
        const('u8 = (1', "4:17: expected ')' after the expression, found ';'")

    # -- documentation --

    def test_documentation(self):
        self.check('protocol p = 5;\nconst A: u8 = 1;\nenum e: u8 { B = 1 }\nflags f: u8 { C = 1 }\n'
                   'struct s { a: u8; }\nop o = 1 { errors none; }\n///\nop q = 2 { errors none; }\n',
                   ["1:10: protocol 'p' needs documentation: write /// before it",
                    "2:7: const 'A' needs documentation: write /// before it",
                    "3:6: enum 'e' needs documentation: write /// before it",
                    "4:7: flags 'f' needs documentation: write /// before it",
                    "5:8: struct 's' needs documentation: write /// before it",
                    "6:4: operation 'o' needs documentation: write /// before it",
                    "8:4: operation 'q' needs documentation: write /// before it"])

    def test_stray_documentation(self):
        self.check(self.op('') + '/// End.\n', ['8:1: documentation with nothing behind it'])
        self.check(self.op('/// Nothing.'), ['5:1: documentation that no parameter follows'])
        self.check(HEAD + DOC + 'enum e: u8 { A = 1, /// x\n}\n' + DOC + 'op o = 1 { errors none; }\n',
                   ['4:21: documentation with nothing behind it'])

    # -- names --

    def test_spelling(self):
        self.check('/// D\nprotocol p = 5;\n/// D\nconst a: u8 = 1;\n/// D\nenum E: u8 { a = 1 }\n'
                   '/// D\nstruct s_ { A: u8; }\n/// D\nop O = 1 { in X: u8; in y__z: u8; errors none; }\n',
                   ["4:7: constant 'a' must be written in UPPER_CASE, beginning with a letter and not ending in _",
                    "6:6: enum 'E' must be written in lower_case, beginning with a letter and not ending in _",
                    "6:14: value 'a' must be written in UPPER_CASE, beginning with a letter and not ending in _",
                    "8:8: struct 's_' must be written in lower_case, beginning with a letter and not ending in _",
                    "8:13: member 'A' must be written in lower_case, beginning with a letter and not ending in _",
                    "10:4: operation 'O' must be written in lower_case, beginning with a letter and not ending in _",
                    "10:15: parameter 'X' must be written in lower_case, beginning with a letter and not ending in _",
                    "10:25: parameter 'y__z' must not hold two underscores in a row"])

    def test_words_of_c(self):
        self.check(self.op('in int: u8; out while: u8;'),
                   ["5:4: 'int' cannot be a parameter: C or the stubs use the name",
                    "5:17: 'while' cannot be a parameter: C or the stubs use the name"])
        self.check(self.op('in reply: u8; in status: u8; in ep: u8; in rq: u8; in ctx: u8; in deadline: u8;'),
                   [f"5:{column}: '{name}' cannot be a parameter: C or the stubs use the name"
                    for column, name in ((4, 'reply'), (18, 'status'), (33, 'ep'), (44, 'rq'), (55, 'ctx'),
                                         (67, 'deadline'))])
        self.check(HEAD + DOC + 'struct s { if: u8; }\n' + DOC + 'struct string { a: u8; }\n' + DOC
                   + 'op for = 1 { errors none; }\n',
                   ["4:12: 'if' is a word of C", "6:8: 'string' is a word of the language",
                    "8:4: 'for' is a word of C"])

    def test_duplicate_names(self):
        self.check(HEAD + DOC + 'const A: u8 = 1;\n' + DOC + 'const A: u8 = 2;\n' + DOC
                   + 'struct s { a: u8; a: u8; }\n' + DOC + 'enum s: u8 { X = 1, X = 2, Y = 1 }\n' + DOC
                   + 'enum e: u8 { X = 1, X = 2, Y = 1 }\n' + DOC + 'op o = 1 { errors none; }\n' + DOC
                   + 'op o = 2 { errors none; }\n',
                   ["6:7: the name 'A' is taken: see line 4", "8:19: the name 'a' is taken: see line 8",
                    "10:6: the name 's' is taken: see line 8", "12:21: the name 'X' is taken: see line 12",
                    "12:32: the value 1 is taken: see line 12", "16:4: operation 'o' is taken: see line 14"])

    def test_duplicate_parameters(self):
        self.bad_op('in a: u8; out a: u8;', "5:15: the parameter name 'a' of 'o' is taken: see line 5")
        self.bad_op('lend in a: bytes max 5; in a_len: u32;',
                    "5:28: the parameter name 'a_len' of 'o' is taken: see line 5")
        self.bad_op('in a: bytes max 5; in a_len: u32;',
                    "5:23: the parameter name 'a_len' of 'o' is taken: see line 5")

    def test_same_name_in_c(self):
        self.check(HEAD + DOC + 'op a = 1 { errors none; }\n' + DOC + 'op a_until = 2 { errors none; }\n' + DOC
                   + 'op dispatch = 3 { errors none; }\n',
                   ["6:4: operation 'a_until' and operation 'a' are both 'p_a_until' in C: rename one",
                    "8:4: operation 'dispatch' and the protocol are both 'p_dispatch' in C: rename one"])
        self.check(HEAD + DOC + 'const A_B: u8 = 1;\n' + DOC + 'enum a: u8 { B = 0, }\n' + DOC
                   + 'struct ops { a: u8; }\n' + DOC + 'op o = 1 { errors none; }\n',
                   ["6:14: value 'B' of 'a' and constant 'A_B' are both 'P_A_B' in C: rename one",
                    "8:8: type 'ops' and the protocol are both 'struct p_ops' in C: rename one"])

    # -- numbers of operations --

    def test_operation_numbers(self):
        self.check(HEAD + DOC + 'op a = 1 { errors none; }\n' + DOC + 'op b = 1 { errors none; }\n' + DOC
                   + 'op c = 0 { errors none; }\n' + DOC + 'op d = 65536 { errors none; }\n',
                   ['6:8: number 1 is taken: see line 4',
                    "8:8: an operation's number must be 1 to 65535, not 0",
                    "10:8: an operation's number must be 1 to 65535, not 65536"])

    def test_reserved(self):
        self.check(HEAD + 'reserved 3, 5..7;\n' + DOC + 'op a = 3 { errors none; }\n' + DOC
                   + 'op b = 6 { errors none; }\n' + DOC + 'op c = 8 { errors none; }\nreserved 7, 9..8, 0;\n',
                   ['5:8: number 3 is reserved: see line 3', '7:8: number 6 is reserved: see line 3',
                    '10:10: 7 is reserved twice: see line 3', '10:16: the range ends before it begins: 9..8',
                    '10:19: a reserved number must be 1 to 65535, not 0'])

    # -- types --

    def test_unknown_types(self):
        self.bad_op('in a: u7; in b: box; out c: p.box; in d: int;', "5:7: unknown type 'u7'",
                    "5:17: unknown type 'box'", "5:29: 'p' is not imported: write 'import p;'",
                    "5:42: unknown type 'int'")
        self.check(self.op('in a: X;', DOC + 'const X: u8 = 1;\n'), ["7:7: 'X' is a constant, not a type"])
        self.check(self.op('in a: bytes[e];', DOC + 'enum e: u8 { A = 1 }\n'), ["7:13: 'e' is not a constant"])

    def test_declared_after_use(self):
        self.check(HEAD + DOC + 'struct a { b: b; }\n' + DOC + 'struct b { c: u8; }\n' + DOC
                   + 'struct d { d: d; }\n' + DOC + 'op o = 1 { errors none; }\n',
                   ["4:15: unknown type 'b'", "8:15: unknown type 'd'"])

    def test_one_mistake_one_message(self):
        """What uses something broken is not reported again."""
        self.check(HEAD + DOC + 'const N: u8 = 300;\n' + DOC + 'struct s { a: u7; }\n' + DOC
                   + 'op o = 1 { in a: bytes[N]; in b: s; lend out c: bytes max N; out d: u32 counts c; errors none; }\n',
                   ['4:15: a constant of type u8 must be 0 to 255, not 300', "6:15: unknown type 'u7'"])

    def test_enums(self):
        self.check(HEAD + DOC + 'enum a: u64 { A = 1 }\n' + DOC + 'enum b: u8 { A = 256, B = -1 }\n' + DOC
                   + 'enum c: u8 { }\n' + DOC + 'flags d: u8 { A = 3, B = 0, C = 256, D = 4, E = 1 << 2 }\n' + DOC
                   + 'flags e: i32 { A = 1 }\n' + DOC + 'enum f: u8 { A }\n' + DOC + 'op o = 1 { errors none; }\n',
                   ["4:9: the type of an enum must be one of u8 u16 u32, not 'u64'",
                    '6:18: a value of type u8 must be 0 to 255, not 256',
                    '6:27: a value of type u8 must be 0 to 255, not -1', "8:6: 'c' has no values",
                    '10:19: a flag is one bit, such as 1 << 3, not 3',
                    '10:26: a flag is one bit, such as 1 << 3, not 0',
                    '10:33: a value of type u8 must be 0 to 255, not 256',
                    '10:49: the value 4 is taken: see line 10',
                    "12:10: the type of flags must be one of u8 u16 u32 u64, not 'i32'",
                    "14:16: expected '=' after 'A': every value is written out, found '}'"])

    def test_structs(self):
        self.check(HEAD + DOC + 'struct a { }\n' + DOC + 'struct b { h: handle vmo; i: bytes max 4; j: string max 0; }\n'
                   + DOC + 'op o = 1 { errors none; }\n',
                   ["4:8: 'a' has no members", '6:15: a handle cannot be a member: make it a parameter',
                    '6:30: a member has a fixed size: write bytes[N]',
                    '6:57: the max of a string must be 1 to 4095, not 0'])

    # -- what fits --

    def test_words(self):
        self.bad_op('in a: u64; in b: u64; in c: u64; in d: u64; in e: u64; in f: u64; in g: u8; in h: u8;',
                    "5:70: 'g' does not fit: 'o' needs 49 bytes of 'in' up to here and the words of a message "
                    'hold 48; lend it instead')
        self.bad_op('out s: string max 48;',
                    "5:5: 's' does not fit: 'o' needs 49 bytes of 'out' up to here and the words of a message "
                    'hold 48; lend it instead')
        self.bad_op('in a: u8; in b: bytes[40]; in c: u64;',
                    "5:31: 'c' does not fit: 'o' needs 56 bytes of 'in' up to here and the words of a message "
                    'hold 48; lend it instead')
        self.bad_op('in b: bytes max 48;', '5:17: bytes max 48 do not fit the words of a message, which take '
                                           '1 to 47: lend them instead')
        self.check(self.op('in s: s;', DOC + 'struct s { a: bytes[49]; }\n'),
                   ["7:4: 's' does not fit: 'o' needs 49 bytes of 'in' up to here and the words of a message "
                    'hold 48; lend it instead'])

    def test_handles_and_leases(self):
        five = ' '.join(f'in h{i}: handle vmo;' for i in range(6))
        self.bad_op(five, "5:80: more than 4 handles of 'in'")
        five = ' '.join(f'lend in l{i}: bytes max 1;' for i in range(6))
        self.bad_op(five, '5:109: more than 4 leases')

    def test_caps(self):
        self.bad_op('lend in a: bytes max 0;', '5:22: the max of a lease must be 1 to 274877906943, not 0')
        self.bad_op('lend in a: bytes max 1 << 38;',
                    '5:22: the max of a lease must be 1 to 274877906943, not 274877906944')
        self.bad_op('lend in a: string max 1025;', '5:23: the max of a lent string must be 1 to 1024, not 1025')
        self.bad_op('lend out a: string max 65536;', '5:24: the max of a lent string must be 1 to 65535, not 65536')
        self.bad_op('in a: bytes[0]; in b: string max 0; in c: bytes max 0;',
                    '5:13: the number of bytes must be 1 to 65535, not 0',
                    '5:34: the max of a string must be 1 to 4095, not 0',
                    '5:53: bytes max 0 do not fit the words of a message, which take 1 to 47: lend them instead')
        self.check(self.op('lend in a: s[] max 1 << 37;', DOC + 'struct s { a: u64; }\n'),
                   ['7:20: the max of a lease must be 1 to 34359738367, not 137438953472'])

    def test_lends(self):
        self.bad_op('lend in a: u32;', "5:12: what is lent is 'bytes max N', 'string max N' or 'STRUCT[] max N'")
        self.bad_op('lend in a: bytes[4];', "5:12: what is lent is 'bytes max N', 'string max N' or 'STRUCT[] max N'")
        self.bad_op('lend in a: nothing[] max 4;', "5:12: unknown struct 'nothing'")
        self.bad_op('lend a: bytes max 4;', "5:6: expected 'in' or 'out' after 'lend', found 'a'")
        self.check(self.op('lend in a: e[] max 4; in b: s[] max 4;',
                           DOC + 'enum e: u8 { A = 0 }\n' + DOC + 'struct s { a: u8; }\n'),
                   ["9:12: 'e' is not a struct: lend bytes",
                    '9:29: a list of structs is lent, it cannot be a parameter in the words'])

    def test_told(self):
        self.bad_op('in a: u32 told;', "5:11: only of what is lent the length is told")
        self.bad_op('in a: bytes[48]; lend in b: bytes max 4 told;',
                    "5:41: no room in the words of 'o' to tell the length")
        self.bad_op('lend in b: bytes max 4294967296 told;', '5:33: a length that is told is a u32')

    def test_counts(self):
        self.bad_op('lend out a: bytes max 4; out b: u32 counts c; out d: i32 counts a; in e: u32 counts a;',
                    "5:44: 'c' is not a 'lend out' of bytes or structs of this operation",
                    "5:65: only an 'out' parameter of type u8 to u64 counts",
                    "5:85: only an 'out' parameter of type u8 to u64 counts")
        self.bad_op('lend in a: bytes max 4; lend out s: string max 4; out b: u32 counts a; out c: u32 counts s;',
                    "5:69: 'a' is not a 'lend out' of bytes or structs of this operation",
                    "5:90: 's' is not a 'lend out' of bytes or structs of this operation")
        self.bad_op('lend out a: bytes max 4; out b: u32 counts a; out c: u32 counts a; lend in d: bytes max 1 counts a;',
                    "5:65: 'a' is counted twice", "5:98: only an 'out' parameter counts")

    # -- handles --

    def test_handle_types(self):
        self.bad_op('in a: handle box; in b: handle any; in c: handle any(move) unchecked; in d: handle vmo(walk, read, read);',
                    "5:14: unknown object type 'box': one of endpoint irq notification process quota reply "
                    'resource thread timer vmo any',
                    "5:32: 'handle any' must be 'unchecked': its type is not looked at",
                    "5:54: 'handle any' has no rights to name",
                    "5:88: 'vmo' has no right 'walk': one of dup move revoke info exec phys read write",
                    "5:100: right 'read' is taken: see line 5")
        self.bad_op('in a: handle vmo(read;', "5:22: expected ')' after the rights, found ';'")

    # -- errors --

    def test_errors(self):
        self.check(HEAD + DOC + 'op a = 1 { }\n' + DOC + 'op b = 2 { errors ERR_NONE, ERR_IO, ERR_IO; }\n' + DOC
                   + 'op c = 3 { errors none; errors none; idempotent; idempotent; often; often; }\n',
                   ["4:4: operation 'a' does not say which errors it answers: write 'errors …;' or 'errors none;'",
                    "6:19: unknown error 'ERR_NONE'", "6:37: error 'ERR_IO' is taken: see line 6",
                    "8:25: a second 'errors'", "8:50: a second 'idempotent'",
                    "8:69: a second 'often'"])

    # -- imports --

    def test_imports(self):
        user = HEAD + 'import shared;\nimport shared;\nimport absent;\n' + DOC + 'op o = 1 { in a: shared.b; errors none; }\n'
        shared = DOC + 'types shared;\n' + DOC + 'const A: u8 = 1;\n'
        self.check(user, ["4:8: import 'shared' is taken: see line 3",
                          "5:8: cannot read 'absent.idl': No such file or directory",
                          "7:18: 'shared' declares no type 'b'"], others={'shared.idl': shared})

    def test_import_of_itself(self):
        one = HEAD + 'import q;\n' + DOC + 'op o = 1 { in a: q.A; errors none; }\n'
        two = DOC + 'types q;\nimport p;\n' + DOC + 'const A: u8 = p.B;\n'
        self.write('q.idl', two)
        self.check(one, ["q.idl:3:8: 'p' imports itself"], others={'q.idl': two})

    def test_mistakes_in_an_import_are_reported_there(self):
        shared = DOC + 'types shared;\n' + DOC + 'const A: u8 = 256;\n'
        self.check(HEAD + 'import shared;\n' + DOC + 'op o = 1 { in a: bytes[shared.A]; errors none; }\n',
                   ['shared.idl:4:15: a constant of type u8 must be 0 to 255, not 256'],
                   others={'shared.idl': shared})

    # -- syntax --

    def test_recovery(self):
        """Every one of several broken pieces is reported, and nothing that is right."""
        self.check(HEAD + DOC + 'const A u8 = 1;\n' + DOC + 'enum e u8 { A = 1 }\n' + DOC
                   + 'op a 1 { in x: u8; errors none; }\n' + DOC + 'op b = 2 { in x u8; in y: ; in z: u8; errors ; }\n'
                   + DOC + 'op c = 3 { in: u8; { } out q: u9; errors none; }\nwhat;\n}\n' + DOC + 'op d = 4 { errors none; }\n',
                   ["4:9: expected ':' and a type after 'A', found 'u8'",
                    "6:8: expected ':' and a type after 'e', found 'u8'",
                    "8:6: expected '=' and a number after the name, found '1'",
                    "10:17: expected ':' and a type after 'x', found 'u8'",
                    "10:27: expected a type, found ';'",
                    "10:46: expected an error or 'none', found ';'",
                    "12:14: expected the name of a parameter, found ':'",
                    "12:20: expected 'in', 'out', 'lend', 'errors', 'idempotent' or 'often', found '{'",
                    "12:31: unknown type 'u9'",
                    "13:1: expected 'const', 'enum', 'flags', 'struct', 'op', 'reserved' or 'import', found 'what'",
                    "14:1: expected 'const', 'enum', 'flags', 'struct', 'op', 'reserved' or 'import', found '}'"])

    def test_cut_short(self):
        """However much of a file is there, there is a message and an end."""
        whole = (ROOT / 'sys' / 'protocols' / 'echo.idl').read_text()
        sys.path.insert(0, str(GENERATOR.parent))
        import abi
        import check
        from diag import Diagnostics
        known = abi.load(GENERATOR.parent.parent / 'abi')
        path = self.path('echo.idl')
        quiet = 0
        for end in range(0, len(whole), 23):
            Path(path).write_text(whole[:end])
            diags = Diagnostics()
            unit = check.Loader(known, diags).load(path)
            self.assertTrue(len(diags) or unit)
            quiet += not len(diags)
        self.assertLess(quiet, 20)  # only between two operations is a shorter file right

    def test_random_changes(self):
        """No text makes the generator fail in another way than with messages."""
        import random
        whole = (ROOT / 'sys' / 'protocols' / 'echo.idl').read_text()
        sys.path.insert(0, str(GENERATOR.parent))
        import abi
        import check
        import header
        import source
        from diag import Diagnostics
        known = abi.load(GENERATOR.parent.parent / 'abi')
        path = self.path('echo.idl')
        rng = random.Random(1)
        pieces = ['{', '}', ';', ':', '(', '[', ' max ', ' counts ', 'in ', 'op ', '0', '99', 'u8', '..', ',', '///', '\n', '|', '<<']
        for _ in range(150):
            text = whole
            for _ in range(rng.randint(1, 4)):
                at = rng.randrange(len(text))
                text = text[:at] + rng.choice(pieces) + text[at + rng.randint(0, 6):]
            Path(path).write_text(text)
            diags = Diagnostics()
            unit = check.Loader(known, diags).load(path)
            if not len(diags):
                header.write(unit)
                source.write(unit)


class Output(Case):
    ECHO = str(ROOT / 'sys' / 'protocols' / 'echo.idl')

    def generate(self, *files, out='out'):
        result = self.run_idl('generate', '--header', out + '.h', '--source', out + '.c', '--depfile', out + '.d',
                              *files)
        return result

    def read(self, name):
        return Path(self.path(name)).read_text()

    def test_deterministic(self):
        for out, seed in (('a', '1'), ('b', '2')):
            environment = dict(os.environ, PYTHONHASHSEED=seed)
            for command in (['generate', '--header', out + '.h', '--source', out + '.c', self.ECHO],
                            ['reference', '--output', out + '.md', self.ECHO]):
                subprocess.run([sys.executable, str(GENERATOR), *command], cwd=self.folder.name,
                               env=environment, check=True, timeout=60)
        for suffix in ('.h', '.c', '.md'):
            self.assertEqual(self.read('a' + suffix), self.read('b' + suffix))

    def test_nothing_is_written_after_a_mistake(self):
        self.write('p.idl', self.op('in a: u7;'))
        self.write('out.h', 'before')
        self.assertEqual(self.generate('p.idl').returncode, 1)
        self.assertEqual(self.read('out.h'), 'before')
        self.assertEqual(sorted(os.listdir(self.folder.name)), ['out.h', 'p.idl'])

    def test_depfile(self):
        self.write('shared.idl', DOC + 'types shared;\n' + DOC + 'const N: u32 = 8;\n')
        self.write('p.idl', HEAD + 'import shared;\n' + DOC
                   + 'op o = 1 { lend in b: bytes max shared.N; errors none; }\n')
        self.assertEqual(self.generate('p.idl').returncode, 0)
        self.assertEqual(self.read('out.d'), 'out.h out.c: p.idl shared.idl\n')
        self.assertIn('#include "protocols/shared.h"', self.read('out.h'))

    def test_documentation_cannot_break_out_of_comments(self):
        self.write('p.idl', '/// A */ int x; /* B\nprotocol p = 5;\n/// */\nop o = 1 {\n/// /* */\nin a: u8; errors none; }\n')
        self.assertEqual(self.generate('p.idl').returncode, 0)
        text = self.read('out.h')
        self.assertIn('/* A * / int x; / * B */', text)
        self.compile('p', 'out')

    def compile(self, name, out):
        folder = Path(self.path('protocols'))
        folder.mkdir(exist_ok=True)
        for suffix in ('.h', '.c'):
            os.replace(self.path(out + suffix), folder / (name + suffix))
        warnings = ('-Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith '
                    '-Wcast-qual').split()
        for level in ('-O0', '-O2'):
            subprocess.run(['cc', '-std=gnu11', level, *warnings, '-I' + self.folder.name, f'-I{ROOT}', '-c',
                            str(folder / (name + '.c')), '-o', self.path('out.o')], check=True, timeout=120)

    def test_every_shape_compiles(self):
        """One operation for each type in each direction, alone and together."""
        types = ['u8', 'u16', 'u32', 'u64', 'i32', 'i64', 'bool', 'status', 'color', 'gap', 'style', 'all', 'wide', 's', 't',
                 'string max 3', 'bytes[3]', 'bytes max 3', 'handle vmo(read)', 'handle any unchecked']
        lends = ['bytes max 9', 'string max 9', 's[] max 9', 't[] max 0x3ffffffff']
        text = (HEAD + DOC + 'enum color: u8 { A = 0, B = 1 }\n' + DOC + 'enum gap: u32 { A = 3, B = 0xffffffff }\n' + DOC
                + 'flags style: u8 { A = 1 }\n' + DOC + 'flags all: u8 { '
                + ', '.join(f'B{i} = 1 << {i}' for i in range(8)) + ' }\n' + DOC
                + 'flags wide: u64 { TOP = 1 << 63 }\n' + DOC + 'struct t { a: u8; }\n' + DOC
                + 'struct s { b: bool; t: t; c: color; st: status; w: wide; n: string max 2; i: i32; }\n' + DOC
                + 'const LOW: i32 = -2147483648;\n' + DOC + 'const LOWER: i64 = -(1 << 63);\n' + DOC
                + 'const HIGH: u64 = 0xffffffffffffffff;\n')
        number = 1
        for kind in types:
            for params in (f'in a: {kind};', f'out a: {kind};', f'in a: {kind}; out b: {kind}; in c: u8; out d: bool;'):
                text += DOC + f'op op{number} = {number} {{ {params} errors none; }}\n'
                number += 1
        for kind in lends:
            for params in (f'lend in a: {kind};', f'lend out a: {kind};',
                           f'lend in a: {kind}; in h: handle irq(use); lend out b: {kind}; out i: handle irq(use);'):
                text += DOC + f'op op{number} = {number} {{ {params} errors none; }}\n'
                number += 1
        for kind in ('bytes max 9', 's[] max 9'):
            for count in ('u8', 'u16', 'u32', 'u64'):
                text += DOC + f'op op{number} = {number} {{ lend out a: {kind}; out n: {count} counts a; errors none; }}\n'
                number += 1
        self.write('p.idl', text)
        result = self.generate('p.idl')
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        self.compile('p', 'out')

    def test_values_of_constants(self):
        self.write('p.idl', self.op('', DOC + 'const A: u64 = 0xffffffffffffffff;\n' + DOC + 'const B: i64 = -(1 << 63);\n'
                                    + DOC + 'const C: i32 = -2147483648;\n' + DOC + 'const D: u8 = 255;\n' + DOC
                                    + 'const E: i32 = -1;\n' + DOC + 'const F: i64 = 5;\n'))
        self.assertEqual(self.generate('p.idl').returncode, 0)
        text = self.read('out.h')
        for line in ('#define P_A 18446744073709551615ull', '#define P_B (-9223372036854775807ll - 1)',
                     '#define P_C (-2147483647 - 1)', '#define P_D 255u', '#define P_E (-1)', '#define P_F 5ll'):
            self.assertIn(line + '\n', text)

    def test_operation_comment(self):
        """What a caller must know stands at the stub and on the page."""
        self.write('p.idl', HEAD + DOC + 'op o = 7 {\n/// Where to.\nin to: string max 9;\nlend out b: bytes max 4096;\n'
                   'errors ERR_IO, ERR_BUSY; idempotent; }\n' + DOC + 'op q = 8 { errors none; }\nreserved 1, 3..5, 9;\n')
        self.assertEqual(self.generate('p.idl').returncode, 0)
        text = self.read('out.h')
        for words in ('to: Where to.; at most 9 bytes', 'b: at most 4096 bytes',
                      'Errors: ERR_IO, ERR_BUSY. Idempotent.', 'Errors: none of its own. Not idempotent.'):
            self.assertIn(words, text)
        self.assertEqual(self.run_idl('reference', '--output', 'out.md', 'p.idl').returncode, 0)
        page = self.read('out.md')
        for words in ('## Protocol 5: p', '#### 7 `o`', '| in | `to` | string, at most 9 bytes | Where to. |',
                      '| lend out | `b` | at most 4096 bytes |  |',
                      'Errors: ERR_IO, ERR_BUSY. Idempotent: it may be sent again.',
                      'Errors: none of its own. Not idempotent.', 'Numbers never to be used again: 1, 3-5, 9.'):
            self.assertIn(words, page)

    def test_protocols_together(self):
        self.write('a.idl', DOC + 'protocol a = 5;\n' + DOC + 'op o = 1 { errors none; }\n')
        self.write('b.idl', DOC + 'protocol b = 5;\n' + DOC + 'op o = 1 { errors none; }\n')
        os.mkdir(self.path('sub'))
        self.write('sub/a.idl', DOC + 'protocol a = 6;\n' + DOC + 'op o = 1 { errors none; }\n')
        result = self.run_idl('reference', '--output', 'out.md', 'a.idl', 'b.idl', 'sub/a.idl')
        self.assertEqual(result.stderr, "b.idl:2:14: protocol number 5 is taken by 'a' (a.idl:2)\n"
                                        "sub/a.idl:2:10: 'a' is also a.idl\n")
        self.assertEqual(result.returncode, 1)

    def test_usage(self):
        self.assertEqual(self.run_idl().returncode, 2)
        self.assertEqual(self.run_idl('generate', 'p.idl').returncode, 2)


if __name__ == '__main__':
    unittest.main()
