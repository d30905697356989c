/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The accelerator probe: a guest that shows in a fraction of a second whether an accelerator
 * executes what a kernel executes, and how fast.
 *
 * A multiboot kernel. It enters long mode with page tables of its own, checks CPUID, SSE, the time
 * stamp counter, a page fault, the local APIC timer out of HLT, an interrupt sent to itself, and
 * SYSCALL and SYSRET; says "ktest probe 2"; then does the same piece of work PASSES times and says
 * "pass" after each. It ends with "done" and exit status 33. Whatever goes wrong is one line and exit
 * status 35, or silence.
 *
 * After the greeting and after each pass the guest sleeps until the host sends a byte. The host first
 * reads QEMU's processor time, which does not advance while the guest sleeps.
 *
 * The work is meant to slow down under emulation as a kernel does: arithmetic, dependent
 * memory accesses, indirect calls, code that runs for the first time, page copies, page faults,
 * address space switches and system calls. Changing it changes the constant in vm/probe.c.
 *
 * Needs of QEMU: -machine q35 or pc (for the I/O APIC), isa-serial at 0x3f8 with interrupt 4,
 * isa-debug-exit at 0xf4.
 */
#define PASSES	    5
#define N_ALU	    100000
#define N_MEMORY    60000
#define N_CALLS	    150000
#define N_COLD	    60
#define N_COPIES    1000
#define N_FAULTS    1000
#define N_SWITCHES  400
#define N_SYSCALLS  2000

#define PORT_SERIAL 0x3f8
#define PORT_IER    0x3f9
#define PORT_EXIT   0xf4
#define STATUS_OK   0x10 /* QEMU exits with (status << 1) | 1 */
#define STATUS_BAD  0x11

#define APIC	    0xfee00000
#define APIC_EOI    0xb0
#define APIC_SVR    0xf0
#define APIC_ICR    0x300
#define APIC_TIMER  0x320
#define APIC_COUNT  0x380
#define APIC_DIVIDE 0x3e0

#define IOAPIC	      0xfec00000 /* which register, and at 0x10 its value */
#define IOAPIC_SERIAL (0x10 + 2 * 4)

#define VECTOR_PF     14
#define VECTOR_TIMER  0x40
#define VECTOR_SELF   0x41
#define VECTOR_SERIAL 0x42
#define VECTORS	      0x43

#define WINDOW 0x40000000 /* 2 MiB mapped page by page, everything else is mapped by 2 MiB pages */
#define BUFFER 0x400000	  /* 256 KiB that the memory work uses */
#define CODE   0x500000	  /* where cold code is written to */
#define PAGES  0x600000	  /* what the window's pages are backed by */

#define PTE_TABLE 0x07 /* present, writable, user */
#define PTE_LARGE 0x87
#define PTE_MMIO  0x9f /* and uncached */

	.section .header, "a"
	.align	4
header:
	.long	0x1badb002
	.long	0x00010000 /* the addresses below are valid */
	.long	-(0x1badb002 + 0x00010000)
	.long	header
	.long	load_start
	.long	load_end
	.long	bss_end
	.long	start

	.text
	.code32
	.globl	start
start:
	cli
	mov	$stack_top, %esp
	mov	$0x80000001, %eax
	cpuid
	test	$(1 << 29), %edx
	jz	no_long_mode
	call	build_page_tables
	mov	%cr4, %eax
	or	$0x620, %eax /* PAE, OSFXSR, OSXMMEXCPT */
	mov	%eax, %cr4
	mov	$pml4, %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx /* EFER */
	rdmsr
	or	$0x101, %eax /* LME, SCE */
	wrmsr
	mov	%cr0, %eax
	and	$~0x4, %eax /* EM off */
	or	$0x80010022, %eax /* PG, WP, NE, MP */
	mov	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$0x08, $start64

no_long_mode:
	mov	$msg_no_long_mode, %esi
	mov	$PORT_SERIAL, %edx
1:	lodsb
	test	%al, %al
	jz	2f
	outb	%al, %dx
	jmp	1b
2:	mov	$STATUS_BAD, %eax
	out	%eax, $PORT_EXIT
3:	hlt
	jmp	3b

/* The first GiB, the last GiB below 4 GiB (for the APIC) and the window. The .bss is zero. */
build_page_tables:
	movl	$(pdpt + PTE_TABLE), pml4
	movl	$(pd_low + PTE_TABLE), pdpt
	movl	$(pd_window + PTE_TABLE), pdpt + 8
	movl	$(pd_high + PTE_TABLE), pdpt + 24
	movl	$(pt_window + PTE_TABLE), pd_window
	xor	%ecx, %ecx
