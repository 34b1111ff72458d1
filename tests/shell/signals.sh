# Signals to shells and programs.
:
trap 'echo caught USR1' USR1; kill -USR1 $$; echo next
trap 'echo caught TERM' TERM; kill $$; kill -s TERM $$; kill -TERM $$
trap '' USR2; kill -USR2 $$; echo ignored
trap - USR1 TERM USR2
sleep 5 & kill $!; wait $! 2>/dev/null; echo $?
sleep 5 & kill -9 $!; wait $! 2>/dev/null; echo $?
sleep 5 & kill -s INT $! ; kill $!; wait $! 2>/dev/null; [ $? -gt 128 ] && echo signal
trap 'echo got it' USR1; (sleep 0; kill -USR1 $$) & wait; wait; echo done
trap 'echo int' INT; kill -INT $$; trap - INT
f() { kill -USR1 $$; echo in f; }; f
while kill -USR1 $$; do echo loop; break; done
trap 'echo in trap; false' USR1; true; kill -USR1 $$; echo $?
trap 'return_value=5' USR1; kill -USR1 $$; echo $return_value
trap - USR1
echo end
