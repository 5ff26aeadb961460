/** App Container Images: the same bytes from the same image, and everything that is wrong with one is a reason to refuse it. */

import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Image } from '../../bench/types.ts';
import { checkAci, unpackAci, writeAci } from '../../runners/engines/appc/archive.ts';
import { imageManifest, parseImageManifest, podManifest } from '../../runners/engines/appc/manifest.ts';
import { createSigner, type Signed, type Signer, verifyAci } from '../../runners/engines/appc/signature.ts';
import { ensureImage } from '../../runners/image/image.ts';
import { scanRoot } from '../../runners/image/manifest.ts';
import { hostExec } from '../../runners/kit/process.ts';

let folder: string;
let image: Image;
let before: string | undefined;
const signer: Signer = createSigner();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'boxmark-aci-'));
  before = process.env.BOXMARK_CACHE;
  process.env.BOXMARK_CACHE = join(folder, 'store');
  writeFileSync(join(folder, 'payload.cjs'), 'process.exit(0);\n');
  image = await ensureImage(join(folder, 'payload.cjs'));
}, 120_000);

afterAll(() => {
  if (before === undefined) delete process.env.BOXMARK_CACHE;
  else process.env.BOXMARK_CACHE = before;
  rmSync(folder, { recursive: true, force: true });
});

/** One entry of a tar archive, as malformed as one likes. */
interface Entry {
  readonly path: string;
  readonly mode?: string;
  readonly flag?: string;
  readonly content?: string;
  readonly target?: string;
}

function tar(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ path, flag = '0', mode = '0755', content = '', target = '' }) => {
    const head = Buffer.alloc(512);
    head.write(path, 0);
    head.write(`000${mode}\0`, 100);
    head.write('0000000\0', 108);
    head.write('0000000\0', 116);
    head.write(`${Buffer.byteLength(content).toString(8).padStart(11, '0')}\0`, 124);
    head.write('00000000000\0', 136);
    head.write('        ', 148);
    head.write(flag, 156);
    head.write(target, 157);
    head.write('ustar\x0000', 257);
    const sum = head.reduce((total, byte) => total + byte, 0);
    head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    const body = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / 512) * 512);
    body.write(content);
    return [head, body];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

const ROOTFS: Entry = { path: 'rootfs', flag: '5' };

function manifestEntry(change: (manifest: Record<string, unknown>) => unknown = (it) => it): Entry {
  const manifest = JSON.parse(JSON.stringify(imageManifest(image))) as Record<string, unknown>;
  const changed = change(manifest);
  return { path: 'manifest', content: typeof changed === 'string' ? changed : JSON.stringify(changed) };
}

/** Written and signed by the key that is trusted, so that only its content can be a reason. */
async function signed(bytes: Buffer, name = 'made.aci'): Promise<Signed> {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  const id = `sha512-${createHash('sha512').update(bytes).digest('hex')}`;
  await signer.sign(id, `${file}.sig`);
  return { file, signatureFile: `${file}.sig`, trusted: signer.publicKey };
}

describe('an App Container Image', () => {
  it('has the same bytes and the same id however often it is built', async () => {
    const files = ['one.aci', 'two.aci'].map((name) => join(folder, name)) as [string, string];
    const ids = [await writeAci(image, files[0]), await writeAci(image, files[1])];
    expect(ids[0]).toMatch(/^sha512-[0-9a-f]{128}$/);
    expect(ids[1]).toBe(ids[0]);
    expect(readFileSync(files[0]).equals(readFileSync(files[1]))).toBe(true);
    rmSync(files[1]);
  });

  it('is an archive that tar takes, with the manifest and the whole image in it', async () => {
    const listed = await hostExec(['tar', '-tf', join(folder, 'one.aci')]);
    expect(listed.exitCode).toBe(0);
    expect(listed.stdout.split('\n').slice(0, 2)).toEqual(['manifest', 'rootfs/']);
    const root = join(folder, 'tree');
    mkdirSync(root);
    await unpackAci(join(folder, 'one.aci'), root);
    expect(await scanRoot(root)).toEqual(await scanRoot(image.root));
  });

  it('says what the specification asks for: kind, version, name, labels, app with user, group and isolators', async () => {
    const manifest = await checkAci(join(folder, 'one.aci'));
    expect(manifest).toMatchObject({ acKind: 'ImageManifest', acVersion: '0.8.11', name: 'boxmark/payload' });
    expect(manifest.labels.map(({ name }) => name)).toEqual(['version', 'os', 'arch']);
    expect(manifest.app).toMatchObject({ exec: image.payloadArgv, user: '0', group: '0', workingDirectory: '/' });
    expect(manifest.app.isolators?.map(({ name }) => name)).toEqual([
      'os/linux/no-new-privileges',
      'os/linux/capabilities-retain-set',
    ]);
    const limits = { cpus: [3], housekeeping: [0], memoryBytes: 2 ** 30, pids: 64 };
    const pod = JSON.parse(podManifest(manifest, 'sha512-00', limits));
    expect(pod).toMatchObject({ acKind: 'PodManifest', apps: [{ name: 'payload', readOnlyRootFS: true }] });
    expect(pod.apps[0].app.isolators.at(-1)).toEqual({ name: 'resource/memory', value: { limit: '1073741824' } });
  });

  it('is taken when it is whole and signed by the trusted key', async () => {
    const made = await signed(readFileSync(join(folder, 'one.aci')), 'whole.aci');
    const { id, manifest } = await verifyAci(made);
    expect(id).toBe(`sha512-${createHash('sha512').update(readFileSync(made.file)).digest('hex')}`);
    expect(manifest.name).toBe('boxmark/payload');
  });
});

