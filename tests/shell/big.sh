# Much of everything: long lines, many words, variables and functions that are too long for a program's arguments.
x=0123456789; i=0; while [ $i -lt 11 ]; do x=$x$x; i=$((i+1)); done; echo ${#x}
(echo in subshell ${#x}; exit 3); echo $?
y=$(echo "${#x}"); echo $y; echo $x | { read z; echo ${#z}; }
echo "${x#0}" | { read z; echo ${#z}; }
f() { echo function $1 ${#x}; }; f a | cat; (f b) & wait; $(exit 7); echo $?
v=$(echo "$x"); [ "$v" = "$x" ] && echo same
cat <<E | { read z; echo ${#z}; }
$x
E
cat <<'E' | while read -r z; do echo "<$z>"; done
short
E
unset x v z
set --; i=0; while [ $i -lt 300 ]; do set -- "$@" w$i; i=$((i+1)); done; echo $# $1 $300 ${300}
for w; do :; done; echo $w; shift 299; echo $#
eval "$(i=0; while [ $i -lt 200 ]; do echo "v$i=$i"; i=$((i+1)); done)"; echo $v0 $v199; (echo $v100)
s=; i=0; while [ $i -lt 500 ]; do s="$s line$i
"; i=$((i+1)); done; echo "$s" | while read a; do last=$a; [ -n "$a" ] && [ "$a" = line499 ] && echo "$a"; done
n=0; for w in $s; do n=$((n+1)); done; echo $n
echo "$s" >f; n=0; while read a; do n=$((n+1)); done <f; echo $n; rm f
a=x; i=0; while [ $i -lt 100 ]; do a="($a)"; i=$((i+1)); done; echo ${#a}
i=0; while [ $i -lt 50 ]; do echo $i; i=$((i+1)); done | while read n; do case $n in 49) echo last $n;; esac; done
echo $(echo $(echo $(echo $(echo $(echo deep)))))
case $s in *line250*) echo found;; esac