1:	mov	%ecx, %eax
	shl	$21, %eax
	lea	PTE_LARGE(%eax), %edx
	mov	%edx, pd_low(, %ecx, 8)
	lea	0xc0000000 + PTE_MMIO(%eax), %edx
	mov	%edx, pd_high(, %ecx, 8)
	inc	%ecx
	cmp	$512, %ecx
	jb	1b
	ret

	.code64
start64:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	call	build_idt
	call	check_sse
	call	check_tsc
	call	check_page_fault
	call	check_interrupts
	call	setup_syscall
	mov	$1, %ebx
	call	work_syscalls
	call	setup_serial
	mov	$msg_hello, %esi
	call	print_and_wait

	mov	$PASSES, %ebp
1:	call	work
	mov	$msg_pass, %esi
	call	print_and_wait
	dec	%ebp
	jnz	1b

	mov	$msg_done, %esi
	call	print
	mov	$STATUS_OK, %eax
	out	%eax, $PORT_EXIT
2:	hlt
	jmp	2b

/* esi: the text. */
print:
	mov	$PORT_SERIAL, %edx
1:	lodsb
	test	%al, %al
	jz	2f
	outb	%al, %dx
	jmp	1b
2:	ret

/*
 * esi: the text. The host's kernel updates the processor time of a running thread at each tick only:
 * the guest sleeps before the text, too, so that the host does not read a value of the last tick.
 */
print_and_wait:
	mov	$1000000, %eax /* 1 ms; for 0.2 ms KVM may poll instead of sleeping */
	call	sleep
	call	print
	mov	answers(%rip), %eax
1:	sti
	hlt
	cli
	cmp	answers(%rip), %eax
	je	1b
	ret

/* esi: the complaint. */
bad:
	call	print
	mov	$STATUS_BAD, %eax
	out	%eax, $PORT_EXIT
1:	hlt
	jmp	1b

build_idt:
	xor	%ecx, %ecx
	mov	$on_exception, %eax
1:	call	set_gate
	inc	%ecx
	cmp	$VECTORS, %ecx
	jb	1b
	mov	$VECTOR_PF, %ecx
	mov	$on_page_fault, %eax
	call	set_gate
	mov	$VECTOR_TIMER, %ecx
	mov	$on_timer, %eax
	call	set_gate
	mov	$VECTOR_SELF, %ecx
	mov	$on_self, %eax
	call	set_gate
	mov	$VECTOR_SERIAL, %ecx
	mov	$on_serial, %eax
	call	set_gate
	lidt	idt_pointer(%rip)
	ret

/* ecx: the vector, eax: the handler, below 4 GiB. */
set_gate:
	mov	%ecx, %edx
	shl	$4, %edx
	movw	%ax, idt(%edx)
	movw	$0x08, idt + 2(%edx)
	movw	$0x8e00, idt + 4(%edx)
	mov	%eax, %ebx
	shr	$16, %ebx
	movw	%bx, idt + 6(%edx)
	ret

on_exception:
	mov	$msg_exception, %esi
	jmp	bad

/* Map the page of the window that was touched. */
on_page_fault:
	push	%rax
	push	%rcx
	mov	%cr2, %rax
	mov	%rax, %rcx
	shr	$21, %rcx
	cmp	$(WINDOW >> 21), %rcx
	jne	on_exception
	shr	$12, %rax
	and	$511, %eax
	mov	%eax, %ecx
	shl	$12, %ecx
	add	$(PAGES + PTE_TABLE), %ecx
	mov	%rcx, pt_window(, %eax, 8)
	incl	faults(%rip)
	pop	%rcx
	pop	%rax
	add	$8, %rsp
	iretq

on_timer:
	incl	ticks(%rip)
	jmp	end_of_interrupt
on_serial:
	push	%rax
	push	%rdx
	mov	$PORT_SERIAL, %edx
	inb	%dx, %al
	incl	answers(%rip)
	pop	%rdx
	pop	%rax
	jmp	end_of_interrupt
on_self:
	incl	selfs(%rip)
end_of_interrupt:
	push	%rax
	mov	$APIC, %eax
	movl	$0, APIC_EOI(%rax)
	pop	%rax
	iretq

check_sse:
	movdqu	sse_a(%rip), %xmm0
	movdqu	sse_b(%rip), %xmm1
	paddd	%xmm1, %xmm0
	pshufd	$0x1b, %xmm0, %xmm0
	cvtdq2pd %xmm0, %xmm1
	cvttsd2si %xmm1, %eax
	cmp	$44, %eax
	mov	$msg_sse, %esi
	jne	bad
	ret

