/**
 * A static program that makes a list of system calls and then becomes another program: what a chain of small programs does,
 * each of which takes a millisecond to load.
 */

import { type Code, codeFor, elfOf, LOAD_ADDRESS } from './static-programs.ts';

/** Numbers of the calls, by Node.js's name for the processor (linux/arch/x86/entry/syscalls, asm-generic/unistd.h). */
const NUMBERS = {
  x64: {
    ...{ write: 1, chdir: 80, setgroups: 116, capset: 126, pivot_root: 155, prctl: 157, mount: 165, umount2: 166 },
    ...{ sethostname: 170, sched_setaffinity: 203, openat: 257 },
  },
  arm64: {
    ...{ umount2: 39, mount: 40, pivot_root: 41, chdir: 49, openat: 56, write: 64, capset: 91, sched_setaffinity: 122 },
    ...{ setgroups: 159, sethostname: 161, prctl: 167 },
  },
} as const;

/** What the last call gave, as the first argument; and the program's own first argument, as the first or second. */
export const LAST = { special: -1n } as const;
export const GIVEN = { special: -2n } as const;

export interface Call {
  readonly name: keyof (typeof NUMBERS)['x64'];
  /** Numbers as they are; of text, which a zero follows, and of bytes the address. */
  readonly args: readonly (number | string | Buffer | typeof LAST | typeof GIVEN)[];
  /** Message when it fails, which ends the program with the call's errno (`withCause`); without one it may fail. */
  readonly failure?: string;
}

/**
 * The loop over the table behind it, in records of 64 bytes: number of the call, five arguments, address and length of the
 * message. A negative number ends it: the arguments up to `--` become the environment, those after it the program.
 */
const LOOP: Code = {
  x64: [
    // mov rbp,rsp; lea rbx,[rip+table]
    '4889e5488d1dc6000000',
    // 1: mov rax,[rbx]; test rax,rax; js 5f
    '488b034885c07863',
    // mov rdi,[rbx+8]; cmp rdi,-1; cmove rdi,r12; cmp rdi,-2; cmove rdi,[rbp+16]
    '488b7b084883ffff490f44fc4883fffe480f447d10',
    // mov rsi,[rbx+16]; cmp rsi,-2; cmove rsi,[rbp+16]; mov rdx,[rbx+24]; mov r10,[rbx+32]; mov r8,[rbx+40]
    '488b73104883fefe480f447510488b53184c8b53204c8b4328',
    // syscall; mov r12,rax; test rax,rax; js 3f; 2: add rbx,64; jmp 1b
    '0f054989c44885c078064883c340ebba',
    // 3: mov rdx,[rbx+56]; test rdx,rdx; jz 2b
    '488b53384885d274f1',
    // 4: mov rsi,[rbx+48]; mov edi,2; mov eax,1; syscall; mov edi,r12d; neg edi; mov eax,60; syscall
    '488b7330bf02000000b8010000000f054489e7f7dfb83c0000000f05',
    // 5: lea rsi,[rbp+24]; mov rdx,rsi
    '488d75184889f2',
    // 6: mov rax,[rsi]; add rsi,8; mov ecx,[rax]; and ecx,0xffffff; cmp ecx,0x2d2d; jne 6b
    '488b064883c6088b0881e1ffffff0081f92d2d000075e9',
    // and qword [rsi-8],0; mov rdi,[rsi]; mov eax,59; syscall
    '488366f800488b3eb83b0000000f05',
    // mov rsi,[rsi]; xor edx,edx; 7: cmp byte [rsi+rdx],0; je 8f; inc rdx; jmp 7b; 8: mov edi,2; mov eax,1; syscall
    '488b3631d2803c1600740548ffc2ebf5bf02000000b8010000000f05',
    // mov r12d,-127; mov rdx,[rbx+56]; jmp 4b; nop
    '41bc81ffffff488b5338eb8f660f1f440000',
  ].join(''),
  arm64: [
    // mov x20,sp; adr x19,table; mov x21,#0
    'f4030091b3060010150080d2',
    // 1: ldr x8,[x19]; tbnz x8,#63,5f
    '680240f92803f8b7',
    // ldr x0,[x19,#8]; cmn x0,#1; csel x0,x21,x0,eq; ldr x5,[x20,#16]; cmn x0,#2; csel x0,x5,x0,eq
    '600640f91f0400b1a002809a850a40f91f0800b1a000809a',
    // ldp x1,x2,[x19,#16]; cmn x1,#2; csel x1,x5,x1,eq; ldp x3,x4,[x19,#32]
    '610a41a93f0800b1a100819a631242a9',
    // svc #0; mov x21,x0; tbnz x0,#63,3f; 2: add x19,x19,#64; b 1b
    '010000d4f50300aa6000f8b773020191f0ffff17',
    // 3: ldr x2,[x19,#56]; cbz x2,2b
    '621e40f9a2ffffb4',
    // 4: ldp x1,x2,[x19,#48]; mov x0,#2; mov x8,#64; svc #0; neg w0,w21; mov x8,#93; svc #0
    '610a43a9400080d2080880d2010000d4e003154ba80b80d2010000d4',
    // 5: add x1,x20,#24; mov x2,x1; mov w4,#0x2d2d
    '81620091e20301aaa4a58552',
    // 6: ldr x0,[x1],#8; ldr w3,[x0]; and w3,w3,#0xffffff; cmp w3,w4; b.ne 6b
    '208440f8030040b9635c00127f00046b81ffff54',
    // str xzr,[x1,#-8]; ldr x0,[x1]; mov x8,#221; svc #0
    '3f801ff8200040f9a81b80d2010000d4',
    // ldr x1,[x1]; mov x2,#0; 7: ldrb w3,[x1,x2]; cbz w3,8f; add x2,x2,#1; b 7b; 8: mov x0,#2; mov x8,#64; svc #0
    '210040f9020080d2236862386300003442040091fdffff17400080d2080880d2010000d4',
    // mov w21,#-127; ldr x2,[x19,#56]; b 4b; nop
    'd50f8012621e40f9e2ffff171f2003d5',
  ].join(''),
};

