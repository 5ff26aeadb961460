/** Tiny static ELF programs of the image: one that shows that it ran, one that pins what it becomes. */

import { PIN_PATH, PROGRAM_PATH } from '../../bench/payload/image-files.ts';

/** Machine code in hexadecimal, by Node.js's name for the processor. */
export type Code = Readonly<Record<string, string>>;

/** Where the kernel puts the number of arguments: at the stack pointer (System V ABI, "Process Initialization"). */
const ARGC: Code = {
  // mov (%rsp),%edi; mov $60,%eax; syscall
  x64: '8b3c24b83c0000000f05',
  // ldr w0,[sp]; mov x8,#93; svc #0
  arm64: 'e00340b9a80b80d2010000d4',
};

/**
 * `pin CPU PROGRAM ARG…`: reads the decimal number, sets its bit in 1024 bytes of zeros on the stack, calls
 * sched_setaffinity for itself with them, then execve with the rest of its arguments and its environment. What fails is its
 * exit code, as errno.
 */
const PIN: Code = {
  x64: [
    // mov rsi,[rsp+16]; xor r8d,r8d
    '488b7424104531c0',
    // 1: movzx ecx,byte [rsi]; sub ecx,48; cmp ecx,9; ja 2f; imul r8d,r8d,10; add r8d,ecx; inc rsi; jmp 1b
    '0fb60e83e93083f909770c456bc00a4101c848ffc6ebe9',
    // 2: mov r9,rsp; sub rsp,1024; mov rdi,rsp; xor eax,eax; mov ecx,128; rep stosq
    '4989e14881ec000400004889e731c0b980000000f348ab',
    // and r8d,8191; bts qword [rsp],r8
    '4181e0ff1f00004c0fab0424',
    // mov eax,203; xor edi,edi; mov esi,1024; mov rdx,rsp; syscall; test eax,eax; js 3f
    'b8cb00000031ffbe000400004889e20f0585c07816',
    // mov rcx,[r9]; lea rdx,[r9+rcx*8+16]; lea rsi,[r9+24]; mov rdi,[rsi]; mov eax,59; syscall
    '498b09498d54c910498d7118488b3eb83b0000000f05',
    // 3: mov edi,eax; neg edi; mov eax,60; syscall
    '89c7f7dfb83c0000000f05',
  ].join(''),
  arm64: [
    // mov x9,sp; ldr x1,[x9,#16]; mov x10,#0; mov x12,#10
    'e9030091210940f90a0080d24c0180d2',
    // 1: ldrb w11,[x1],#1; sub w11,w11,#48; cmp w11,#9; b.hi 2f; madd x10,x10,x12,x11; b 1b
    '2b1440386bc100517f250071680000544a2d0c9bfbffff17',
    // 2: and x10,x10,#8191; sub sp,sp,#1024; mov x11,sp; 3: stp xzr,xzr,[x11],#16; cmp x11,x9; b.lo 3b
    '4a314092ff0310d1eb0300917f7d81a87f0109ebc3ffff54',
    // lsr x11,x10,#6; mov x12,#1; lsl x12,x12,x10; mov x13,sp; str x12,[x13,x11,lsl #3]
    '4bfd46d32c0080d28c21ca9aed030091ac792bf8',
    // mov x0,#0; mov x1,#1024; mov x2,sp; mov x8,#122; svc #0; tbnz w0,#31,4f
    '000080d2018080d2e2030091480f80d2010000d40001f837',
    // ldr x11,[x9]; add x2,x9,x11,lsl #3; add x2,x2,#16; add x1,x9,#24; ldr x0,[x1]; mov x8,#221; svc #0
    '2b0140f9220d0b8b4240009121610091200040f9a81b80d2010000d4',
    // 4: neg w0,w0; mov x8,#93; svc #0
    'e003004ba80b80d2010000d4',
  ].join(''),
};

/** ELF's numbers of the machines. */
const MACHINES: Readonly<Record<string, number>> = { x64: 62, arm64: 183 };

const HEADER_BYTES = 64;
const SEGMENT_BYTES = 56;
/** Of the whole file, its headers included. */
export const LOAD_ADDRESS = 0x400000n;
/** A multiple of every page size that Linux has on these machines. */
const ALIGNMENT = 0x10000n;

/** The programs for a processor by Node.js's name for it, by their path in the image; none for one that they were not written for. */
export function staticPrograms(arch: string): Readonly<Record<string, Buffer>> {
  const [argc, pin] = [codeFor(arch, ARGC), codeFor(arch, PIN)];
  if (argc === undefined || pin === undefined) return {};
  return { [PROGRAM_PATH]: elfOf(arch, argc), [PIN_PATH]: elfOf(arch, pin) };
}

export function codeFor(arch: string, code: Code): Buffer | undefined {
  const hex = MACHINES[arch] === undefined ? undefined : code[arch];
  return hex === undefined ? undefined : Buffer.from(hex, 'hex');
}

/** An executable of one segment that consists of this code for a known processor, and of what follows it. */
export function elfOf(arch: string, code: Buffer): Buffer {
  const headers = HEADER_BYTES + SEGMENT_BYTES;
  const file = Buffer.alloc(headers + code.length);
  // 64 bits, little-endian, version 1; then an executable of this machine.
  file.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  file.writeUInt16LE(2, 16);
  file.writeUInt16LE(MACHINES[arch] as number, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(LOAD_ADDRESS + BigInt(headers), 24);
  file.writeBigUInt64LE(BigInt(HEADER_BYTES), 32);
  file.writeUInt16LE(HEADER_BYTES, 52);
  file.writeUInt16LE(SEGMENT_BYTES, 54);
  file.writeUInt16LE(1, 56);
  // One segment, loaded whole, readable and executable.
  file.writeUInt32LE(1, HEADER_BYTES);
  file.writeUInt32LE(5, HEADER_BYTES + 4);
  for (const at of [16, 24]) file.writeBigUInt64LE(LOAD_ADDRESS, HEADER_BYTES + at);
  for (const at of [32, 40]) file.writeBigUInt64LE(BigInt(file.length), HEADER_BYTES + at);
  file.writeBigUInt64LE(ALIGNMENT, HEADER_BYTES + 48);
  code.copy(file, headers);
  return file;
}
