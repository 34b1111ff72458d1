# set and its options.
(set -e; false; echo no); echo $?
(set -e; true; echo yes); (set -e; false || true; echo yes); (set -e; if false; then :; fi; echo yes)
(set -e; ! true; echo yes); (set -e; false && true; echo yes); (set -e; while false; do :; done; echo yes)
(set -e; true && false; echo no); echo $?
(set -e; f() { false; echo in f; }; f; echo no); echo $?
(set -e; f() { false; echo in f; }; f || true; echo yes)
(set -e; f() { false; echo in f; }; if f; then echo t; fi)
(set -e; { false; echo no; }; echo no); echo $?
(set -e; (false; echo no); echo no); echo $?
(set -e; (false; echo reached) || echo or; echo yes)
(set -e; false | true; echo yes); (set -e; true | false; echo no); echo $?
(set -e; x=$(false); echo no); echo $?
(set -e; echo $(false); echo yes)
(set -e; for i in 1 2; do false; echo no; done); echo $?
(set -e; eval false; echo no); echo $?
(set -e; case x in x) false;; esac; echo no); echo $?
(set -u; echo $unset_var; echo no) 2>/dev/null; [ $? -ne 0 ] && echo unset
(set -u; echo "${unset_var-default}" $# "$@" "$*"; echo yes)
(set -u; x=; echo "$x" yes)
(set -f; echo /*); (set -f; set +f; echo /dev/nul[l])
(set -a; AX=1; env | while IFS= read -r l; do case $l in AX=*) echo $l;; esac; done)
(set -n; echo no); echo $?
(set -x; echo traced) 2>/dev/null
set -x 2>/dev/null; { set +x; } 2>/dev/null
(set -v; echo verbose) 2>/dev/null
(set -o noglob; echo *; set +o noglob; set -o nounset; echo ${x-none})
(set -eu; echo $-) | while read f; do case $f in *e*u*|*u*e*) echo both;; esac; done
set -- -e; echo $1; set - a b; echo "$@"; set -e -- x y; echo "$@"; set +e
set +o >saved; set -f; . ./saved; echo /dev/nul[l]; rm saved
(set -Z) 2>/dev/null; [ $? -ne 0 ] && echo bad option
f() { set -- in f; echo $#; }; set -- a b c; f; echo $#
