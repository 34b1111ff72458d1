# XCU 2.14 and chapter 4: built-ins.
p() { for a; do printf '<%s>' "$a"; done; echo; }
eval 'x=1; echo $x'; eval echo a '"b  c"'; eval; echo $?; eval 'false'; echo $?
printf 'echo sourced $1; y=2; return 3; echo no\n' >s.sh; . ./s.sh; echo $? $y; rm s.sh
(. ./nosuchfile; echo no) 2>/dev/null; [ $? -ne 0 ] && echo dot failed
export X=exported; (unset X; echo ${X-unset}); echo $X
readonly R=1; (R=2; echo no) 2>/dev/null; [ $? -ne 0 ] && echo read-only; echo $R
(unset R) 2>/dev/null; echo $R
(readonly R2=x; export R2; echo $R2)
x=1; unset x; echo ${x-unset}; unset nosuchvar; echo $?
set -- a b c; shift; p "$@"; shift 2; p $#; 
set -- -a; p "$1"; set -- -- x; p "$@"
while getopts ab:c opt -a -b arg -c rest; do echo "$opt ${OPTARG:-none}"; done; echo $OPTIND
OPTIND=1; while getopts ab: opt -abval x; do echo "$opt ${OPTARG:-none}"; done; echo $OPTIND
OPTIND=1; while getopts :ab: opt -z -b; do echo "$opt $OPTARG"; done; echo $OPTIND
OPTIND=1; getopts a opt x; echo $? $opt $OPTIND
OPTIND=1; set -- -a -- -b; while getopts ab opt; do echo $opt; done; shift $((OPTIND-1)); p "$@"
printf '%s %d %x %o %c %5s|%-5s|%05d %.2s\n' str 42 255 8 char r l 7 abcdef
printf '%s-' a b c; echo; printf '%s %s\n' a b c; printf 'no args %s %d\n'
printf '\t\\\101\n'; printf '%b' 'a\tb\n' 'c\0101\n'; printf '%%\n'; printf '%b' 'stop\c' more; echo
printf '%*d|%-*d|%.*s\n' 5 42 5 42 2 abc; printf '%i %u %X\n' 3 4 255; printf '%d %d\n' 0x10 010; printf "%d\n" "'A"
printf '%d\n' abc 2>/dev/null; [ $? -ne 0 ] && echo bad number
printf '%.3f %e %g\n' 3.14159 1234.5 0.5
printf 'one\ntwo words here\nlast' | { read a; p "$a"; read a b; p "$a" "$b"; read a; echo $?; p "$a"; read a; echo $?; p "$a"; }
printf 'a\\b\\\nc\n' | { read x; p "$x"; }; printf 'a\\b\n' | { read -r x; p "$x"; }
printf 'a:b:c:d\n' | { IFS=: read x y z; p "$x" "$y" "$z"; }; printf ' a  b  \n' | { read x; p "$x"; }
printf 'a:b:\n' | { IFS=: read x y; p "$x" "$y"; }; printf '::\n' | { IFS=: read x y; p "$x" "$y"; }
printf ' a b \n' | { IFS= read x; p "$x"; }; printf 'a\\ b c\n' | { read x y; p "$x" "$y"; }
printf 'a\n' | { read x y z; p "$x" "$y" "$z"; }
[ a = a ]; echo $?; [ a = b ]; echo $?; [ a != b ]; echo $?; test -n a; echo $?; test -z a; echo $?
[ 1 -eq 1 ]; echo $?; [ 1 -lt 2 ]; echo $?; [ 2 -ge 3 ]; echo $?; [ -1 -lt 0 ]; echo $?
[ ]; echo $?; [ '' ]; echo $?; [ x ]; echo $?; [ ! x ]; echo $?; [ ! '' ]; echo $?; [ -n ]; echo $?; [ = ]; echo $?
[ -d / ]; echo $?; [ -f / ]; echo $?; [ -e /nosuch ]; echo $?; : >f; [ -s f ]; echo $?; [ -r f ]; echo $?; echo x >f; [ -s f ]; echo $?
[ -d / -a -e f ]; echo $?; [ -f / -o -e f ]; echo $?; [ ! -f / -a a = a ]; echo $?; [ \( a = a \) ]; echo $?
[ '(' = '(' ]; echo $?; [ ! = ! ]; echo $?; [ -f = -f ]; echo $?; [ a -a '' ]; echo $?
ln -s f l 2>/dev/null && { [ -h l ]; echo $?; [ -L l ]; echo $?; rm l; }; rm f
[ 1 -eq x ] 2>/dev/null; [ $? -gt 1 ] && echo error
cd /; pwd; cd /tmp/..; pwd; cd - >/dev/null; pwd; (cd /nosuchdir) 2>/dev/null; [ $? -ne 0 ] && echo no dir
cd /dev; echo $PWD $OLDPWD; cd ./../; pwd; cd dev/.; pwd; cd "$OLDPWD"; pwd
command echo via command; command -v echo; command -v cd; command -v nosuchcmd; [ $? -ne 0 ] && echo none; echo() { printf 'function\n'; }; echo; command echo builtin; unset -f echo
(command . ./nosuchfile; echo survived) 2>/dev/null
umask 022; umask; umask 077; umask; umask u=rwx,g=rx,o=; umask; umask -S; umask 022
type cd >/dev/null; echo $?; type nosuchcmd >/dev/null 2>&1; [ $? -ne 0 ] && echo none
true; echo $?; false; echo $?; :; echo $?
(exit); echo $?; (false; exit); echo $?; (exit 300); echo $?
alias hi='echo hello'
hi there
alias hi; unalias hi; hi 2>/dev/null; [ $? -eq 127 ] && echo gone
alias two='echo a; echo b'
two
alias e='echo '; alias w='word'
e w
hash cat; echo $?; hash -r; echo $?
wait; echo $?
kill -l 15; kill -0 $$; echo $?
times >/dev/null; echo $?
set -o | while read n v; do case $n in errexit) echo $n $v;; esac; done
f() { local a=1 b; b=2; echo $a $b; }; a=g; f; echo $a ${b-unset}
echo end
