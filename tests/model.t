#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Random operations are compared with an array in memory. MODEL_OPERATIONS in the
# environment sets their number. A failed run is shortened and prints MODEL=..., which
# repeats it when set in the environment.

. tests/lib/driver.sh
require_mappings

count=${MODEL_OPERATIONS:-20000}
seed=$(od -A n -N 4 -t u4 /dev/urandom | tr -d ' ')

load
set -- "$seed:1:0-$((count / 2 - 1))" "$seed:4:0-$((count / 2 - 1))"
for run in ${MODEL:-"$@"}; do
	ok "random operations give the results of the model, MODEL=$run" \
		tests/helpers/model /dev/scullv0 "$run"
done

done_testing
