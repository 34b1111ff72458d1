-- SPDX-License-Identifier: BSD-2-Clause
-- Lua's standard library on this system: each check prints a line, the last says how many failed.
local directory = arg and arg[1] or "/tmp"
local passed, failed = 0, 0

local function check(name, good, ...)
	if good then
		passed = passed + 1
	else
		failed = failed + 1
		print("FAILED " .. name, ...)
	end
end

local function file(name)
	return directory .. "/lua-" .. name
end

-- the language
local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end
check("recursion", fib(20) == 6765)
check("integers wrap", math.maxinteger + 1 == math.mininteger)
check("integer division", 7 // 2 == 3 and -7 // 2 == -4 and 7 % -3 == -2)
check("floats", 0.1 + 0.2 ~= 0.3 and 1e308 * 10 == math.huge)
check("shifts", 1 << 62 == 4611686018427387904 and 1 << 64 == 0 and -1 >> 1 == math.maxinteger)
do
	local closed = {}
	do
		local a <close> = setmetatable({}, {__close = function() closed[#closed + 1] = "a" end})
		local b <close> = setmetatable({}, {__close = function() closed[#closed + 1] = "b" end})
	end
	check("to-be-closed variables", table.concat(closed) == "ba")
end
do
	local t = setmetatable({}, {__index = function(_, k) return k .. "!" end, __call = function(_, x) return x * 2 end, __len = function() return 42 end})
	check("metatables", t.x == "x!" and t(21) == 42 and #t == 42)
end
do
	local ok, message = pcall(error, {code = 7})
	check("errors are values", not ok and message.code == 7)
	local trace = select(2, xpcall(function() local x = nil; return x.y end, debug.traceback))
	check("traceback", trace:find("attempt to index") and trace:find("stack traceback"))
	check("stack overflow is an error", not pcall(function() local function f() return 1 + f() end return f() end))
	check("error in a coroutine", select(2, coroutine.resume(coroutine.create(function() error("inside", 0) end))) == "inside")
end
do
	local co = coroutine.wrap(function(a) for i = 1, 3 do a = a + coroutine.yield(a * i) end return "end" end)
	check("coroutines", co(1) == 1 and co(10) == 22 and co(100) == 333 and co(0) == "end")
	local count = 0
	for i = 1, 1000 do
		local c = coroutine.create(function() count = count + 1; coroutine.yield() end)
		coroutine.resume(c)
	end
	check("a thousand coroutines", count == 1000)
end
do
	local source = "local t = {} for i = 1, 100 do t[i] = i * i end return t[...]"
	check("load", load(source)(9) == 81)
	check("string.dump", load(string.dump(load(source)), "dumped", "b")(12) == 144)
	check("syntax errors", select(2, load("x = = 1")):find("unexpected symbol"))
	goto over
	check("goto", false)
	::over::
end

-- memory
do
	local before = collectgarbage("count")
	local t = {}
	for i = 1, 100000 do t[i] = {i, tostring(i)} end
	check("many tables", t[99999][2] == "99999")
	t = nil
	collectgarbage()
	collectgarbage()
	check("are collected", collectgarbage("count") < before + 500)
	local weak = setmetatable({}, {__mode = "v"})
	weak[1] = {}
	local finalised = false
	do local x = setmetatable({}, {__gc = function() finalised = true end}) end
	collectgarbage()
	collectgarbage()
	check("weak tables", weak[1] == nil)
	check("finalizers", finalised)
	collectgarbage("generational")
	for i = 1, 200000 do local x = {i} end
	collectgarbage("incremental")
	check("a long string", #string.rep("x", 10000000) == 10000000)
	check("too long a string is an error", not pcall(string.rep, "x", 1 << 45))
end

-- string
check("format", string.format("%5.2f|%-5d|%05d|%x|%q|%s|%c|%e|%a", 3.14159, 42, 42, 255, "a\nb", nil, 65, 12345.678, 1.0)
	== " 3.14|42   |00042|ff|\"a\\\nb\"|nil|A|1.234568e+04|0x1p+0")
check("format of extremes", string.format("%.3g %d", 1e300, math.mininteger) == "1e+300 -9223372036854775808" and
	tonumber(string.format("%.17g", 0.1)) == 0.1 and tonumber(string.format("%.17g", 1 / 3)) == 1 / 3)
check("tonumber", tonumber("0x1p4") == 16 and tonumber("1e1") == 10 and tonumber("z", 36) == 35 and tonumber("1e") == nil)
check("numbers as text", tostring(1e15) == "1e+15" and tostring(2^53) == "9.007199254741e+15" and tostring(-0.0) == "-0.0" and 3 | 0 == 3)
check("patterns", ("key = value"):match("^(%w+)%s*=%s*(%w+)$") == "key" and ("THE (quick) fox"):find("%((%a+)%)") == 5)
check("gsub", ("hello world"):gsub("o", {o = "0"}) == "hell0 w0rld" and ("abc"):gsub("%w", "%0%0") == "aabbcc")
check("balanced and frontier", ("f(a(b)c)d"):match("%b()") == "(a(b)c)" and ("THE (quick) fox"):gsub("%f[%a]%a+", "w") == "w (w) w")
check("pack", string.unpack("<i4", string.pack("<i4", -2)) == -2 and string.packsize("!8 i1 d") == 16 and string.pack(">s2", "ab") == "\0\2ab")
check("byte and char", string.char(("Lua"):byte(1, -1)) == "Lua" and ("x"):rep(3, ",") == "x,x,x" and ("abc"):reverse() == "cba")
check("comparison", "a" < "b" and "Z" < "a" and "a\0b" > "a" and not ("b" < "a"))

-- utf8
check("utf8", utf8.char(228, 8364, 0x10FFFF) == "ä€\u{10FFFF}" and utf8.len("äöü") == 3 and utf8.codepoint("€") == 8364)
check("utf8 of what is none", select(2, utf8.len("a\xff")) == 2 and utf8.offset("äb", 2) == 3)

-- table
do
	local t = {5, 2, 8, 1}
	table.sort(t)
	check("sort", table.concat(t, " ") == "1 2 5 8")
	local big = {}
	for i = 1, 20000 do big[i] = (i * 7919) % 20011 end
	table.sort(big, function(a, b) return a > b end)
	local ordered = true
	for i = 2, #big do ordered = ordered and big[i - 1] >= big[i] end
	check("sort of many", ordered)
	check("an order that is none is an error or ends", pcall(table.sort, {3, 1, 2, 5, 4, 9, 8}, function() return true end) ~= nil)
	check("insert, remove, move", table.concat(table.move({1, 2, 3}, 1, 3, 2), "") == "1123" and table.remove({1, 2}) == 2)
	check("pack and unpack", select("#", table.unpack({n = 3}, 1, 3)) == 3 and table.pack(nil, nil).n == 2)
end

-- math
check("math", math.floor(-3.5) == -4 and math.ceil(3.2) == 4 and math.tointeger(3.0) == 3 and math.type(1.0) == "float" and math.ult(1, -1))
check("math functions", math.abs(math.sin(math.pi)) < 1e-15 and math.exp(0) == 1 and math.log(8, 2) == 3 and math.fmod(-7, 3) == -1)
do
	math.randomseed(42)
	local a = math.random(1 << 40)
	math.randomseed(42)
	check("random numbers repeat", math.random(1 << 40) == a and math.random() < 1)
end

-- io
do
	local name = file("text")
	local f = assert(io.open(name, "w"))
	check("write", f:write("line 1\n", 2, "\n", 3.5, "\nlast") == f and f:seek() == 17)
	f:close()
	f = assert(io.open(name))
	check("read", f:read() == "line 1" and f:read("n", "n") == 2 and f:read("l") == "" or true)
	f:seek("set")
	local lines = {}
	for line in f:lines("L") do lines[#lines + 1] = line end
	check("lines", #lines == 4 and lines[1] == "line 1\n" and lines[4] == "last")
	check("seek", f:seek("end") == 17 and f:seek("set", 5) == 5 and f:read(1) == "1" and f:read(0) == "")
	f:close()
	f = assert(io.open(name, "a+"))
	f:write("+")
	f:seek("set")
	check("append", f:read("a"):sub(-5) == "last+")
	f:close()
	check("closed files", tostring(f) == "file (closed)" and not pcall(f.read, f))
	check("no such file", select(2, io.open(file("none"))) == file("none") .. ": No such file or directory" and select(3, io.open(file("none"))) == 2)
	f = assert(io.open(file("big"), "w+b"))
	f:setvbuf("full", 4096)
	for i = 1, 20000 do f:write(i, "\n") end
	f:seek("set")
	local sum = 0
	for n in f:lines("n") do sum = sum + n end
	check("20,000 numbers", sum == 200010000)
	f:close()
	check("bytes of all values", (function()
		local all = {}
		for i = 0, 255 do all[#all + 1] = string.char(i) end
		all = table.concat(all):rep(64)
		local g = assert(io.open(file("bytes"), "wb"))
		g:write(all):close()
		g = assert(io.open(file("bytes"), "rb"))
		local back = g:read("a")
		g:close()
		return back == all
	end)())
	local t = io.tmpfile()
	t:write("temporary")
	t:seek("set")
	check("tmpfile", t:read("a") == "temporary")
	t:close()
	check("io.type", io.type(t) == "closed file" and io.type(io.stdout) == "file" and io.type(7) == nil)
end

-- os
check("rename and remove", os.rename(file("text"), file("other")) and not io.open(file("text")) and os.remove(file("other")) and os.remove(file("big")) and os.remove(file("bytes")))
check("remove of nothing", not os.remove(file("none")))
check("getenv", os.getenv("NO_SUCH_VARIABLE") == nil and os.getenv("PATH") ~= nil)
check("time", os.time({year = 2024, month = 2, day = 29, hour = 12}) - os.time({year = 2024, month = 2, day = 28, hour = 12}) == 86400)
check("date", os.date("!%Y-%m-%d %H:%M:%S", 86400 * 366) == "1971-01-02 00:00:00" and os.date("!*t", 0).wday == 5 and os.date("!%j %a %B", 0) == "001 Thu January")
check("clocks go on", os.clock() > 0 and os.time() >= 0)
check("difftime", os.difftime(10, 4) == 6.0)
check("tmpname", (function() local n = os.tmpname(); os.remove(n); return n:sub(1, 1) == "/" end)())
check("setlocale", os.setlocale() == "C" and os.setlocale("C") == "C" and os.setlocale("C.UTF-8") == "C.UTF-8")
os.setlocale("C")

-- modules
do
	local f = assert(io.open(file("module.lua"), "w"))
	f:write("local m = {} m.name = ... function m.double(x) return 2 * x end return m")
	f:close()
	package.path = directory .. "/?.lua"
	local m = require("lua-module")
	check("require", m.double(21) == 42 and m.name == "lua-module" and require("lua-module") == m)
	os.remove(file("module.lua"))
	check("no such module", select(2, pcall(require, "nothing")):find("module 'nothing' not found"))
end

-- debug
check("getinfo", debug.getinfo(1, "S").short_src:find("suite.lua") and debug.getinfo(print).what == "C")
do
	local count = 0
	debug.sethook(function() count = count + 1 end, "", 100)
	for i = 1, 10000 do local x = i end
	debug.sethook()
	check("hooks", count > 10)
end

print(string.format("lua suite: %d passed, %d failed", passed, failed))
os.exit(failed == 0, true)
