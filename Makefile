# SPDX-License-Identifier: GPL-2.0
#
# Kbuild lists the sources of the module.

KVER ?= $(or $(KERNELRELEASE),$(shell uname -r))
KDIR ?= /lib/modules/$(KVER)/build

# of guest/kernels/table: the kernel of the guest, and those to check, or "all"
ifndef KERNEL
KERNEL := $(shell . guest/kernels.sh && default_kernel)
endif
KERNELS ?= $(KERNEL)
export KERNEL
several := $(or $(word 2,$(KERNELS)),$(filter all,$(KERNELS)))
MAP ?= build/map.svg
MINUTES ?= 20

# Recipes use exec where make would start a shell: make passes SIGTERM on to the
# shell only.

build_needs := gcc-12 kmod libelf-dev
guest_needs := $(build_needs) cpio
lint_needs := $(build_needs) git mandoc patch perl shellcheck sparse xz-utils
bench_needs := $(guest_needs) fonts-dejavu-core gnuplot-nox \
	libc6-dev librsvg2-bin
check_needs := $(guest_needs) libc6-dev perl procps
secure_boot_needs := openssl ovmf sbsigntool

# BTF needs the symbols of the kernel. Without them kbuild would print that it
# skips BTF, which does not matter.
no_btf := $(if $(wildcard $(KDIR)/vmlinux),,CONFIG_DEBUG_INFO_BTF_MODULES=)

module: ## build the module for the running kernel (KVER=RELEASE, KDIR=DIR)
	@[ ! "$$(pwd -P | LC_ALL=C tr -d '\nA-Za-z0-9_./+@~\200-\377-')" ] || { \
		echo "kbuild cannot build in $$(pwd -P): move the sources to a" \
			"directory without spaces, quotes or other special" \
			"characters in its path. \"make demo\" works here."; \
		exit 1; \
	} >&2
	@[ -e "$(KDIR)/scripts/Makefile.build" ] || { \
		echo "$(KDIR) has no headers to build a module with:" \
			"install those of kernel $(KVER) (on Debian the package" \
			"linux-headers-$(KVER)), or select a directory with" \
			"KDIR=DIR. \"make demo\" needs no headers."; \
		exit 1; \
	} >&2
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(no_btf) modules

sign: module ## sign the module with the key of DKMS (or KEY=file CERT=file)
	@exec packaging/sign

install sign: export KDIR := $(KDIR)
install: module ## install for modprobe and udev (GROUP=, MODE=, PREFIX=, DESTDIR=)
	@exec packaging/install install

uninstall: ## remove what "make install" has installed
	@exec packaging/install uninstall

dkms: ## build and install with DKMS, for each kernel, also later ones
	@exec packaging/dkms add

dkms-remove: ## remove the module and its sources from DKMS
	@exec packaging/dkms remove

deb: ## build the Debian package scullv-dkms in build/deb
	@tests/install-deps debhelper dh-dkms dpkg-dev
	@exec packaging/deb

dist: ## create build/scullv-VERSION.tar.gz from the last commit
	@exec packaging/dist

release-check: ## run all checks of a release, as root (TESTS=)
	@exec tests/install-deps -k "$(KERNEL)" $(check_needs) $(lint_needs) \
		$(secure_boot_needs) mmdebstrap
	@exec env TESTS="$(TESTS)" packaging/release-check

demo: ## run the book's session in a throwaway guest
	@exec tests/install-deps -k "$(KERNEL)" $(guest_needs)
	@tests/demo/run

check: ## run the tests in throwaway guests
	@exec tests/install-deps -k "$(KERNELS)" $(check_needs)
	@exec $(if $(several),tests/check-kernels "$(KERNELS)",tests/check -k "$(KERNELS)") $(TESTS)

kernels.md: ## run all tests on all kernels and update docs/kernels.md
	@$(MAKE) --no-print-directory check KERNELS=all
	@cache=$${SCULLV_CACHE:-build}; \
	[ ! -d "$$cache/elsewhere" ] || cache=$$cache/elsewhere; \
	cp "$$cache/check/kernels.md" docs

