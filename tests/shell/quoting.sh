# XCU 2.2: quoting, and 2.3: tokens.
p() { for a; do printf '<%s>' "$a"; done; echo; }
p a\ b 'c  d' "e  f" '' "" a''b
p "\$x \` \" \\ \a \
join" 'a\b' \'
p a\
b "a\
b" 'a\
b'
x='a "b" c'
p $x "$x" "${x}"
p "'single'" '"double"' "a'b"'c"d'
p # comment
p a#b \#c '#d' "#e"
p a;p b
p a&&p b||p c
p "a
b"
p '$x' \$x "$""x" $ "a$" $%
p "`echo "inner"`" "$(echo "inner 'q' \"d\"")"
p "$(printf '%s' '\n')" "`printf '%s' '\\n'`"
p `echo \`echo deep\`` $(echo $(echo deep))
p "$(echo ")")" "$(echo \))" $(echo '(')
p "$(case a in a) echo case;; esac)" $(# comment with ' and )
echo after)
p ~nobody_like_this '~' \~ "~"
HOME=/h; p ~ ~/x a~ ~/"y z" x=~ --y=~/z
v=~; w=~/a:~/b:c~; p $v $w
p {a,b} [ ] ! { }
if=1; p $if then fi
p "a\\b" 'c\d'
p *nosuchfile* [x 'a*'
# Substitutions that another shell is not needed for must not be told from others.
x=1; p "$(echo ${x:=2} ${nope:=3})" "$x" "${nope-unset}"; p "$(echo $((x=5)))" $x
p "$(printf '%s|' a "b c" $x; echo)" "$(echo a; echo b)" "$(echo "$(echo "$(echo deep)")")"
p "$(echo ${y?gone} 2>/dev/null; echo no)" 2>/dev/null; p "$(echo ${y?gone})" 2>/dev/null; echo after $?
p "$(printf '%d' x)" 2>/dev/null; v=$(false); echo $?; v=$(test a = b); echo $?; v=$([ a = a ]); echo $?; v=$(printf '%d' x 2>/dev/null); [ $? -ne 0 ] && echo failed
echo() { printf 'function %s\n' "$1"; }; p "$(echo x)"; unset -f echo; p "$(pwd | cat)" >/dev/null
p "$(echo a >&2)" 2>/dev/null; p "$(echo *nosuch)" "$(echo a\
b)"; p "$(echo 'a
b')" $(echo 'a
b'); p "$(set -- q; echo $1)" "$(x=9; echo $x)" $x; p "$(echo $?)"; false; p "$(echo $?)"