describe('an image is refused, with the reason,', () => {
  it('when it is not signed, or not there', async () => {
    const made = await signed(tar([manifestEntry(), ROOTFS]));
    await expect(verifyAci({ ...made, signatureFile: join(folder, 'none.sig') })).rejects.toThrow(/is not signed/);
    await expect(verifyAci({ ...made, file: join(folder, 'none.aci') })).rejects.toThrow(/is missing/);
  });

  it('when a byte of it was changed after it was signed', async () => {
    const made = await signed(readFileSync(join(folder, 'one.aci')), 'tampered.aci');
    await verifyAci(made);
    const bytes = readFileSync(made.file);
    const at = bytes.length - 5000;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(made.file, bytes);
    await expect(verifyAci(made)).rejects.toThrow(/was changed after it was signed \(sha512-\w{12} signed, sha512-/);
  });

  it('when its signature is damaged, of another key, or of another image', async () => {
    const made = await signed(tar([manifestEntry(), ROOTFS]));
    const other = await signed(tar([manifestEntry(), ROOTFS, { path: 'rootfs/x' }]), 'other.aci');
    await expect(verifyAci({ ...made, trusted: createSigner().publicKey })).rejects.toThrow(/key that is not trusted/);
    await expect(verifyAci({ ...made, signatureFile: other.signatureFile })).rejects.toThrow(
      /changed after it was signed/,
    );
    const content = JSON.parse(readFileSync(made.signatureFile, 'utf8'));
    const swapped = { ...content, image: JSON.parse(readFileSync(other.signatureFile, 'utf8')).image };
    writeFileSync(made.signatureFile, JSON.stringify(swapped));
    await expect(verifyAci({ ...made, file: other.file })).rejects.toThrow(/its key did not make/);
    for (const text of ['', '{', '{"kind":"aci-signature"}', JSON.stringify({ ...content, signature: '!' })]) {
      writeFileSync(made.signatureFile, text);
      await expect(verifyAci(made)).rejects.toThrow(/signature that is damaged/);
    }
  });

  const cases: [why: string, entries: () => Entry[], reason: RegExp][] = [
    ['it has no manifest', () => [ROOTFS], /has no manifest/],
    ['it has no root', () => [manifestEntry()], /has no folder rootfs/],
    ['its root is a file', () => [manifestEntry(), { path: 'rootfs' }], /has no folder rootfs/],
    [
      'a path escapes the root',
      () => [manifestEntry(), ROOTFS, { path: 'rootfs/../../etc/passwd' }],
      /escapes its root/,
    ],
    ['a path is absolute', () => [manifestEntry(), ROOTFS, { path: '/etc/passwd' }], /an absolute path/],
    ['a path is not plain', () => [manifestEntry(), ROOTFS, { path: 'rootfs//x' }], /not normalised/],
    [
      'something stands beside the root',
      () => [manifestEntry(), ROOTFS, { path: 'extra' }],
      /other than manifest and rootfs/,
    ],
    ['a path is there twice', () => [manifestEntry(), ROOTFS, { path: 'rootfs/x' }, { path: 'rootfs/x' }], /twice/],
    ['a path is there twice, once with ./', () => [manifestEntry(), ROOTFS, { path: './manifest' }], /twice/],
    [
      'the manifest is a link',
      () => [{ path: 'manifest', flag: '2', target: 'rootfs/x' }, ROOTFS],
      /not a small regular file/,
    ],
    [
      'it holds a block device',
      () => [manifestEntry(), ROOTFS, { path: 'rootfs/sda', flag: '4' }],
      /a device node, "rootfs\/sda"/,
    ],
    [
      'it holds a character device',
      () => [manifestEntry(), ROOTFS, { path: 'rootfs/mem', flag: '3' }],
      /a device node/,
    ],
    ['it holds a pipe', () => [manifestEntry(), ROOTFS, { path: 'rootfs/pipe', flag: '6' }], /a named pipe/],
    [
      'it holds a hard link',
      () => [manifestEntry(), ROOTFS, { path: 'rootfs/l', flag: '1', target: '/etc/shadow' }],
      /a hard link/,
    ],
    [
      'a link is absolute',
      () => [manifestEntry(), ROOTFS, { path: 'rootfs/l', flag: '2', target: '/etc' }],
      /leads out of its root/,
    ],
    [
      'a link climbs out',
      () => [manifestEntry(), ROOTFS, { path: 'rootfs/l', flag: '2', target: '../x' }],
      /leads out of its root/,
    ],
    [
      'a link climbs out through another',
      () => [
        manifestEntry(),
        ROOTFS,
        ...['a', 'a/b'].map((path) => ({ path: `rootfs/${path}`, flag: '5' })),
        { path: 'rootfs/p', flag: '2', target: 'a/b' },
        { path: 'rootfs/a/b/up', flag: '2', target: '../../p/../../../etc' },
      ],
      /leads out of its root/,
    ],
    ['a link is empty', () => [manifestEntry(), ROOTFS, { path: 'rootfs/l', flag: '2' }], /leads out of its root/],
    [
      'a program gets the rights of its owner',
      () => [manifestEntry(), ROOTFS, { path: 'rootfs/sh', mode: '4755' }],
      /a mode that lets others write to it or gives them the rights of its owner, "rootfs\/sh"/,
    ],
    [
      'a folder hands on its group',
      () => [manifestEntry(), ROOTFS, { path: 'rootfs/d', flag: '5', mode: '2777' }],
      /a mode that lets others/,
    ],
    [
      'a file is to be written through a link',
      () => [manifestEntry(), ROOTFS, { path: 'rootfs/l', flag: '2', target: 'm' }, { path: 'rootfs/l/passwd' }],
      /below a link/,
    ],
    [
      'a folder is missing',
      () => [manifestEntry(), ROOTFS, { path: 'rootfs/a/b' }],
      /whose folder does not come before/,
    ],
    ['its manifest is no JSON', () => [manifestEntry(() => '{'), ROOTFS], /not JSON/],
    [
      'its manifest is of a pod',
      () => [manifestEntry((m) => ({ ...m, acKind: 'PodManifest' })), ROOTFS],
      /acKind is not ImageManifest/,
    ],
    [
      'its name is no identifier',
      () => [manifestEntry((m) => ({ ...m, name: '../x' })), ROOTFS],
      /whose name is no identifier/,
    ],
    [
      'it is for another machine',
      () => [
        manifestEntry((m) => ({
          ...m,
          labels: [
            { name: 'os', value: 'plan9' },
            { name: 'arch', value: 'amd64' },
          ],
        })),
        ROOTFS,
      ],
      /is for os plan9, and this is linux/,
    ],
    [
      'it does not say for which machine',
      () => [manifestEntry((m) => ({ ...m, labels: [] })), ROOTFS],
      /without the label os/,
    ],
    [
      'its command is no absolute path',
      () => [manifestEntry((m) => ({ ...m, app: { ...(m.app as object), exec: ['node'] } })), ROOTFS],
      /app.exec is no absolute path/,
    ],
  ];
  it.each(cases)('when %s', async (_, entries, reason) => {
    const made = await signed(tar(entries()));
    await expect(verifyAci(made)).rejects.toThrow(reason);
    const root = join(folder, 'nothing');
    mkdirSync(root);
    try {
      // Unpacking checks by itself: nothing lands outside, whoever calls it.
      await unpackAci(made.file, root).catch(() => {});
      expect(existsSync(join(folder, 'passwd'))).toBe(false);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  it.each(['acKind', 'acVersion', 'name', 'labels', 'app', 'app.exec', 'app.user', 'app.group'])(
    'when its manifest has no %s',
    async (field) => {
      const entry = manifestEntry((manifest) => {
        const [first = '', second] = field.split('.');
        if (second === undefined) delete manifest[first];
        else delete (manifest[first] as Record<string, unknown>)[second];
        return manifest;
      });
      await expect(verifyAci(await signed(tar([entry, ROOTFS])))).rejects.toThrow(`has a manifest without ${field}`);
    },
  );

  it('when it is cut, or is not an archive at all', async () => {
    const whole = await signed(readFileSync(join(folder, 'one.aci')), 'cut.aci');
    truncateSync(whole.file, 100_000);
    await expect(checkAci(whole.file)).rejects.toThrow(/is not an archive: .*ends early/);
    const text = await signed(Buffer.from('no archive'.repeat(100)));
    await expect(verifyAci(text)).rejects.toThrow(/is not an archive/);
    copyFileSync(join(folder, 'payload.cjs'), whole.file);
    await expect(verifyAci(whole)).rejects.toThrow(/changed after it was signed/);
  });

  it('when it has more entries than any image', async () => {
    const many = Array.from({ length: 20_001 }, (_, index) => ({ path: `rootfs/${index}`, flag: '5' }));
    await expect(verifyAci(await signed(tar([manifestEntry(), ROOTFS, ...many])))).rejects.toThrow(
      'contains more than 20000 entries',
    );
  });

  it('when it is a named pipe, without waiting for a writer', async () => {
    const pipe = join(folder, 'pipe.aci');
    expect((await hostExec(['mkfifo', pipe])).exitCode).toBe(0);
    await expect(checkAci(pipe)).rejects.toThrow('is not a regular file');
  });

  it('whatever its manifest is, never with an error of the program', () => {
    for (const value of [null, 1, 'x', [], {}, { labels: {} }, { app: [] }, { acKind: {}, app: { exec: {} } }]) {
      expect(() => parseImageManifest(JSON.stringify(value))).toThrow(/was refused: it has a manifest/);
    }
  });
});
