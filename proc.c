// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/scullvmem: every device, item and quantum, in the book's format.
 *
 * The dump is an iterator: it keeps a position (device, quantum number), holds
 * nothing, and enters the store again for each record. So it takes constant
 * memory at any length, and blocks neither writers nor trims. If a trim empties
 * the device that is being dumped, the dump continues with the next device.
 */
#include <linux/capability.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/proc_fs.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/user_namespace.h>

#include "scullv.h"

#define PROC_NAME "scullvmem"

/*
 * Bytes formatted at once. A page is the default of seq_file, but then "head -5"
 * waits for more lines than it prints.
 */
#define DUMP_BUFFER 1024

static struct scullv_dev **devices;
static unsigned int device_count;

/* position of a dump, and the record found there */
struct dump {
	enum { REAL, HASHED, HIDDEN } addresses;	/* decided at open */

	unsigned int device;
	bool in_device;		/* past its heading */
	u64 generation;		/* of the store that the heading describes */
	u64 number;		/* of the next quantum to show */
	u64 next_item;		/* the first one whose heading has not been shown */

	/* heading of a device */
	struct scullv_geometry geometry;
	loff_t size;

	/* a quantum; addresses are only shown, never followed */
	u64 item;
	unsigned int slot;
	const void *item_address;
	const void *qset_address;
	const void *quantum_address;
};

static bool find_in_store(struct dump *dump, struct scullv_store *store)
{
	struct scullv_item *item;

	if (!dump->in_device) {
		dump->generation = store->generation;
		dump->geometry = store->geometry;
		dump->size = scullv_store_size(store);
		return true;
	}
	if (dump->generation != store->generation)
		return false;

	dump->quantum_address = scullv_next_quantum(store, &dump->number, &item);
	if (!dump->quantum_address)
		return false;
	dump->item_address = item;
	dump->qset_address = item->slots;
	dump->item = div_u64(item->first, store->geometry.qset);
	dump->slot = dump->number - item->first;
	return true;
}

/*
 * The record at the current position, NULL at the end of the dump. For a pread()
 * far into the dump, seq_file skips all records before it in one loop that neither
 * yields nor checks for signals.
 */
static struct dump *find_record(struct dump *dump)
{
	struct scullv_store *store;
	bool found;
	int idx;

	if (fatal_signal_pending(current))
		return ERR_PTR(-EINTR);
	cond_resched();
	for (; dump->device < device_count; dump->device++) {
		store = scullv_store_get(devices[dump->device], &idx);
		found = find_in_store(dump, store);
		scullv_store_put(devices[dump->device], idx);
		if (found)
			return dump;
		dump->in_device = false;
	}
	return NULL;
}

/* seq_file continues where it stopped, or starts from the beginning */
static void *dump_start(struct seq_file *m, loff_t *pos)
{
	struct dump *dump = m->private;

	if (!*pos) {
		dump->device = 0;
		dump->in_device = false;
	}
	return find_record(dump);
}

static void *dump_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct dump *dump = v;

	++*pos;
	if (dump->in_device) {
		dump->number++;
		dump->next_item = dump->item + 1;
	} else {
		dump->in_device = true;
		dump->number = 0;
		dump->next_item = 0;
	}
	return find_record(dump);
}

static void dump_stop(struct seq_file *m, void *v)
{
}

static void show_address(struct seq_file *m, const struct dump *dump,
			 const void *address)
{
	unsigned long value = dump->addresses == REAL ? (unsigned long)address : 0;

	if (dump->addresses == HASHED)
		seq_printf(m, "%p", address);
	else
		seq_printf(m, "%0*lx", (int)(2 * sizeof(value)), value);
}

static void show_item(struct seq_file *m, const struct dump *dump)
{
	seq_puts(m, "  item at ");
	show_address(m, dump, dump->item_address);
	seq_puts(m, ", qset at ");
	show_address(m, dump, dump->qset_address);
	if (dump->item != dump->next_item)
		seq_printf(m, ", index %llu", dump->item);
	seq_putc(m, '\n');
}

static int dump_show(struct seq_file *m, void *v)
{
	const struct dump *dump = v;

	if (!dump->in_device) {
		seq_printf(m, "\nDevice %u: qset %u, order %u, sz %lld\n",
			   dump->device, dump->geometry.qset,
			   dump->geometry.order, dump->size);
		return 0;
	}
	if (dump->item >= dump->next_item)
		show_item(m, dump);
	seq_printf(m, "    %4u:", dump->slot);
	show_address(m, dump, dump->quantum_address);
	seq_putc(m, '\n');
	return 0;
}

static const struct seq_operations dump_ops = {
	.start = dump_start,
	.next = dump_next,
	.stop = dump_stop,
	.show = dump_show,
};

/*
 * kptr_restrict is not exported: see what %pK makes of an address. The decision
 * is made at open, from the opener's credentials, as in kernel/kprobes.c: a
 * program that inherits the open file may have more capabilities.
 */
static int addresses_for(const struct file *file)
{
	char text[2 * sizeof(void *) + 1];

	snprintf(text, sizeof(text), "%pK", devices);
	if (strspn(text, "0") == strlen(text))
		return HIDDEN;
	return file_ns_capable(file, &init_user_ns, CAP_SYSLOG) ? REAL : HASHED;
}

static int dump_open(struct inode *inode, struct file *file)
{
	struct dump *dump = __seq_open_private(file, &dump_ops, sizeof(*dump));
	struct seq_file *m = file->private_data;

	if (!dump)
		return -ENOMEM;
	m->buf = kvmalloc(DUMP_BUFFER, GFP_KERNEL_ACCOUNT);
	if (!m->buf) {
		seq_release_private(inode, file);
		return -ENOMEM;
	}
	m->size = DUMP_BUFFER;
	dump->addresses = addresses_for(file);
	return 0;
}

static const struct proc_ops dump_proc_ops = {
	.proc_open = dump_open,
	.proc_read_iter = seq_read_iter,
	.proc_lseek = seq_lseek,
	.proc_release = seq_release_private,
};

/**
 * scullv_proc_init - create /proc/scullvmem
 * @devs: the devices to show; they stay until scullv_proc_exit()
 * @count: number of devices
 *
 * Context: Process. May sleep.
 * Return: 0 or -ENOMEM.
 */
int scullv_proc_init(struct scullv_dev **devs, unsigned int count)
{
	devices = devs;
	device_count = count;
	return proc_create(PROC_NAME, 0444, NULL, &dump_proc_ops) ? 0 : -ENOMEM;
}

/**
 * scullv_proc_exit - remove /proc/scullvmem
 *
 * Context: Process. May sleep; waits for reads in progress.
 */
void scullv_proc_exit(void)
{
	remove_proc_entry(PROC_NAME, NULL);
}