check_tsc:
	rdtsc
	mov	%edx, %ebx
	mov	%eax, %edi
	mov	$10000, %ecx
1:	dec	%ecx
	jnz	1b
	rdtsc
	sub	%edi, %eax
	sbb	%ebx, %edx
	mov	$msg_tsc, %esi
	js	bad
	or	%eax, %edx
	jz	bad
	ret

check_page_fault:
	mov	$WINDOW, %edi
	movl	$0x12345678, (%rdi)
	cmpl	$1, faults(%rip)
	mov	$msg_fault, %esi
	jne	bad
	cmpl	$0x12345678, PAGES
	jne	bad
	ret

/* The legacy controllers are silenced; three timer interrupts and one to ourselves wake HLT. */
check_interrupts:
	mov	$0xff, %al
	outb	%al, $0x21
	outb	%al, $0xa1
	mov	$APIC, %ebx
	movl	$0x1ff, APIC_SVR(%rbx)
	movl	$0x0b, APIC_DIVIDE(%rbx)
	movl	$VECTOR_TIMER, APIC_TIMER(%rbx) /* one shot */
	mov	$3, %ecx
1:	mov	$100000, %eax
	call	sleep
	dec	%ecx
	jnz	1b
	movl	$(0x40000 | VECTOR_SELF), APIC_ICR(%rbx)
3:	sti
	hlt
	cli
	cmpl	$1, selfs(%rip)
	jne	3b
	ret

/* eax: how long, in counts of the local APIC's timer, which check_interrupts has set up. */
sleep:
	mov	$APIC, %ebx
	mov	ticks(%rip), %edx
	movl	%eax, APIC_COUNT(%rbx)
1:	sti
	hlt
	cli
	cmp	ticks(%rip), %edx
	je	1b
	ret

/* An interrupt for each byte that comes in. */
setup_serial:
	mov	$IOAPIC, %eax
	movl	$IOAPIC_SERIAL, (%rax)
	movl	$VECTOR_SERIAL, 0x10(%rax)
	mov	$PORT_IER, %edx
	mov	$1, %al
	outb	%al, %dx
	ret

/* STAR, LSTAR and the flags that SYSCALL clears. */
setup_syscall:
	mov	$0xc0000081, %ecx
	xor	%eax, %eax
	mov	$0x001b0008, %edx
	wrmsr
	mov	$0xc0000082, %ecx
	mov	$on_syscall, %eax
	xor	%edx, %edx
	wrmsr
	mov	$0xc0000084, %ecx
	mov	$0x700, %eax
	wrmsr
	ret

/* eax: 0 to come back, 1 to stay in the kernel. Nobody touches the stack in user mode. */
on_syscall:
	test	%eax, %eax
	jnz	user_end
	swapgs
	incl	syscalls(%rip)
	swapgs
	sysretq

/* ebx: how many. */
work_syscalls:
	mov	$user_code, %ecx
	mov	$2, %r11d /* the flags: interrupts stay off */
	sysretq
user_code:
	xor	%eax, %eax
	syscall
	dec	%ebx
	jnz	user_code
	mov	$1, %eax
	syscall
user_end:
	mov	$0x10, %eax
	mov	%eax, %ss
	ret

work:
	call	work_alu
	call	work_memory
	call	work_calls
	call	work_cold
	call	work_copies
	call	work_faults
	call	work_switches
	mov	$N_SYSCALLS, %ebx
	jmp	work_syscalls

/* rax: the state, replaced by the next one. rdx is lost. */
.macro xorshift
	mov	%rax, %rdx
	shl	$13, %rdx
	xor	%rdx, %rax
	mov	%rax, %rdx
	shr	$7, %rdx
	xor	%rdx, %rax
	mov	%rax, %rdx
	shl	$17, %rdx
	xor	%rdx, %rax
.endm

work_alu:
	mov	$0x9e3779b9, %eax
	mov	$N_ALU, %ecx
1:	xorshift
	imul	$0x5bd1e995, %rax, %rdx
	add	%rdx, %rbx
	rol	$5, %rbx
	dec	%ecx
	jnz	1b
	ret

/* Each address depends on what the access before it has read. */
work_memory:
	mov	$0x9e3779b9, %eax
	mov	$N_MEMORY, %ecx
1:	xorshift
	mov	%eax, %edx
	and	$0x3fff8, %edx
	add	BUFFER(%rdx), %rax
	mov	%rax, BUFFER(%rdx)
	mov	%edx, %edi
	xor	$0x20040, %edi
	mov	BUFFER(%rdi), %rbx
	add	%ecx, BUFFER + 4(%rdi)
	dec	%ecx
	jnz	1b
	ret

