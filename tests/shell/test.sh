# XCU test: the utility.
t() { test "$@" 2>/dev/null; case $? in 0) echo true;; 1) echo false;; *) echo error;; esac; }
t; t ''; t a; t !; t -n; t -z; t '('; t -a
t ! ''; t ! a; t -n ''; t -n a; t -z ''; t -z a; t ! !; t -e /; t -e /nosuch
t a = a; t a = b; t a != b; t a != a; t ! = !; t -n = -n; t ! -n ''; t '(' a ')'; t '(' '' ')'; t '(' = '('
t a -a b; t a -a ''; t '' -o b; t '' -o ''
t ! a = b; t ! a = a; t '(' -n a ')'; t ! ! a
t 1 -eq 01; t 1 -ne 1; t -5 -lt 3; t 3 -le 3; t 4 -gt 5; t 5 -ge 5; t ' 5' -eq 5; t x -eq 1; t 1 -eq ''; t 1x -eq 1
t a = a -a b = b; t a = a -a b = c; t a = b -o b = b; t ! a = b -a c = c; t '(' a = b -o c = c ')' -a d = d
t -d /; t -f /; t -d /dev/null; t -c /dev/null; t -b /dev/null; t -s /dev/null; t -p /; t -h /; t -S /
: >f; t -f f; t -s f; echo x >f; t -s f; t -r f; t -w f; chmod 644 f; t -x f; chmod 755 f; t -x f; t -L f
t f -ef f; t f -ef nosuch; t nosuch -nt f
ln -s f l; t -L l; t -h l; t -f l; t l -ef f; rm l f
t a b; t a b c; t a = b c d
[ a = a ] && echo bracket; [ a = a 2>/dev/null; [ $? -gt 1 ] && echo unclosed
[ "a b" = 'a b' ] && echo words
