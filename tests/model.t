#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Random operations, against an array in memory. What goes wrong tells how it is
# done again. MODEL_SECONDS and SEED in the environment for longer runs, and for
# those of another day.

. tests/lib.sh

seconds=${MODEL_SECONDS:-60}
seed=${SEED:-$(od -A n -N 4 -t u4 /dev/urandom | tr -d ' ')}
echo "# seed $seed"

load
ok "one process, $((seconds / 3)) s" \
	tests/model /dev/scullv0 "$seed" $((seconds / 3)) 1
ok "four processes, $((seconds - seconds / 3)) s" \
	tests/model /dev/scullv1 "$seed" $((seconds - seconds / 3)) 4

done_testing