work_calls:
	mov	$0x9e3779b9, %eax
	mov	$N_CALLS, %ecx
1:	xorshift
	mov	%ecx, %edx
	and	$7, %edx
	mov	functions(, %edx, 4), %edx
	call	*%rdx
	dec	%ecx
	jnz	1b
	ret

.macro function number
f\number:
	push	%rbx
	test	$(15 << \number), %eax
	jz	1f
	add	$\number, %rbx
	call	leaf
1:	mov	%rbx, BUFFER + 64 * \number
	pop	%rbx
	ret
.endm
	function 0
	function 1
	function 2
	function 3
	function 4
	function 5
	function 6
	function 7

leaf:
	test	$0xf00000, %eax
	jz	1f
	lea	(%rbx, %rbx, 2), %rbx
1:	ret

/* Code that has never run: each page gets a function of 60 instructions, called once. */
work_cold:
	mov	$N_COLD, %ebx
	mov	$CODE, %eax
1:	mov	$cold, %esi
	mov	%eax, %edi
	mov	$(cold_end - cold), %ecx
	rep movsb
	mov	%ebx, 1(%rax) /* the operand of its first instruction */
	call	*%rax
	add	$0x1040, %eax
	dec	%ebx
	jnz	1b
	ret

cold:
	mov	$0, %ecx
	.rept	12
	add	%ecx, %edx
	test	$1, %cl
	jz	1f
	mov	%edx, BUFFER
1:	rol	$3, %ecx
	.endr
	ret
cold_end:

work_copies:
	mov	$N_COPIES, %ebx
1:	mov	$BUFFER, %esi
	mov	$(BUFFER + 0x20000), %edi
	mov	$512, %ecx
	rep movsq
	dec	%ebx
	jnz	1b
	ret

/* 64 pages in turn are unmapped and touched. */
work_faults:
	mov	$N_FAULTS, %ecx
1:	mov	%ecx, %eax
	and	$63, %eax
	movq	$0, pt_window(, %eax, 8)
	shl	$12, %eax
	add	$WINDOW, %eax
	invlpg	(%rax)
	incl	(%rax)
	dec	%ecx
	jnz	1b
	ret

/* After each, 32 pages are used. */
work_switches:
	mov	$N_SWITCHES, %ecx
1:	mov	%cr3, %rax
	mov	%rax, %cr3
	mov	$WINDOW, %eax
2:	incl	(%rax)
	add	$0x1000, %eax
	cmp	$(WINDOW + 0x20000), %eax
	jb	2b
	dec	%ecx
	jnz	1b
	ret

	.section .rodata, "a"
	.align	16
sse_a:	.long	1, 2, 3, 4
sse_b:	.long	10, 20, 30, 40
functions:
	.long	f0, f1, f2, f3, f4, f5, f6, f7
	.align	8
gdt:	.quad	0
	.quad	0x00af9b000000ffff /* 0x08: kernel code */
	.quad	0x00cf93000000ffff /* 0x10: kernel data */
	.quad	0x00cffb000000ffff /* 0x18: what SYSRET to 32 bits would take */
	.quad	0x00cff3000000ffff /* 0x20: user data */
	.quad	0x00affb000000ffff /* 0x28: user code */
gdt_end:
gdt_pointer:
	.word	gdt_end - gdt - 1
	.long	gdt
	.long	0
idt_pointer:
	.word	VECTORS * 16 - 1
	.long	idt
	.long	0
msg_hello:	  .asciz "ktest probe 2\n"
msg_pass:	  .asciz "pass\n"
msg_done:	  .asciz "done\n"
msg_no_long_mode: .asciz "no long mode\n"
msg_exception:	  .asciz "unexpected exception\n"
msg_sse:	  .asciz "SSE computes wrong results\n"
msg_tsc:	  .asciz "the time stamp counter does not advance\n"
msg_fault:	  .asciz "a page fault went wrong\n"

	.bss
	.align	4096
pml4:	   .skip 4096
pdpt:	   .skip 4096
pd_low:	   .skip 4096
pd_window: .skip 4096
pd_high:   .skip 4096
pt_window: .skip 4096
idt:	   .skip VECTORS * 16
faults:	   .skip 4
ticks:	   .skip 4
selfs:	   .skip 4
answers:   .skip 4
syscalls:  .skip 4
	.align	16
	.skip	8192
stack_top:

	.section .note.GNU-stack, "", @progbits
