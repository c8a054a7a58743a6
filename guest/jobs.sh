# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Runs programs so that a signal ends them with the script, whether a terminal
# sends it to all processes or "kill" to the script alone. The shell handles
# signals only after its foreground process has ended: run() starts programs in
# the background, each in a session of its own, and the script's EXIT trap stops
# them:
#
#	clean_up()
#	{
#		trap '' HUP INT TERM
#		stop $job
#	}
#	trap clean_up EXIT

job=
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# COMMAND...: run it; $job is its PID until it ends
run()
{
	setsid "$@" &
	job=$!
	_status=0
	wait "$job" || _status=$?
	job=
	return "$_status"
}

# PID...: end the processes, or their process groups if they lead one. All get
# the signal first, since waiting for the last process of a pipeline waits for
# the others.
stop()
{
	for _pid; do
		kill -- "-$_pid" || kill "$_pid" || :
	done 2>/dev/null
	for _pid; do
		wait "$_pid" || :
		# wait for the members that are not children of this shell
		for _ in $(seq 100); do
			kill -0 -- "-$_pid" || break
			sleep 0.1
		done
	done 2>/dev/null
}
