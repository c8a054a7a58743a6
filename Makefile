# SPDX-License-Identifier: GPL-2.0
#
# What to build the module of is in Kbuild.

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build

# kernels of guest/kernels/table: the guest's, and those to be checked, or "all"
KERNEL ?= 6.1
KERNELS ?= $(KERNEL)
export KERNEL
MINUTES ?= 20

build_needs := gcc-12 kmod libelf-dev
guest_needs := $(build_needs) cpio
lint_needs := $(build_needs) clang-19 git mandoc patch perl shellcheck sparse \
	xz-utils
bench_needs := $(guest_needs) fonts-dejavu-core gnuplot-nox \
	libc6-dev librsvg2-bin
check_needs := $(guest_needs) libc6-dev perl procps

module: ## the module for the running kernel (or KVER=release, or KDIR=headers)
	@[ -e $(KDIR)/Makefile ] || { \
		echo "No headers of kernel $(KVER) in $(KDIR): install the"; \
		echo "package linux-headers-$(KVER), or name their folder,"; \
		echo "make KDIR=folder. \"make demo\" does without."; \
		exit 1; \
	} >&2
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

install: module ## put the module among those of the kernel, for modprobe
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules_install
	depmod $(KVER)

uninstall: ## take it away from there
	rm -f /lib/modules/$(KVER)/*/scullv.ko*
	depmod $(KVER)

demo: ## the book's session in a throw-away guest, on FILE=path or a file of its own
	@tests/install-deps -k "$(KERNEL)" $(guest_needs)
	@tests/demo/run

check: ## the tests in a throw-away guest, all or TESTS="io.t proc.t"; V=1 tells more; on several kernels with KERNELS="6.1 7.3" or KERNELS=all
	@tests/install-deps -k "$(KERNELS)" $(check_needs)
	@tests/check-kernels "$(KERNELS)" $(TESTS)

kernels.md: ## all tests on all kernels; their results go to docs/kernels.md
	@$(MAKE) --no-print-directory check KERNELS=all
	@cp "$${SCULLV_CACHE:-build}/check/kernels.md" docs

man: ## make docs/scullv.4.md from the man page
	@tests/install-deps mandoc
	@mandoc -I os=Linux -T markdown scullv.4 >docs/scullv.4.md

diagrams: ## draw docs/diagrams/*.svg from their sources
	@tests/install-deps graphviz
	@for diagram in docs/diagrams/*.dot; do \
		dot -T svg -o "$${diagram%.dot}.svg" "$$diagram" || exit; \
	done

check-deep: ## the tests on kernels that find more, and how much of the driver they run
	@tests/install-deps -k "6.1 kasan kcsan" $(check_needs)
	@tests/check-deep

protocol: ## check the model of trims, mappings, reads and writes exhaustively
	@tests/protocol

soak: ## everything at once on a small guest, for MINUTES=20
	@tests/install-deps -k "$(KERNEL)" $(check_needs)
	@V=1 tests/check -k "$(KERNEL)" -m 512M MINUTES=$(MINUTES) soak.t

bench: ## the driver and its peers, measured in throw-away guests and drawn
	@tests/install-deps -k 6.1 $(bench_needs)
	@bench/run

shell: ## a shell in a throw-away guest
	@tests/install-deps -k "$(KERNEL)" $(guest_needs)
	@guest/run

lint: ## the style checks, and the compilers' warnings on KERNELS
	@tests/install-deps $(lint_needs)
	@tests/lint $(KERNELS)

clean: ## remove what "make" has built
	rm -f *.o *.ko *.mod *.mod.c .*.cmd .*.d Module.symvers modules.order

distclean: clean ## and the kernels, the programs and the results under build/
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z.-]*\):.*## \(.*\)/\1	\2/p' Makefile | expand -t 12

.PHONY: module install uninstall demo check kernels.md man diagrams check-deep protocol soak bench shell lint clean distclean help
