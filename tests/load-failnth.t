#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Fault injection: each allocation and each user copy of insmod fails once.

. tests/lib/driver.sh
invalid_values=yes

# The kernel warns when the fields of a trace event cannot be allocated. A boot
# parameter exempts that cache from fault injection.
if [ ! -e /proc/thread-self/fail-nth ] ||
	[ "$(cat /sys/kernel/slab/ftrace_event_field/failslab)" = 1 ] ||
	! grep -q 1 /sys/kernel/slab/kmalloc-64/failslab
then
	echo "1..0 # SKIP this needs kernel kasan with slub_debug=A;-,ftrace_event_field"
	exit
fi

# kmemleak's reports, one per line; the second scan confirms the first
leaks()
{
	echo scan >/sys/kernel/debug/kmemleak
	sleep 5
	echo scan >/sys/kernel/debug/kmemleak
	awk '/^unreferenced/ { if (NR > 1) print line; line = "" }
		{ line = line " " $0 }
		END { if (NR) print line }' /sys/kernel/debug/kmemleak
}

# mounts of the kernel itself, which kmemleak takes for used
count_mounts()
{
	drop_caches
	empty_quarantine
	slab_objects | sed -n 's/^mnt_cache //p'
}
# shellcheck disable=SC2317 # called by await
mounts_are_gone()
{
	[ "$(count_mounts)" -le "$mounts" ]
}

unload
mounts=$(count_mounts)
echo 1 >/sys/kernel/debug/failslab/cache-filter
ok "insmod handles each fault" \
	tests/helpers/failnth insmod scullv.ko "order=1,2 alloc=pages,vmalloc"
echo 0 >/sys/kernel/debug/failslab/cache-filter
sed 's/^/# /' "$scratch/output"
faults=$(sed -n '$s/ faults$//p' "$scratch/output")
ok "more than 500 faults are injected, $faults" [ "$faults" -gt 500 ]
is "failed loads leak nothing but the name of the kernel's class_register()" \
	"$(leaks | grep -v __class_register)" ""
ok "failed loads leave no mount" await mounts_are_gone
echo clear >/sys/kernel/debug/kmemleak

done_testing
