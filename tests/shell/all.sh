# Runs every script of this folder with vsh, in an empty directory, and says which do not print what they should.
folder=${1:-/test/shell}
mkdir /tmp/shell && cd /tmp/shell || exit 1
for out in "$folder"/*.out; do
	name=${out##*/}
	name=${name%.out}
	got=$(vsh "$folder/$name.sh" 2>/tmp/errors; echo "status $?")
	if [ "$got" = "$(cat "$out")" ]; then
		echo "PASS $name"
	else
		echo "FAIL $name"
		printf '%s\n' "$got" >/tmp/got
		# The first line that differs.
		exec 3<"$out" 4</tmp/got
		while read -r want <&3 && read -r line <&4; do
			[ "$want" = "$line" ] || { echo "  wanted '$want', got '$line'"; break; }
		done
		exec 3<&- 4<&-
		cat /tmp/errors
	fi
done
# help describes everything that can be run.
help | while read -r name rest; do
	case $name in
	Built-in | Words | Programs | Keys:) ;;
	*) [ -n "$rest" ] && help "$name" >/dev/null || echo "FAIL help $name" ;;
	esac
done
for name in ! { if then elif else fi for in while until do done case esac; do
	help "$name" >/dev/null || echo "FAIL help $name"
done
echo ALL DONE
