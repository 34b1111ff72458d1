# XCU 2.6.5: field splitting, and 2.6.6: pathname expansion.
p() { printf '%d' $#; for a; do printf '<%s>' "$a"; done; echo; }
x='  a  b	c
d '
p $x; p "$x"; p -$x-; p $x$x
IFS=:; x='a:b::c:'; p $x; x=':a'; p $x; x=':'; p $x; x='::'; p $x; x='a b'; p $x
IFS=' :'; x=' a : b  c:: d '; p $x; x=' : '; p $x; x='a :b'; p $x
IFS=':,'; x='a,b:c,,d'; p $x
IFS=''; x='a b:c'; p $x
IFS='
'; x='a b
c'; p $x
unset IFS
e=; p $e; p "$e"; p $e$e; p $e"$e"; p a$e; p $e a
p $(echo 'a b'; echo c); p "$(echo 'a b'; echo c)"
p $(echo); p "$(echo)"; p $(printf 'a\n\n\n'); p "$(printf 'a\n\nb\n\n')"
IFS=x; p $(echo axb) axb `echo 1x2`; y=axb; p $y "$y" ${y}; p ${u:-axb} ${u:-"axb"}; unset IFS
IFS=0; p $((101)) "$((101))"; unset IFS
y='a b'; z=$y; p "$z"; case $y in 'a b') echo one word;; esac
for i in $y; do echo "[$i]"; done
set -- $y; p "$@"
mkdir d && cd d || exit 1
: >a.c; : >b.c; : >.hid; : >'s p'; mkdir sub; : >sub/x.c; : >'[z]'
p *; p *.c; p ?.c; p [ab].c; p [!a].c; p .h*; p */x.c; p */*; p nothing*; p "*.c" '*' \*
g='*.c'; p $g; p "$g"; h='*'; p ${h}.c; p "$h".c; p s*; p [[]z]; p \[z]
p *'.c'; p ./*.c; p sub/; p sub/*; p */
set -f; p *.c $g; set +f; p *.c
x=*.c; p "$x"; p $x
for i in *.c; do echo "$i"; done
case a.c in *.c) echo match;; esac
echo >*.out; [ -e '*.out' ] && echo literal target
cd ..; rm -r d
