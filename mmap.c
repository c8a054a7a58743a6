// SPDX-License-Identifier: GPL-2.0
/*
 * Memory mappings: a mapping shows what read() returns.
 *
 * The pages of a vmalloc area are scattered, so a mapping is built page by page
 * as pages are touched. The fault handler enters the pages itself, inside the
 * section of the store, as drivers/dax/device.c does: after a trim has waited
 * for the sections, unmap_mapping_range() finds every entry of an old page.
 * A private mapping gets the same entry, read-only. The kernel copies the page
 * on the first write, and checks the entry again before it uses the copy.
 *
 * Each entry holds a reference to its page. A pinned page outlives the trim that
 * takes it from the device.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/pseudo_fs.h>

#include "compat.h"
#include "scullv.h"

/*
 * Enter neighbouring pages too, as the kernel's fault-around does: sequential
 * access takes one fault for 16 pages.
 */
#define FAULT_PAGES	16

#define SCULLV_FS_MAGIC	0x7363756c

/*
 * A marker in the entry, such as userfaultfd's write protection: nothing can be
 * entered in its place, now or when the fault is retried.
 */
static bool has_marker(const struct vm_fault *vmf)
{
	return vmf->flags & FAULT_FLAG_ORIG_PTE_VALID &&
	       !pte_none(vmf->orig_pte);
}

/*
 * Enter consecutive pages, some of which may be entered already. The fault fails
 * only if the touched page, pages[touched], cannot be entered. Neighbours that
 * cannot be entered, or have a memory error, are skipped.
 */
static vm_fault_t enter_pages(struct vm_fault *vmf, unsigned long address,
			      struct page **pages, unsigned long count,
			      unsigned long touched)
{
	vm_fault_t ret = VM_FAULT_NOPAGE;
	unsigned long i, run, left;
	int err;

	for (i = 0; i < count; i++) {
		for (run = 0; i + run < count; run++)
			if (PageHWPoison(pages[i + run]))
				break;
		left = run;
		err = run ? vm_insert_pages(vmf->vma,
					    address + (i << PAGE_SHIFT),
					    pages + i, &left) : 0;
		i += run - left;
		/* pages[i] cannot be entered, or ends the run: a memory error */
		if (i != touched || (err == -EBUSY && !has_marker(vmf)))
			continue;
		ret = err ? VM_FAULT_SIGBUS : VM_FAULT_HWPOISON;
	}
	return ret;
}

/* Enter the pages around the fault, inside its quantum, mapping and device. */
static vm_fault_t enter_around(struct vm_fault *vmf,
			       const struct scullv_store *store,
			       const void *quantum)
{
	struct vm_area_struct *vma = vmf->vma;
	pgoff_t in_quantum = (1UL << store->geometry.order) - 1;
	pgoff_t around = min_t(pgoff_t, in_quantum, FAULT_PAGES - 1);
	pgoff_t first = max(vmf->pgoff & ~around, vma->vm_pgoff);
	pgoff_t last = min3(vmf->pgoff | around,
			    vma->vm_pgoff + vma_pages(vma) - 1,
			    scullv_store_pages(store) - 1);
	unsigned long address = vma->vm_start +
				((first - vma->vm_pgoff) << PAGE_SHIFT);
	struct page *pages[FAULT_PAGES];
	pgoff_t pgoff;

	for (pgoff = first; pgoff <= last; pgoff++)
		pages[pgoff - first] = scullv_page(store, quantum,
						   pgoff & in_quantum);
	return enter_pages(vmf, address, pages, last - first + 1,
			   vmf->pgoff - first);
}

/*
 * An error is a SIGBUS. Not VM_FAULT_OOM: the kernel would retry the fault for
 * ever.
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
	/* a sealed store is empty, so a fault never waits for a trim */
	if (vmf->pgoff >= scullv_store_pages(store))
		goto out;
	pos = (loff_t)vmf->pgoff << PAGE_SHIFT;
	quantum = scullv_lookup(store, pos) ?: scullv_fill(dev, store, pos);
	if (!IS_ERR(quantum))
		ret = enter_around(vmf, store, quantum);
out:
	scullv_store_put(dev, idx);
	return ret;
}

/*
 * Nothing to do: scullv_fault() enters the neighbours. Without map_pages(),
 * kernels from 6.6 on give up each fault under the lock of the VMA and repeat it
 * with mmap_lock held.
 */
static vm_fault_t scullv_map_pages(struct vm_fault *vmf, pgoff_t start,
				   pgoff_t end)
{
	return 0;
}

/*
 * Nothing to do. But mremap() of 6.1 cannot grow a VM_MIXEDMAP mapping in place
 * unless there is a close().
 */
static void scullv_vma_close(struct vm_area_struct *vma)
{
}

static const struct vm_operations_struct scullv_vm_ops = {
	.fault = scullv_fault,
	.map_pages = scullv_map_pages,
	.close = scullv_vma_close,
};

/**
 * scullv_mmap - map a device
 * @file: the open device
 * @vma: the mapping: shared or private, of any offset and length
 *
 * Context: Process. mmap_lock is held for writing.
 * Return: 0; -ENODEV on machines whose data caches alias: there the kernel's and
 * the user's address of a page may not show the same bytes.
 */
int scullv_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (cpu_dcache_is_aliasing())
		return -ENODEV;
	vm_flags_set(vma, VM_MIXEDMAP);
	vma->vm_ops = &scullv_vm_ops;
	return 0;
}

/* -- one address_space per device, as in drm_drv.c and vfio_main.c -- */

/*
 * The owner stays NULL: a module that mounts a file system of its own could
 * never be unloaded.
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
 * scullv_mapping_inode - create the inode that holds a device's address_space
 *
 * It knows all mappings of the device, through whichever node they were made.
 *
 * Context: Process. May sleep.
 * Return: the inode, for iput(), or an ERR_PTR.
 */
struct inode *scullv_mapping_inode(void)
{
	return alloc_anon_inode(scullv_mount->mnt_sb);
}

/**
 * scullv_mmap_init - mount the pseudo file system of the inodes
 *
 * Context: Process. May sleep.
 * Return: 0 or an error.
 */
int scullv_mmap_init(void)
{
	scullv_mount = kern_mount(&scullv_fs_type);
	return PTR_ERR_OR_ZERO(scullv_mount);
}

/**
 * scullv_mmap_exit - undo scullv_mmap_init() when all inodes are gone
 *
 * Context: Process. May sleep.
 */
void scullv_mmap_exit(void)
{
	kern_unmount(scullv_mount);
}
