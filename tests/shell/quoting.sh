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
