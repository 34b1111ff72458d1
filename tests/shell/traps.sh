# trap, signals and the ends of shells.
(trap 'echo exit trap' EXIT; echo body); (trap 'echo exit $?' EXIT; exit 3); echo $?
(trap 'echo zero' 0; true); (trap 'exit 9' EXIT; exit 1); echo $?
(trap 'echo a' EXIT; trap - EXIT; echo none)
(trap 'echo a' EXIT; trap 'echo b' EXIT)
(trap 'echo outer' EXIT; (echo inner no trap))
(trap 'echo in function' EXIT; f() { exit 4; }; f); echo $?
trap 'echo "it'\''s"' EXIT; trap >list; trap - EXIT; [ -s list ] && echo listed; eval "$(cat list)"; trap - EXIT; rm list
trap; echo $?
trap 'x=1' NOSUCHSIG 2>/dev/null; [ $? -ne 0 ] && echo bad signal
(trap 'echo never' EXIT; set -e; false; echo no); echo $?
(trap 'echo t; false' EXIT; exit 0); echo $?
(trap "echo $(echo expanded)" EXIT)
trap '' EXIT; trap - EXIT
trap -- 'echo dashes' EXIT; trap - EXIT; echo ok
trap 'echo bye $?' EXIT
false
