# XCU 2.9: commands of all kinds.
true && echo a; false && echo b; true || echo c; false || echo d
true && false || echo e; false && true || echo f; true || false && echo g
! true; echo $?; ! false; echo $?
if true; then echo 1; elif true; then echo 2; else echo 3; fi
if false; then echo 1; elif true; then echo 2; else echo 3; fi
if false; then echo 1; elif false; then echo 2; else echo 3; fi
if false; then :; fi; echo $?
i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done; echo $?
until [ $i -eq 0 ]; do i=$((i-1)); done; echo $i
for i in a b c; do echo $i; done; for i in; do echo never; done; echo $?
set -- x y; for i do echo $i; done; for i
do echo $i; done
for i in 1 2 3 4 5; do case $i in 2) continue;; 4) break;; esac; echo $i; done
for i in 1 2; do for j in a b; do [ $j = b ] && continue 2; echo $i$j; done; done
for i in 1 2; do for j in a b; do echo $i$j; break 2; done; done; echo $?
while :; do while :; do break 5; done; echo no; done; echo out
case abc in a) echo 1;; a*) echo 2;; *) echo 3;; esac
case x in a|x|y) echo alt;; esac
case x in (x) echo paren;; esac
case '' in '') echo empty;; esac
case x in y) echo no;; esac; echo $?
case '*' in '*') echo star;; esac; case a in '*') echo no;; *) echo default;; esac
case a in [!b]) echo neg;; esac; case ] in []]) echo bracket;; esac
v='a*'; case abc in $v) echo pattern;; esac; case abc in "$v") echo no;; *) echo quoted;; esac
case "a b" in a\ b) echo blank;; esac
case $(echo sub) in sub) echo sub;; esac
false; case x in x) ;; esac; echo $?
case x in x) false;; esac; echo $?
{ echo group; }; { echo a; echo b; } | cat
(echo subshell; exit 3); echo $?
x=out; (x=in; echo $x); echo $x
(cd /; pwd); [ "$(pwd)" != / ] && echo unchanged
f() { echo "f $# $1"; return 5; echo no; }; f a b; echo $?
f() { g; echo after g; }; g() { return; }; false; f
f() (x=sub; echo $x); f; echo $x
f() { if [ $1 -gt 0 ]; then echo $1; f $(($1-1)); fi; }; f 3
f() { for i in 1 2 3; do return $i; done; }; f; echo $?
f() { x=$1; }; f new; echo $x
f() { echo one; }; f; f() { echo two; }; f; unset -f f; f 2>/dev/null; echo $?
f() { echo "$@"; set -- c d; echo "$@"; }; set -- 1 2; f a b; echo "$@"
v=global; f() { local v=local; echo $v; g; }; g() { echo $v; }; f; echo $v
x=1 f2() { :; } 2>/dev/null; true
echo a | cat; echo b | cat | cat | cat
false | true; echo $?; true | false; echo $?; ! true | false; echo $?
(exit 3) | (exit 4); echo $?
echo piped | { read x; echo "got $x"; }
echo a | while read x; do echo "loop $x"; done
x=before; echo after | read x; : $x
(sleep 0; echo bg) & wait; echo $?
(exit 6) & wait $!; echo $?
sleep 0 & sleep 0 & wait; echo waited
wait 99999 2>/dev/null; echo $?
x=$(false); echo $?; x=$(true); echo $?; x=1 y=$(exit 3); echo $?
$(echo echo hello); $(true); echo $?; $(false); echo $?
x='echo from variable'; $x
e=; $e echo leading empty; $e; echo $?
a=1 b=2; echo $a$b; a=3 true; echo $a; a=4 :; echo $a
a=5 eval 'echo $a'
nosuchcommand_at_all 2>/dev/null; echo $?
/dev/null 2>/dev/null; echo $?
: a b c; echo $?
true; true && false; echo $?
if ! false; then echo negated; fi
while ! true; do echo no; done; echo $?
{ false; true; } && echo last
echo a; echo b & wait
if { true; false; true; } then echo list; fi
for i in a; do :; done >/dev/null; echo $i
case a in a) ;; esac
case a in
  a)
    echo multi
    ;;
esac
f() {
  echo body
}
f
f() { if [ $1 -gt 0 ]; then f $(($1-1)); else echo bottom; fi; }; f 150