const RECORD_WORDS = 8;
const RECORD_BYTES = 8 * RECORD_WORDS;

/**
 * The program, called with an argument for `GIVEN`, variables, `--`, and the path of a program with its arguments. Exit code
 * 127 when that can't be run. Undefined for a processor that it was not written for.
 */
export function callProgram(arch: string, calls: readonly Call[]): Buffer | undefined {
  const code = codeFor(arch, LOOP);
  if (code === undefined || (arch !== 'x64' && arch !== 'arm64')) return undefined;
  const table = Buffer.alloc((calls.length + 1) * RECORD_BYTES);
  const data: Buffer[] = [];
  let end = elfOf(arch, Buffer.concat([code, table])).length;
  const place = (bytes: Buffer): bigint => {
    const address = LOAD_ADDRESS + BigInt(end);
    data.push(bytes);
    end += bytes.length;
    return address;
  };
  const wordOf = (arg: Call['args'][number]): bigint => {
    if (typeof arg === 'number') return BigInt.asUintN(64, BigInt(arg));
    if (typeof arg === 'string') return place(Buffer.from(`${arg}\0`));
    return Buffer.isBuffer(arg) ? place(arg) : BigInt.asUintN(64, arg.special);
  };
  const put = (at: number, number: bigint, args: Call['args'], failure: string | undefined): void => {
    const message = Buffer.from(failure === undefined ? '' : `${failure}\n`);
    const words = [number, ...args.map(wordOf)];
    while (words.length < RECORD_WORDS - 2) words.push(0n);
    words.push(message.length === 0 ? 0n : place(message), BigInt(message.length));
    for (const [index, word] of words.entries()) table.writeBigUInt64LE(word, at * RECORD_BYTES + index * 8);
  };
  for (const [at, { name, args, failure }] of calls.entries()) put(at, BigInt(NUMBERS[arch][name]), args, failure);
  put(calls.length, BigInt.asUintN(64, -1n), [], ": can't be run");
  return elfOf(arch, Buffer.concat([code, table, ...data]));
}
