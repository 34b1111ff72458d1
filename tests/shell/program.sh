# As scripts are written: functions that build on each other.
join() { sep=$1; shift; out=; for part; do out=${out:+$out$sep}$part; done; printf '%s\n' "$out"; }
join , a b c; join ': ' one; join -
repeat() { n=$1; r=; while [ "$n" -gt 0 ]; do r=$r$2; n=$((n - 1)); done; printf '%s' "$r"; }
echo "[$(repeat 3 ab)]"
reverse() { s=$1; r=; while [ -n "$s" ]; do rest=${s#?}; r=${s%"$rest"}$r; s=$rest; done; echo "$r"; }
reverse hello; reverse 'a b*c'
upper() { case $1 in a) echo A;; b) echo B;; *) echo "$1";; esac; }
for c in a b c; do upper $c; done
basename_of() { p=${1%"${1##*[!/]}"}; echo "${p##*/}"; }
basename_of /usr/lib/; basename_of file; basename_of /a/b/c.d
count() { echo $#; }; IFS=,; count $(echo a,b,c); unset IFS
fib() { if [ $1 -le 1 ]; then echo $1; else echo $(($(fib $(($1 - 1))) + $(fib $(($1 - 2))))); fi; }; fib 7
gcd() { a=$1 b=$2; while [ $b -ne 0 ]; do t=$((a % b)) a=$b b=$t; done; echo $a; }; gcd 48 36
set_var() { eval "$1=\$2"; }; set_var name 'a value "with" $things'; echo "$name"
get_var() { eval "printf '%s\n' \"\${$1}\""; }; get_var name
push() { stack="$1 $stack"; }; pop() { top=${stack%% *}; stack=${stack#* }; }; stack=; push 1; push 2; pop; echo $top; pop; echo $top
is_number() { case $1 in '' | *[!0-9]*) return 1;; esac; }; for v in 12 x '' 3a; do is_number "$v" && echo "number $v" || echo "not $v"; done
log() { echo "log: $*" >&2; }; log to stderr 2>/dev/null; (log redirected) 2>&1 | cat
quote() { printf %s "$1" | while IFS= read -r l || [ -n "$l" ]; do printf "<%s>\n" "$l"; done; }; quote 'two
lines'
parse() { verbose=0 file=; while [ $# -gt 0 ]; do case $1 in -v) verbose=1;; -f) file=$2; shift;; --) shift; break;; -*) echo "bad $1"; return 2;; *) break;; esac; shift; done; echo "$verbose ${file:-none} $*"; }
parse -v -f name rest of; parse; parse -x; echo $?; parse -- -v
while IFS=: read -r user _ uid rest; do echo "$user has $uid"; done <<E
root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/:
E
tmp=./tmp.$$; trap 'rm -f "$tmp"' EXIT; echo data >"$tmp"; read d <"$tmp"; echo $d
exec 3<&0 </dev/null; read nothing || echo at the end; exec 0<&3 3<&-
i=0; until i=$((i + 1)); [ $i -ge 5 ]; do [ $((i % 2)) -eq 0 ] || continue; echo even $i; done
x=$(
	# a comment with ' and ) in it
	case y in
	(y) echo "case in substitution";;
	esac
); echo "$x"
set -- "$@" 'it'\''s'; for a; do echo "$a"; done
{ echo first; { echo second; (echo third); }; } | while read w; do echo "- $w"; done
: "${UNSET_DEFAULT:=$(echo computed)}"; echo $UNSET_DEFAULT
[ "${x+set}" = set ] && [ -z "${nope+set}" ] && echo defined
if ! command -v no_such_program_here >/dev/null 2>&1; then echo absent; fi
echo "a-b-c" | { IFS=-; read a b c; echo "$c$b$a"; }
f() { echo "$0" | { read n; [ -n "$n" ] && echo has name; }; }; f
main() { local IFS=/; set -- $1; echo $#; }; main a/b/c; echo "${IFS-unset}" | { read -r l; echo "<$l>"; }
