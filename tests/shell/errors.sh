# XCU 2.8.1: which mistakes end a shell.
t() { (eval "$1"; echo survived) 2>/dev/null; [ $? -ne 0 ] && echo ended; }
t 'if'; t 'fi'; t 'echo )'; t 'case x'; t '"'; t '$('; t 'for 1 in x; do :; done'
t 'readonly r=1; r=2'; t 'readonly r=1; export r=2'; t 'readonly r=1; unset r'
t 'echo ${x?}'; t 'echo ${x!}'; t 'set -u; echo $nope'; t ': $((1/0))'
t 'export 1x=1'; t 'shift 99'; t '. /nosuch/file'; t 'set -Z'
t ': >/nosuch/dir/file'; t 'exec >/nosuch/dir/file'; t 'eval "if"'
t 'echo >/nosuch/dir/file'; t 'cat </nosuch/file'; t 'nosuchcmd'; t '/nosuch/cmd'
t 'cd /nosuch'; t 'false'; t 'test 1 -eq x'; t 'command : >/nosuch/dir/file'; t 'command export 1x=1'
t '{ echo; } >/nosuch/dir/file'; t 'f() { return 1; }; f'; t 'command eval "if"' >/dev/null
t 'exit 3'; t 'return 0; echo no' >/dev/null
:
(nosuchcmd) 2>/dev/null; echo $?; (/dev/null) 2>/dev/null; echo $?; (exec nosuchcmd) 2>/dev/null; echo $?
(exec true; echo no); echo $?; (exec false); echo $?; (exec echo replaced; echo no)
(exec >o; echo into file; exec cat o >&2) 2>/dev/null; cat o; rm o
exec 3>&1; echo to three >&3; exec 3>&-
x=$(exit 3; echo no); echo "$? <$x>"
f() { exit 6; }; (f; echo no); echo $?
echo "$(exit 4)"; echo $?
