# Children come and go while procd is killed again and again. Each `f` must be 1, and the jobs must all end.
i=0
while [ $i -lt 6 ]; do
  sleep 0.05 &
  sleep 0.02 &
  true; true; true
  kill -9 $(ps -o pid,comm | while read p n; do [ "$n" = procd ] && echo $p; done)
  false; echo "f$?"
  wait
  i=$((i+1))
done
echo STORM OVER
