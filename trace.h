/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trace events, under events/scullv in tracefs. Integers only, so that every
 * tool can filter on them and add them up.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM scullv

#if !defined(_SCULLV_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _SCULLV_TRACE_H

#include <linux/tracepoint.h>

TRACE_EVENT(scullv_quantum_alloc,
	TP_PROTO(unsigned int device, u64 item, unsigned int slot,
		 const void *address, unsigned int order, u64 ns),
	TP_ARGS(device, item, slot, address, order, ns),
	TP_STRUCT__entry(
		__field(unsigned int, device)
		__field(u64, item)
		__field(unsigned int, slot)
		__field(unsigned long, address)
		__field(unsigned int, order)
		__field(u64, ns)
	),
	TP_fast_assign(
		__entry->device = device;
		__entry->item = item;
		__entry->slot = slot;
		__entry->address = (unsigned long)address;
		__entry->order = order;
		__entry->ns = ns;
	),
	TP_printk("device=%u item=%llu slot=%u address=%#lx order=%u ns=%llu",
		  __entry->device, __entry->item, __entry->slot,
		  __entry->address, __entry->order, __entry->ns)
);

TRACE_EVENT(scullv_quantum_free,
	TP_PROTO(unsigned int device, u64 item, unsigned int slot,
		 const void *address, unsigned int order),
	TP_ARGS(device, item, slot, address, order),
	TP_STRUCT__entry(
		__field(unsigned int, device)
		__field(u64, item)
		__field(unsigned int, slot)
		__field(unsigned long, address)
		__field(unsigned int, order)
	),
	TP_fast_assign(
		__entry->device = device;
		__entry->item = item;
		__entry->slot = slot;
		__entry->address = (unsigned long)address;
		__entry->order = order;
	),
	TP_printk("device=%u item=%llu slot=%u address=%#lx order=%u",
		  __entry->device, __entry->item, __entry->slot,
		  __entry->address, __entry->order)
);

TRACE_EVENT(scullv_trim,
	TP_PROTO(unsigned int device, u64 bytes, unsigned long quanta, u64 ns),
	TP_ARGS(device, bytes, quanta, ns),
	TP_STRUCT__entry(
		__field(unsigned int, device)
		__field(u64, bytes)
		__field(unsigned long, quanta)
		__field(u64, ns)
	),
	TP_fast_assign(
		__entry->device = device;
		__entry->bytes = bytes;
		__entry->quanta = quanta;
		__entry->ns = ns;
	),
	TP_printk("device=%u bytes=%llu quanta=%lu ns=%llu",
		  __entry->device, __entry->bytes, __entry->quanta,
		  __entry->ns)
);

#endif /* _SCULLV_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
