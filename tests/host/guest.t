#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What guest/run promises, seen from outside.

. tests/lib/tap.sh

case ${KERNEL-} in
kasan | kcsan)
	echo "1..0 # SKIP it starts smaller guests than the debug kernels boot in"
	exit ;;
esac

export TMPDIR="$scratch/tmp"
mkdir "$TMPDIR"

# -- what goes in and what comes out --

echo "a file" >"$scratch/file"
cat >"$scratch/probe" <<'END'
#!/bin/sh
echo "folder: $PWD"
echo "files: $(cat file) $(ls -d scullv.ko scullv_load scullv_unload | xargs)"
echo "user: $(id -u)"
echo "words: $#, $2"
echo "loaded: $(grep -c scullv /proc/modules)"
echo "memory: $(awk '/MemTotal/ { print int($2 / 1024) }' /proc/meminfo)"
echo "cpus: $(nproc)"
echo "kernel: $(uname -r)"
echo "arguments: $(grep -o 'one.more' /proc/cmdline)"
echo "machine: $(uname -m)"
echo "program: $(./finder . --version 2>/dev/null | head -c 9)"
echo "real: $(readlink -f "$(command -v ls)") $(ls --version | head -n 1)"
echo "to stderr" >&2
exit 7
END
chmod +x "$scratch/probe"
# a program of this machine's, for guests that can run it
cp "$(command -v find)" "$scratch/finder"
find . --version >"$scratch/version"
status=0
guest/run -m 512M -s 1 -a one.more -i "$scratch/file" -i "$scratch/probe" \
	-i "$scratch/finder" -- ./probe first 'second  word' \
	>"$scratch/out" 2>"$scratch/err" || status=$?

# NAME: what the probe has told
told()
{
	sed -n "s/^$1: //p" "$scratch/out"
}

is "the command's exit status is the guest's" "$status" 7
is "nothing is said when all is well" "$(cat "$scratch/err")" ""
is "what the command says is all there is" \
	"$(wc -l <"$scratch/out")" 13
is "with what it says on its standard error" \
	"$(tail -n 1 "$scratch/out")" "to stderr"
is "it runs as root" "$(told user)" 0
is "beside the module, the scripts and each -i" "$(told files)" \
	"a file scullv.ko scullv_load scullv_unload"
is "the module is not loaded" "$(told loaded)" 0
is "its arguments are as they were given" "$(told words)" "2, second  word"
ok "-m is the memory" test "$(told memory)" -gt 400 -a "$(told memory)" -le 512
is "-s the processors" "$(told cpus)" 1
is "-a what the kernel is told" "$(told arguments)" one.more
machine=$(told machine)
if [ "$machine" = "$(uname -m)" ]; then
	is "a program finds its libraries" "$(told program)" \
		"$(head -c 9 "$scratch/version")"
else
	skip "a program finds its libraries" "the guest is a $machine"
fi
like "coreutils are the real ones" "$(told real)" '/usr/bin/ls ls \(GNU .*'
is "no file is left behind" "$(ls -A "$TMPDIR")" ""

# -- a kernel in trouble, a command that does not end, bad words --

status=0
guest/run -- sh -c 'echo "BUG: not one"; echo "WARNING: a test" >/dev/kmsg' \
	>"$scratch/out" 2>"$scratch/err" || status=$?
is "a warning in the kernel's log is status 99" "$status" 99
ok "and shown on stderr" grep -q 'WARNING: a test' "$scratch/err"
fails "the command's own words are none" grep -q 'not one' "$scratch/err"

status=0
guest/run -- sh -c 'echo c >/proc/sysrq-trigger' >"$scratch/out" \
	2>"$scratch/err" || status=$?
is "a panic is status 99" "$status" 99
ok "with the kernel's log on stderr" grep -q 'Kernel panic' "$scratch/err"

status=0
guest/run -a rdinit=/none -- true >"$scratch/out" 2>"$scratch/err" ||
	status=$?
is "a kernel that does not come up is status 99" "$status" 99
ok "after a second try" grep -q "starting it again" "$scratch/err"

status=0
guest/run -t 10 -- sleep 1000 >"$scratch/out" 2>"$scratch/err" || status=$?
is "a command that takes too long is status 124" "$status" 124

fails "a kernel that there is not" guest/run -k none -- true
like "is told with those that there are" \
	"$(guest/run -k none -- true 2>&1)" '.*the kernels are:.* 6\.1( .*)?'

# -- Ctrl-C, to a group of processes as a terminal sends it --

# a shell has its background ignore that
mkfifo "$scratch/pipe"
setsid env --default-signal=INT sh -c \
	'echo $$; exec guest/run -- sh -c "echo up; sleep 1000"' \
	>"$scratch/pipe" 2>"$scratch/err" &
{
	read -r pid
	read -r up
} <"$scratch/pipe"
is "a guest is up" "$up" up
kill -INT "-$pid"
status=0
wait $! || status=$?
is "Ctrl-C ends it" "$status" 130
is "and leaves no process" "$(pgrep -f "$TMPDIR" | wc -l)" 0
is "and no file" "$(ls -A "$TMPDIR")" ""

done_testing