man: ## generate docs/scullv.4.md from the man page
	@tests/install-deps mandoc
	@mandoc -I os=Linux -T markdown scullv.4 >docs/scullv.4.md

diagrams: ## draw docs/diagrams/*.svg from their sources
	@tests/install-deps graphviz
	@for diagram in docs/diagrams/*.dot; do \
		dot -T svg -o "$${diagram%.dot}.svg" "$$diagram" || exit; \
	done

map: ## draw where the devices have their memory (MAP=build/map.svg)
	@[ -e /proc/scullvmem ] || \
		exec tests/install-deps -k "$(KERNEL)" $(guest_needs)
	@mkdir -p "$$(dirname "$(MAP)")"
	@docs/diagrams/map "$(MAP)"

check-deep: ## run the tests on debug kernels, and measure the coverage
	@exec tests/install-deps -k "6.1 6.1-i386 kasan kcsan" $(check_needs) \
		binutils patch
	@tests/check-deep

secure-boot: ## load signed and unsigned modules in a guest with Secure Boot
	@exec tests/install-deps -k 6.1 $(check_needs) $(secure_boot_needs)
	@exec env V=1 tests/check -k 6.1 host/secure-boot.t

protocol: ## check the model of trims, mappings, reads and writes
	@tests/protocol

soak: ## run all kinds of load at once on a small guest (MINUTES=20)
	@exec tests/install-deps -k "$(KERNEL)" $(check_needs)
	@exec env V=1 tests/check -k "$(KERNEL)" -m 512M MINUTES=$(MINUTES) soak.t

bench: ## measure the driver and its peers, and plot the results
	@tests/install-deps -k "$(KERNEL)" $(bench_needs)
	@bench/run

lesson: ## run the commands of docs/lesson.md (WRITE=1 renews their output)
	@exec tests/install-deps -k "$(KERNEL) 6.1-i386" $(guest_needs) \
		binutils patch
	@exec tests/lesson $(if $(WRITE),-w)

shell: ## start a shell in a throwaway guest
	@exec tests/install-deps -k "$(KERNEL)" $(guest_needs)
	@guest/run

gdb: ## stop a guest in a write, and debug it with gdb
	@exec tests/install-deps -k "$(KERNEL)" $(guest_needs) gdb
	@guest/gdb/run

lint: ## run the static checks, and compile with all warnings for KERNELS
	@tests/install-deps $(lint_needs)
	@tests/lint $(KERNELS)

clean: ## remove the files that "make" has built
	rm -f *.o .*.o *.ko *.mod *.mod.c .*.cmd .*.d Module.symvers modules.order

distclean: clean ## remove build/, too: kernels, programs and results
	[ ! -L build/elsewhere ] || rm -rf "$$(readlink build/elsewhere)"
	rm -rf build

help: ## print this list
	@sed -n 's/^\([a-z.-]*\):.*## \(.*\)/\1	\2/p' Makefile | expand -t 14
	@sed -n 's/^## *//p' Makefile | expand -t 20

##
## FILE=PATH	file to store (demo)
## KERNEL=NAME	kernel of the guest (all but check and lint)
## KERNELS="NAME..."	kernels, or "all" (check, lint; default: KERNEL)
## TESTS="NAME..."	tests, such as "io.t proc.t" (check; default: all)
## DEBUG=1	download the symbols of the kernel, too (gdb)
## PEERS="FILE.ko..."	more modules to measure (bench)
## V=1	print each result (check)
## SCULLV_CACHE=DIR	kernels, programs and results (default: build)
## SCULLV_MIRROR=URL	archive of Debian (default: that of this system)
## guest/kernels/table lists the kernels.

.PHONY: module sign install uninstall dkms dkms-remove deb dist release-check demo check kernels.md man diagrams map check-deep secure-boot protocol soak bench lesson shell gdb lint clean distclean help
