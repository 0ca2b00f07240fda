# Runs in the executable before Bun's runtime does; scripts/build/start.ts puts it there. It
#
#   - leaves a working directory that is gone: the runtime asks for its path, and ends if there is none. What it goes to has
#     no file that a user names, so that a relative path leads nowhere, as it does in a directory that is gone;
#   - says so in a line if there is no /proc, without which the runtime aborts;
#   - takes the variables of the runtime out of the environment: some of them run other code.
#
# To change it: as start-x64.s -o start.o && objcopy -O binary -j .text start.o start.bin && xxd -p -c 50 start.bin

	.intel_syntax noprefix
	.set ACCESS, 21
	.set WRITE, 1
	.set GETCWD, 79
	.set CHDIR, 80
	.set EXIT_GROUP, 231
	.set PATH_MAX, 4096
	.set R_OK, 4

	# On the stack: argc, the arguments, 0, the environment, 0. rdx is for the runtime.
start:	mov	rbx, rsp
	mov	rbp, rdx
	sub	rsp, PATH_MAX

	mov	eax, GETCWD
	mov	rdi, rsp
	mov	esi, PATH_MAX
	syscall
	test	rax, rax
	js	gone
	# Out of the root, the kernel says (unreachable).
	cmp	byte ptr [rsp], '/'
	je	there
gone:	mov	eax, CHDIR
	lea	rdi, [rip + refuge]
	syscall

there:	mov	eax, ACCESS
	lea	rdi, [rip + maps]
	mov	esi, R_OK
	syscall
	test	rax, rax
	jns	clean
	mov	eax, WRITE
	mov	edi, 2
	lea	rsi, [rip + text]
	mov	edx, offset length
	syscall
	mov	eax, EXIT_GROUP
	mov	edi, 2
	syscall

clean:	mov	rax, [rbx]
	lea	rsi, [rbx + 8 * rax + 16]
	mov	rdi, rsi
next:	mov	rax, [rsi]
	add	rsi, 8
	test	rax, rax
	jz	last
	cmp	dword ptr [rax], 0x5f4e5542	# BUN_
	je	next
	cmp	dword ptr [rax], 0x5f43534a	# JSC_
	je	next
	mov	[rdi], rax
	add	rdi, 8
	jmp	next
last:	mov	[rdi], rax

	mov	rsp, rbx
	mov	rdx, rbp
	jmp	over

refuge:	.asciz	"/proc/self/fdinfo"
maps:	.asciz	"/proc/self/maps"
text:	.ascii	"lvsadm: the executable needs /proc: mount it (mount -t proc proc /proc), or use the npm package\n"
	.set	length, . - text

	# A jump to the runtime's own entry follows.
over:
