/** The smallest program that shows that it ran: a static ELF file whose exit code is the number of its arguments. */

/** Where the kernel puts the number of arguments: at the stack pointer (System V ABI, "Process Initialization"). */
const MACHINES: Readonly<Record<string, { readonly machine: number; readonly code: readonly number[] }>> = {
  // mov (%rsp),%edi; mov $60,%eax; syscall
  x64: { machine: 62, code: [0x8b, 0x3c, 0x24, 0xb8, 0x3c, 0x00, 0x00, 0x00, 0x0f, 0x05] },
  // ldr w0,[sp]; mov x8,#93; svc #0
  arm64: { machine: 183, code: [0xe0, 0x03, 0x40, 0xb9, 0xa8, 0x0b, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4] },
};

const HEADER_BYTES = 64;
const SEGMENT_BYTES = 56;
const LOAD_ADDRESS = 0x400000n;
/** A multiple of every page size that Linux has on these machines. */
const ALIGNMENT = 0x10000n;

/** The bytes of the program for a processor by Node.js's name for it; undefined for one that it was not written for. */
export function argcProgram(arch: string): Buffer | undefined {
  const target = MACHINES[arch];
  if (target === undefined) return undefined;
  const headers = HEADER_BYTES + SEGMENT_BYTES;
  const code = Buffer.from(target.code);
  const file = Buffer.alloc(headers + code.length);
  // 64 bits, little-endian, version 1; then an executable of this machine.
  file.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  file.writeUInt16LE(2, 16);
  file.writeUInt16LE(target.machine, 18);
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
