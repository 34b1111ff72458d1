# XCU 2.5 and 2.6.2: parameters and their expansion.
p() { for a; do printf '<%s>' "$a"; done; echo; }
set -- one 'two words' '' four five six seven eight nine ten eleven
p $# $1 "$2" "$3" ${10} ${11} "$10"
p "$@"; p "$*"; p $*; p $@
p a"$@"b; p "a$*b"
set --; p $# "$@" "$*" x"$@"
set -- 'a b' c; IFS=:; p "$*" $* "$@"; IFS=; p "$*"; unset IFS; p "$*"
unset u; e=; s=set
p "${u-d}" "${e-d}" "${s-d}" "${u:-d}" "${e:-d}" "${s:-d}"
p "${u+a}" "${e+a}" "${s+a}" "${u:+a}" "${e:+a}" "${s:+a}"
p "${u=v}" "$u"; unset u; p "${e:=w}" "$e"; e=
(echo "${u?}") 2>/dev/null; [ $? -ne 0 ] && echo failed
(echo "${e:?message}") 2>/dev/null; [ $? -ne 0 ] && echo failed
(echo "${s:?message}" "${e?x}") && echo good
p ${#s} ${#e} "${#u}" ${#}
f=/usr/lib/a.tar.gz
p "${f#*/}" "${f##*/}" "${f%.*}" "${f%%.*}" "${f#/usr}" "${f%x}" "${f##*x}"
p "${f#"/usr"}" "${f%'.gz'}" "${f#$u}" "${f%"${f#/usr}"}"
q='*x*'; p "${q#*}" "${q##*}" "${q#\*}" "${q#'*'}" "${q%"*"}"
p ${u:-a b} "${u:-a b}" ${u:-"a b"} "${u:-"a b"}" ${u:-'a b'} ${u:-a\ b}
p ${u:-$s} ${u:-${e:-${s}}} ${u:-$(echo sub)} ${u:-`echo bq`} ${u:-$((1+1))}
p "${u:-a}b" "${u:+a}b" x${e}y
p ${s}x $s-x "$s"x ${s}_$s
p "${u-"}"}" ${u-\}} "${u-\}}"
f() { p $# "$@" $0; }
f 1 2 >/dev/null; p $# "$1"
true; p $?; false; p $?; (exit 7); p $?
x=1 y=$x z=$y; p $x $y $z
x=5; p $x"$x"'$x'\$x
[ "$$" = "$(echo $$)" ] && echo same pid
case $- in *e*) echo e;; *) echo no e;; esac
set -e; case $- in *e*) echo e;; esac; set +e
unset x; x=${x-default}; p $x
p "${1:-none}" "${2:-none}" "${3:-none}"
shift; p "$@"; shift; p $#
set a b c; shift 2; p "$@"
set -- -x; p "$1"; set -- ; p $#
