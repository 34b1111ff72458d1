# XCU 2.7: redirection.
echo one >f; cat f; echo two >>f; cat <f
{ echo a; echo b >&2; } >o 2>e; cat o e
(echo sub; echo err >&2) >o 2>&1; cat o
if true; then echo in if; fi >o; cat o
for i in 1 2; do echo $i; done >o; cat o
while read l; do echo "got $l"; done <o
f() { echo func; echo ferr >&2; } 2>/dev/null; f >o; cat o
>empty; [ -f empty ] && [ ! -s empty ] && echo empty
echo x >f >g; [ -s f ] || echo f empty; cat g
exec 3>three; echo to three >&3; echo more 1>&3; exec 3>&-; cat three
exec 4<three; read a <&4; read b <&4; echo "$a,$b"; exec 4<&-
exec 5<>rw; echo rw >&5; exec 5>&-; cat rw
(echo closed >&7) 2>/dev/null || echo bad fd
echo a 2>&1 >f; cat f
cat <<E
plain $((1+2)) $(echo sub) `echo bq` ${u:-default} "quoted" 'single' \$esc \\ \x \
joined
E
cat <<'E'
raw $x `y` \n "z"
E
cat <<"E"; echo after
raw2 $x
E
cat <<-E
	tabs
		more
	E
x=v; cat <<E1; cat <<E2
first $x
E1
second $x
E2
cat <<E | while read l; do echo "<$l>"; done
p1
p2
E
f() { cat <<E
in function $1
E
}; f a; f b
cat <<E && echo and
body
E
cat 3<<E <&3
fd three
E
cat <<''
until empty line

echo $(cat <<E
in substitution
E
)
cat <<E
$(cat <<F
nested
F
)
E
cat <<E
a"b"c ${x:+"q"} ${x}
E
read a b <<E
left right side
E
echo "$a|$b"
cat </dev/null; echo $?
cat <nosuchfile 2>/dev/null; [ $? -ne 0 ] && echo no file
echo x >nodir/f 2>/dev/null; echo survived $(( $? != 0 ))
set -C; echo a >nc; (echo b >nc) 2>/dev/null || echo refused; cat nc; echo c >|nc; cat nc; echo d >>nc; cat nc; echo e >/dev/null && echo dev; set +C
n=o; echo var >$n; cat o
{ { echo deep >&3; } 3>&1; } | cat
echo a >f; cat f; cat <<E
from here
E
rm -f f g o e nc three rw empty
