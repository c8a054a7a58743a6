// SPDX-License-Identifier: GPL-2.0
/*
 * Mapping a device: what read() sees is what a mapping sees.
 *
 * A vmalloc area is contiguous for the kernel only; its pages lie anywhere. So
 * a mapping is put together page by page, when pages are touched. The fault
 * handler enters pages into the page table itself, inside the store's section:
 * a trim that has waited for the sections to end can unmap the old store's
 * pages and be sure that no late one follows.
 *
 * Every page has a reference count of its own, and each mapping holds one. What
 * a trim takes from the device stays with whoever has pinned it.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/pseudo_fs.h>

#include "compat.h"
#include "scullv.h"

/*
 * A fault brings the neighbours along, as the kernel's own fault-around does,
 * so that reading through a mapping costs a fault in 16 pages.
 */
#define FAULT_PAGES	16

#define SCULLV_FS_MAGIC	0x7363756c

/*
 * Enter the pages around the fault: those that are in its quantum, in the
 * mapping and in the device. Any of them may be there already.
 */
static vm_fault_t insert_around(struct vm_fault *vmf,
				struct scullv_store *store, void *quantum)
{
	struct vm_area_struct *vma = vmf->vma;
	pgoff_t in_quantum = (1UL << store->geometry.order) - 1;
	pgoff_t around = min_t(pgoff_t, in_quantum, FAULT_PAGES - 1);
	pgoff_t first = max(vmf->pgoff & ~around, vma->vm_pgoff);
	pgoff_t last = min3(vmf->pgoff | around,
			    vma->vm_pgoff + vma_pages(vma) - 1,
			    scullv_pages(store) - 1);
	unsigned long address = vma->vm_start +
				((first - vma->vm_pgoff) << PAGE_SHIFT);
	struct page *pages[FAULT_PAGES], **page = pages;
	unsigned long count = last - first + 1;
	pgoff_t pgoff;

	for (pgoff = first; pgoff <= last; pgoff++)
		pages[pgoff - first] = store->geometry.allocator->page(quantum,
							pgoff & in_quantum);
	while (count) {
		unsigned long left = count;
		unsigned long done;
		int err;

		err = vm_insert_pages(vma, address, page, &left);
		if (err && err != -EBUSY)
			return VM_FAULT_SIGBUS;
		done = count - left + (err == -EBUSY);
		address += done << PAGE_SHIFT;
		page += done;
		count -= done;
	}
	return VM_FAULT_NOPAGE;
}

/*
 * A write to a private mapping: the kernel is going to copy the page and enter
 * the copy, after the section. It keeps the page locked until then, and so a
 * trim can wait for it.
 */
static vm_fault_t lend_page(struct vm_fault *vmf, struct scullv_store *store,
			    void *quantum)
{
	pgoff_t in_quantum = (1UL << store->geometry.order) - 1;

	WRITE_ONCE(store->lent, true);
	vmf->page = store->geometry.allocator->page(quantum,
						    vmf->pgoff & in_quantum);
	get_page(vmf->page);
	lock_page(vmf->page);
	return VM_FAULT_LOCKED;
}

/*
 * Whatever goes wrong is a SIGBUS: a driver that answered VM_FAULT_OOM would
 * be asked again and again.
 */
static vm_fault_t scullv_fault(struct vm_fault *vmf)
{
	struct scullv_dev *dev = vmf->vma->vm_file->private_data;
	vm_fault_t ret = VM_FAULT_SIGBUS;
	struct scullv_store *store;
	void *quantum;
	loff_t pos;
	int idx;

	store = scullv_store_get(dev, &idx);
	if (vmf->pgoff >= scullv_pages(store))
		goto out;
	pos = (loff_t)vmf->pgoff << PAGE_SHIFT;
	quantum = scullv_lookup(store, pos) ?: scullv_fill(dev, store, pos);
	if (IS_ERR(quantum))
		goto out;
	if (vmf->cow_page)
		ret = lend_page(vmf, store, quantum);
	else
		ret = insert_around(vmf, store, quantum);
out:
	scullv_store_put(dev, idx);
	return ret;
}

/*
 * Nothing to do. But mremap() of 6.1 cannot grow a mapping in place that is
 * VM_MIXEDMAP, unless there is a close().
 */
static void scullv_vma_close(struct vm_area_struct *vma)
{
}

static const struct vm_operations_struct scullv_vm_ops = {
	.fault = scullv_fault,
	.close = scullv_vma_close,
};

/**
 * scullv_mmap - map a device
 * @file: the open device
 * @vma: shared or private, of any offset and length
 *
 * Context: Process, mmap_lock held for writing.
 * Return: 0; -ENODEV where the data cache aliases: there the kernel's address
 * of a page and the user's would not show the same bytes.
 */
int scullv_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (cpu_dcache_is_aliasing())
		return -ENODEV;
	vm_flags_set(vma, VM_MIXEDMAP);
	vma->vm_ops = &scullv_vm_ops;
	return 0;
}

/* -- one address_space a device, whichever of its nodes is opened -- */

/*
 * The owner stays NULL: a file system that its own module has mounted would
 * keep the module from ever being unloaded.
 */
static int scullv_init_fs_context(struct fs_context *fc)
{
	return init_pseudo(fc, SCULLV_FS_MAGIC) ? 0 : -ENOMEM;
}

static struct file_system_type scullv_fs_type = {
	.name = KBUILD_MODNAME,
	.init_fs_context = scullv_init_fs_context,
	.kill_sb = kill_anon_super,
};

static struct vfsmount *scullv_mount;

/**
 * scullv_mapping_inode - an inode for a device's address_space
 *
 * All of a device's mappings are found in it, those of a second node or of one
 * in a container too.
 *
 * Context: Process, may sleep.
 * Return: the inode, for iput(), or an ERR_PTR.
 */
struct inode *scullv_mapping_inode(void)
{
	return alloc_anon_inode(scullv_mount->mnt_sb);
}

/**
 * scullv_mmap_init - make the file system that the inodes are of
 *
 * Context: Process, may sleep.
 * Return: 0 or what is wrong.
 */
int scullv_mmap_init(void)
{
	scullv_mount = kern_mount(&scullv_fs_type);
	return PTR_ERR_OR_ZERO(scullv_mount);
}

/**
 * scullv_mmap_exit - undo scullv_mmap_init(), when all inodes are gone
 *
 * Context: Process, may sleep.
 */
void scullv_mmap_exit(void)
{
	kern_unmount(scullv_mount);
}
