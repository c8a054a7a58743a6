#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# guest/run: its options, output, exit status and traces.

. tests/lib/tap.sh

case ${KERNEL-} in
kasan | kcsan)
	echo "1..0 # SKIP debug kernels need more memory than these guests have"
	exit ;;
esac

export TMPDIR="$scratch/tmp"
mkdir "$TMPDIR"

# -- options, output and exit status --

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
# a program of this machine, for guests of the same architecture
cp "$(command -v find)" "$scratch/finder"
find . --version >"$scratch/version"
status=0
guest/run -m 768M -s 1 -a one.more -i "$scratch/file" -i "$scratch/probe" \
	-i "$scratch/finder" -- ./probe first 'second  word' \
	>"$scratch/out" 2>"$scratch/err" || status=$?

# NAME: print the value that the probe reports
probed()
{
	sed -n "s/^$1: //p" "$scratch/out"
}

is "guest/run exits with the status of the command" "$status" 7
is "guest/run prints no messages on success" "$(cat "$scratch/err")" ""
is "the output of the command is complete" "$(wc -l <"$scratch/out")" 13
is "the output of the command includes its standard error" \
	"$(tail -n 1 "$scratch/out")" "to stderr"
is "the command runs as root" "$(probed user)" 0
is "the directory has the module, the scripts and the files of -i" \
	"$(probed files)" "a file scullv.ko scullv_load scullv_unload"
is "the module is not loaded" "$(probed loaded)" 0
is "the command gets its arguments unchanged" "$(probed words)" "2, second  word"
ok "-m sets the memory" \
	test "$(probed memory)" -gt 600 -a "$(probed memory)" -le 768
is "-s sets the number of CPUs" "$(probed cpus)" 1
is "-a appends to the kernel command line" "$(probed arguments)" one.more
machine=$(probed machine)
if [ "$machine" = "$(uname -m)" ]; then
	is "a program of this machine runs with its libraries" \
		"$(probed program)" "$(head -c 9 "$scratch/version")"
else
	skip "a program of this machine runs with its libraries" \
		"the guest is a $machine"
fi
like "ls is that of coreutils, not of busybox" "$(probed real)" \
	'/usr/bin/ls ls \(GNU .*'
is "guest/run leaves no files" "$(ls -A "$TMPDIR")" ""

# -- kernel errors, time limit, invalid arguments --

status=0
guest/run -- sh -c 'echo "BUG: not one"; echo "WARNING: a test" >/dev/kmsg' \
	>"$scratch/out" 2>"$scratch/err" || status=$?
is "a warning in the kernel log causes exit status 99" "$status" 99
ok "a warning in the kernel log is printed" \
	grep -q 'WARNING: a test' "$scratch/err"
fails "the output of the command is not taken for the kernel log" \
	grep -q 'not one' "$scratch/err"

status=0
guest/run -- sh -c 'echo c >/proc/sysrq-trigger' >"$scratch/out" \
	2>"$scratch/err" || status=$?
is "a kernel panic causes exit status 99" "$status" 99
ok "the log of a kernel panic is printed" grep -q 'Kernel panic' "$scratch/err"

if [ "${KERNEL:-6.1}" != 6.1 ]; then
	skip "failed boots, time limits and Ctrl-C" "one kernel is enough: run with 6.1"
	done_testing
fi

status=0
guest/run -a rdinit=/none -- true >"$scratch/out" 2>"$scratch/err" ||
	status=$?
is "a kernel that does not boot causes exit status 99" "$status" 99
ok "a kernel that does not boot is started again" \
	grep -q "starting it again" "$scratch/err"

status=0
guest/run -t 10 -- sleep 1000 >"$scratch/out" 2>"$scratch/err" || status=$?
is "a command that exceeds the time limit causes exit status 124" "$status" 124

fails "guest/run fails for an unknown kernel" guest/run -k none -- true
like "the message about an unknown kernel lists the kernels" \
	"$(guest/run -k none -- true 2>&1)" '.*the kernels are:.* 6\.1( .*)?'

# -- Ctrl-C --

# A terminal sends SIGINT to the process group. Shells start background
# processes with SIGINT ignored.
mkfifo "$scratch/pipe"
setsid env --default-signal=INT sh -c \
	'echo $$; exec guest/run -- sh -c "echo up; sleep 1000"' \
	>"$scratch/pipe" 2>"$scratch/err" &
{
	read -r pid
	read -r up
} <"$scratch/pipe"
is "the guest boots" "$up" up
kill -INT "-$pid"
status=0
wait $! || status=$?
is "Ctrl-C ends guest/run with status 130" "$status" 130
is "Ctrl-C leaves no processes" "$(pgrep -f "$TMPDIR" | wc -l)" 0
is "Ctrl-C leaves no files" "$(ls -A "$TMPDIR")" ""

done_testing
