/** Container images as roots: what their layers give, what is refused, and that nothing is left of a refusal. */

import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BoxmarkError, EXIT } from '../../bench/errors.ts';
import { ensureImage, exportImage, importImage } from '../../runners/image/image.ts';
import { programImage } from '../../runners/image/programs.ts';
import { folderSupply } from '../../runners/image/root/folder.ts';
import { Assembly } from '../../runners/image/root/layers.ts';
import { type OpenedRoot, openRoot } from '../../runners/image/root/open.ts';
import { parseRoot } from '../../runners/image/root/source.ts';
import { imageFolder } from '../../runners/image/store.ts';
import {
  digestOf,
  dockerArchiveOf,
  file,
  folder,
  HERE,
  hardLink,
  type ImageParts,
  link,
  pax,
  type TarEntry,
  tarOf,
  writeOci,
} from './root-images.ts';

let dir: string;
let store: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'boxmark-roots-'));
  store = join(dir, 'store');
  process.env.BOXMARK_CACHE = store;
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

const OTHER = HERE === 'arm64' ? 'amd64' : 'arm64';

function openOci(images: Readonly<Record<string, ImageParts>>, spec = '', options = {}): Promise<OpenedRoot> {
  writeOci(join(dir, 'oci'), images, options);
  return openRoot(`oci:oci${spec}`, dir);
}

/** Of one image with these layers. */
const openLayers = (...layers: TarEntry[][]): Promise<OpenedRoot> => openOci({ it: { layers: layers.map(tarOf) } });

const at = (root: OpenedRoot, path: string): string => join(imageFolder(root.digest), 'root', path);
const textAt = (root: OpenedRoot, path: string): string => readFileSync(at(root, path), 'utf8');
const namesIn = (root: OpenedRoot, path = ''): string[] => readdirSync(at(root, path)).sort();

/** The refusal has exit code 2, and neither an image nor a build folder is left. */
async function refusalOf(opening: () => Promise<unknown>): Promise<string> {
  const error = await opening().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(BoxmarkError);
  const { exitCode, what, value, remedy } = error as BoxmarkError;
  expect(exitCode).toBe(EXIT.usage);
  expect(value).not.toBe(undefined);
  expect(remedy).not.toBe(undefined);
  expect(existsSync(store) ? readdirSync(store) : []).toEqual([]);
  return `${what} ${value}`;
}

describe('layers of an image', () => {
  it('lie one over the other, the later file in place of the earlier one', async () => {
    const root = await openLayers([file('a', '1'), file('b', '1')], [file('b', '2', { mode: 0o755 })]);
    expect([textAt(root, 'a'), textAt(root, 'b')]).toEqual(['1', '2']);
    expect(lstatSync(at(root, 'b')).mode & 0o7777).toBe(0o755);
  });

  it('delete what a whiteout names, in lower layers only', async () => {
    const root = await openLayers(
      [folder('d'), file('d/old'), file('d/kept'), file('gone'), folder('e'), file('e/f')],
      [file('.wh.gone', ''), file('d/.wh.old', ''), file('new'), file('.wh.new', ''), file('.wh.e', '')],
    );
    expect(namesIn(root)).toEqual(['boxmark', 'd', 'new']);
    expect(namesIn(root, 'd')).toEqual(['kept']);
  });

  it('empty a folder that is opaque, but for what the same layer adds, before or after', async () => {
    const root = await openLayers(
      [folder('d'), file('d/old'), folder('d/e'), file('d/e/old')],
      [file('d/e/new'), file('d/.wh..wh..opq', ''), file('d/later')],
    );
    expect(namesIn(root, 'd')).toEqual(['e', 'later']);
    expect(namesIn(root, 'd/e')).toEqual(['new']);
  });

  it('replace a folder by a file or link, and the other way round', async () => {
    const root = await openLayers(
      [folder('a'), file('a/x'), file('b'), folder('c'), file('c/x'), link('l', 'c')],
      [file('a', 'now a file'), folder('b'), file('b/x'), link('c', 'b'), folder('l'), file('l/own')],
    );
    expect(textAt(root, 'a')).toBe('now a file');
    expect(readlinkSync(at(root, 'c'))).toBe('b');
    expect(namesIn(root, 'b')).toEqual(['x']);
    expect(namesIn(root, 'l')).toEqual(['own']);
  });

  it('keep what is in a folder that a later layer lists again', async () => {
    const root = await openLayers([folder('d'), file('d/x')], [folder('d', { mode: 0o700 })]);
    expect(namesIn(root, 'd')).toEqual(['x']);
    expect(lstatSync(at(root, 'd')).mode & 0o7777).toBe(0o700);
  });

  it('write through a link of a lower layer that stays in the root, absolute ones as well', async () => {
    const root = await openLayers(
      [folder('usr'), folder('usr/lib'), link('lib', 'usr/lib'), link('abs', '/usr/lib'), link('up', 'usr/../usr/lib')],
      [file('lib/a'), file('abs/b'), file('up/c')],
    );
    expect(namesIn(root, 'usr/lib')).toEqual(['a', 'b', 'c']);
    expect(readlinkSync(at(root, 'abs'))).toBe('usr/lib');
  });

  it('share the content of hard links, also of files in lower layers', async () => {
    const root = await openLayers([file('a', 'one', { mode: 0o755 })], [hardLink('b', './a'), hardLink('d/c', '/b')]);
    expect([textAt(root, 'b'), textAt(root, 'd/c')]).toEqual(['one', 'one']);
    expect(lstatSync(at(root, 'd/c')).mode & 0o7777).toBe(0o755);
  });

  it('have long names and names that are not ASCII, of GNU and PAX', async () => {
    const long = `${'folder-with-a-long-name/'.repeat(6)}file`;
    const root = await openLayers([
      pax({ path: long, uid: '0' }),
      file('short', 'pax'),
      { path: '././@LongLink', flag: 'L', content: `${long}-gnu\0` },
      file('short', 'gnu'),
      pax({ path: 'ünï', linkpath: 'x'.repeat(150) }),
      link('short', 'short'),
    ]);
    expect([textAt(root, long), textAt(root, `${long}-gnu`)]).toEqual(['pax', 'gnu']);
    expect(readlinkSync(at(root, 'ünï'))).toBe('x'.repeat(150));
  });

  it('lose rights and owners that no image of the store has, which is said', async () => {
    const root = await openLayers([
      file('su', 'su', { mode: 0o4755 }),
      file('all', 'all', { mode: 0o666 }),
      file('shadow', 'shadow', { mode: 0o640, gid: 42 }),
      folder('tmp', { mode: 0o1777 }),
      folder('open', { mode: 0o777 }),
      { path: 'null', flag: '3' },
      { path: 'pipe', flag: '6' },
      file('dev/sda', 'not a device'),
      link('out', '../../etc/passwd'),
      link('circle', 'circle'),
    ]);
    const mode = (path: string): string => (lstatSync(at(root, path)).mode & 0o7777).toString(8);
    expect(['su', 'all', 'shadow', 'tmp', 'open'].map(mode)).toEqual(['755', '644', '640', '1777', '755']);
    expect(namesIn(root)).toEqual(['all', 'boxmark', 'open', 'shadow', 'su', 'tmp']);
    expect(root.notices).toEqual([
      '2 devices and pipes (/null, …) left out, because every box has its own /dev',
      'the set-user-id and set-group-id bits of 1 program (/su) dropped',
      '1 file or folder (/shadow) of other owners belong to root',
      '2 links (/circle, …) left out, because they lead out of the root or in a circle',
    ]);
  });

  it.each<[string, TarEntry[][], RegExp]>([
    ['a path with `..`', [[file('../out')]], /leads out of its folder.*\.\.\/out/],
    ['`..` in the middle', [[file('a/../../out')]], /leads out of its folder/],
    ['an absolute path', [[file('/etc/passwd')]], /absolute path/],
    [
      'a path through a link that leaves the root',
      [[link('l', '../..')], [file('l/out')]],
      /leaves the root through a link.*l\/out/,
    ],
    ['the same in one layer', [[link('l', '../../tmp'), file('l/out')]], /leaves the root through a link/],
    ['a path through links in a circle', [[link('a', 'b'), link('b', 'a')], [file('a/x')]], /in a circle/],
    ['a path below a file', [[file('a')], [file('a/b')]], /lies below the file a/],
    ['a hard link to the outside', [[hardLink('a', '../../etc/passwd')]], /hard link to.*leaves the root/],
    [
      'a hard link through a link to the outside',
      [[link('l', '../..'), hardLink('a', 'l/etc/passwd')]],
      /leaves the root/,
    ],
    ['a hard link to nothing', [[hardLink('a', 'etc/passwd')]], /which is not there/],
    ['a hard link to a folder', [[folder('d'), hardLink('a', 'd')]], /hard link to the folder/],
    ['a whiteout through a link that leaves the root', [[link('l', '..')], [file('l/.wh.x', '')]], /leaves the root/],
    ['a name with a line end', [[file('a\nb')]], /control characters/],
    ['an unknown type', [[{ path: 'a', flag: 'Q' }]], /unknown type "Q"/],
    [
      'a sparse file',
      [[pax({ 'GNU.sparse.major': '1' }), file('a')]],
      /layer sha256:[0-9a-f]{64} is damaged: .*sparse/,
    ],
    ['a folder /boxmark', [[file('boxmark/node')]], /holds \/boxmark/],
  ])('are refused with %s, and nothing is left', async (_, layers, message) => {
    expect(await refusalOf(() => openLayers(...layers))).toMatch(message);
    expect(readdirSync(dir).sort()).toEqual(['oci', ...(existsSync(store) ? ['store'] : [])]);
  });

  it('never put anything outside the root, whatever is in them', async () => {
    const name = fc.constantFrom('a', 'b', '..', '.', '', 'c');
    const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((names) => names.join('/'));
    const entry = fc.record({
      path,
      target: path,
      flag: fc.constantFrom('0', '1', '2', '5'),
      content: fc.constant('x'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(entry, { maxLength: 6 }), { minLength: 1, maxLength: 3 }), async (layers) => {
        rmSync(dir, { recursive: true, force: true });
        mkdirSync(dir, { recursive: true });
        await openLayers(...layers).catch((error: unknown) => expect(error).toBeInstanceOf(BoxmarkError));
        expect(readdirSync(dir).filter((one) => !['oci', 'store'].includes(one))).toEqual([]);
        const names = existsSync(store) ? readdirSync(store) : [];
        expect(names.filter((one) => !/^([0-9a-f]{12}|stamps)$/.test(one))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  }, 120_000);
});

describe('an OCI layout', () => {
  const parts: ImageParts = {
    layers: [tarOf([file('etc/passwd', 'root:x:0:0::/:\napp:x:12:34::/:\n'), file('etc/group', 'web:x:56:\n')])],
    config: {
      Env: ['PATH=/opt/bin', 'A=1=2', 'no name'],
      WorkingDir: '/srv',
      User: 'app:web',
      Entrypoint: ['/run'],
      Cmd: ['x'],
    },
  };

  it('says how its programs run', async () => {
    const root = await openOci({ it: parts });
    expect(root).toMatchObject({
      env: { PATH: '/opt/bin', A: '1=2' },
      workdir: '/srv',
      uid: 12,
      gid: 56,
      entrypoint: ['/run', 'x'],
    });
  });

  it.each([
    ['1000', 1000, 0],
    ['1000:7', 1000, 7],
    ['app', 12, 34],
    ['12', 12, 34],
    ['root', 0, 0],
  ])('has the user %s as numbers', async (User, uid, gid) => {
    expect(await openOci({ it: { ...parts, config: { User } } })).toMatchObject({ uid, gid });
  });

  it('is refused when its user is not known to it', async () => {
    const opening = () => openOci({ it: { ...parts, config: { User: 'nobody-here' } } });
    expect(await refusalOf(opening)).toMatch(/user that its own \/etc does not list.*nobody-here/);
  });

  it('gives the same root compressed and not, and as a file of docker save', async () => {
    const plain = await openOci({ it: parts });
    const packed = await openOci({ it: { ...parts, gzip: true } });
    writeFileSync(join(dir, 'it.tar'), dockerArchiveOf(parts));
    const saved = await openRoot('docker-archive:it.tar', dir);
    writeFileSync(join(dir, 'it.tar.gz'), gzipSync(dockerArchiveOf(parts)));
    const savedAndPacked = await openRoot('docker-archive:it.tar.gz', dir);
    expect(new Set([plain, packed, saved, savedAndPacked].map(({ digest }) => digest)).size).toBe(1);
    expect(saved.id).toBe(plain.id);
  });

  it('is found again without being unpacked a second time', async () => {
    const first = await openOci({ it: parts });
    rmSync(join(dir, 'oci/blobs/sha256', digestOf(parts.layers[0] as Buffer)));
    expect(await openRoot('oci:oci', dir)).toEqual(first);
  });

  it('needs a tag where it holds several images', async () => {
    const images = { one: parts, two: { layers: [tarOf([file('second')])] } };
    expect(await refusalOf(() => openOci(images))).toMatch(/several images/);
    expect(await refusalOf(() => openOci(images, ':three'))).toMatch(/no image of this name/);
    expect(namesIn(await openOci(images, ':two'))).toEqual(['boxmark', 'second']);
  });

  it('of several processors gives the one of this host', async () => {
    const images = { other: { ...parts, architecture: OTHER }, here: { layers: [tarOf([file('here')])] } };
    expect(namesIn(await openOci(images, '', { nested: true }))).toEqual(['boxmark', 'here']);
  });

  it('for another processor is refused, in an index and by its configuration', async () => {
    const other = { it: { ...parts, architecture: OTHER } };
    expect(await refusalOf(() => openOci(other))).toMatch(`is for ${OTHER}; this host is ${HERE}`);
    expect(await refusalOf(() => openOci(other, '', { nested: true }))).toMatch(
      `is for ${OTHER}; this host is ${HERE}`,
    );
  });

  it('with a changed layer, configuration or manifest is refused, the layer by its digest', async () => {
    writeOci(join(dir, 'oci'), { it: { ...parts, gzip: true } });
    const blobs = join(dir, 'oci/blobs/sha256');
    const blobNames = readdirSync(blobs);
    for (const name of blobNames) {
      const whole = readFileSync(join(blobs, name));
      const isLayer = whole[0] === 0x1f;
      for (const bytes of [
        Buffer.concat([whole.subarray(0, -1), Buffer.from('!')]),
        whole.subarray(0, 40),
        Buffer.alloc(0),
      ]) {
        writeFileSync(join(blobs, name), bytes);
        expect(await refusalOf(() => openRoot('oci:oci', dir))).toMatch(
          isLayer ? `The layer sha256:${name} is damaged` : name,
        );
      }
      writeFileSync(join(blobs, name), whole);
    }
    expect(blobNames.length).toBe(3);
  });

  it('whose layer is not what the configuration says is refused', async () => {
    const [wrong, right] = [tarOf([file('wrong')]), tarOf([file('right')])];
    writeFileSync(
      join(dir, 'it.tar'),
      dockerArchiveOf({ layers: [right] }, (entries) =>
        entries.map((entry) => (entry.path.endsWith('layer.tar') ? { ...entry, content: wrong } : entry)),
      ),
    );
    expect(await refusalOf(() => openRoot('docker-archive:it.tar', dir))).toMatch(
      `The layer sha256:${digestOf(right)} is damaged: its SHA-256 is ${digestOf(wrong)}`,
    );
  });

  it('compressed by zstd says why it is not read, where Node.js does not read it', async () => {
    const layer = Buffer.from('28b52ffd0000', 'hex');
    expect(await refusalOf(() => openOci({ it: { layers: [layer] } }))).toMatch(/zstd|is damaged/);
  });

  it.each([
    ['nothing', () => {}, /not whole/],
    ['no JSON', () => writeFileSync(join(dir, 'oci/index.json'), '{'), /can not be read/],
    ['no list', () => writeFileSync(join(dir, 'oci/index.json'), '{"manifests":{}}'), /can not be read/],
    [
      'another kind of digest',
      () => writeFileSync(join(dir, 'oci/index.json'), '{"manifests":[{"digest":"sha512:00"}]}'),
      /something else than a SHA-256/,
    ],
    ['a link to a device', () => symlinkSync('/dev/zero', join(dir, 'oci/index.json')), /no regular file/],
  ])('with %s in it is refused', async (_, make, message) => {
    mkdirSync(join(dir, 'oci'));
    make();
    expect(await refusalOf(() => openRoot('oci:oci', dir))).toMatch(message);
  });
});

describe('a file of docker save', () => {
  const parts: ImageParts = { layers: [tarOf([file('a')])] };
  const open = (bytes: Buffer): Promise<OpenedRoot> => {
    writeFileSync(join(dir, 'it.tar'), bytes);
    return openRoot('docker-archive:it.tar', dir);
  };

  it('may hold a layer as a link to another one', async () => {
    const layer = tarOf([file('a')]);
    const path = `${digestOf(layer)}/layer.tar`;
    const shared = dockerArchiveOf(parts, (entries) =>
      entries.flatMap((entry) =>
        entry.path === path ? [{ ...entry, path: 'first/layer.tar' }, link(path, '../first/layer.tar')] : [entry],
      ),
    );
    expect(namesIn(await open(shared))).toEqual(['a', 'boxmark']);
  });

  it.each<[string, Buffer, RegExp]>([
    ['no manifest', tarOf([file('a')]), /no manifest.json/],
    ['several images', tarOf([file('manifest.json', '[{"RepoTags":["a:1"]},{"RepoTags":["b:1"]}]')]), /2 images/],
    [
      'a missing layer',
      dockerArchiveOf(parts, (all) => all.filter(({ path }) => !path.endsWith('.tar'))),
      /missing from the archive/,
    ],
    [
      'a changed configuration',
      dockerArchiveOf(parts, (all) => all.map((one, index) => (index === 0 ? { ...one, content: '{}' } : one))),
      /is not what its name says/,
    ],
    ['no archive', Buffer.from('hello'), /can't be read/],
    ['half an archive', dockerArchiveOf(parts).subarray(0, 900), /can't be read/],
    ['half a compressed archive', gzipSync(dockerArchiveOf(parts)).subarray(0, 60), /damaged/],
  ])('with %s is refused', async (_, bytes, message) => {
    expect(await refusalOf(() => open(bytes))).toMatch(message);
  });
});

describe('a folder as a root', () => {
  it('is copied without following a link, and copied again when a file of it changes', async () => {
    mkdirSync(join(dir, 'rootfs/bin'), { recursive: true });
    mkdirSync(join(dir, 'rootfs/proc/1'), { recursive: true });
    writeFileSync(join(dir, 'rootfs/bin/a'), 'one');
    writeFileSync(join(dir, 'secret'), 'secret');
    symlinkSync('../../secret', join(dir, 'rootfs/bin/out'));
    symlinkSync('/bin/a', join(dir, 'rootfs/bin/b'));
    const first = await openRoot('dir:rootfs', dir);
    expect(namesIn(first)).toEqual(['bin', 'boxmark']);
    expect(namesIn(first, 'bin')).toEqual(['a', 'b']);
    expect(textAt(first, 'bin/b')).toBe('one');
    expect(first.notices).toEqual(['1 link (/bin/out) left out, because they lead out of the root or in a circle']);
    writeFileSync(join(dir, 'rootfs/bin/a'), 'two');
    const second = await openRoot('dir:rootfs', dir);
    expect(second.digest).not.toBe(first.digest);
    expect(textAt(second, 'bin/a')).toBe('two');
    expect(textAt(first, 'bin/a')).toBe('one');
  });

  it('gives no file of the host whose folder took the place of one of its own while it was read', async () => {
    mkdirSync(join(dir, 'rootfs/etc'), { recursive: true });
    mkdirSync(join(dir, 'private'));
    writeFileSync(join(dir, 'rootfs/etc/shadow'), 'of the root');
    writeFileSync(join(dir, 'private/shadow'), 'of the host');
    const source = parseRoot('dir:rootfs', dir);
    const supply = await folderSupply(source);
    rmSync(join(dir, 'rootfs/etc'), { recursive: true });
    symlinkSync(join(dir, 'private'), join(dir, 'rootfs/etc'));
    mkdirSync(join(dir, 'assembly'));
    const assembly = new Assembly(join(dir, 'assembly'), 'dir:rootfs');
    expect(await refusalOf(() => supply.read(assembly))).toMatch(/etc\/shadow|was replaced/);
    const kept = readdirSync(join(dir, 'assembly'), { recursive: true, withFileTypes: true }).filter((one) =>
      one.isFile(),
    );
    expect(kept.map((one) => readFileSync(join(one.parentPath, one.name), 'utf8'))).not.toContain('of the host');
  });

  it('that is missing, or is a file, is refused', async () => {
    writeFileSync(join(dir, 'file'), '');
    expect(await refusalOf(() => openRoot('dir:nowhere', dir))).toMatch(/no folder/);
    expect(await refusalOf(() => openRoot('dir:file', dir))).toMatch(/no folder/);
  });
});

describe('the name of a root', () => {
  it.each([
    ['oci:a/b', { kind: 'oci', at: '/x/a/b' }],
    ['oci:/a:v1.2', { kind: 'oci', at: '/a', tag: 'v1.2' }],
    ['docker-archive:a.tar', { kind: 'docker-archive', at: '/x/a.tar' }],
    ['docker:registry.example:5000/a/b:1@sha256:00', { kind: 'docker', at: 'registry.example:5000/a/b:1@sha256:00' }],
    ['dir:/a:b', { kind: 'dir', at: '/a:b' }],
  ])('%s is read', (spec, source) => {
    expect(parseRoot(spec, '/x')).toEqual(source);
  });

  it.each(['', 'debian', 'oci:', 'docker:--privileged', 'docker:a b', 'https://example.org/a'])(
    '%j is refused',
    (spec) => {
      expect(() => parseRoot(spec, '/x')).toThrow(BoxmarkError);
    },
  );
});

describe('an image of a root', () => {
  const elf = readFileSync(realpathSync(process.execPath)).subarray(0, 64);

  async function imageOf(...entries: TarEntry[]) {
    const root = await openLayers(entries);
    writeFileSync(join(dir, 'payload.cjs'), 'the payload\n');
    const base = await ensureImage(join(dir, 'payload.cjs'));
    const commands = [{ id: 'it', command: ['/it'], files: [] }];
    const { image } = await programImage(base, { commands, with: [], cwd: dir, root });
    return { image, base };
  }

  it('has the files of Boxmark in one folder, and those of the user as they were', async () => {
    const { image, base } = await imageOf(
      file('it', elf, { mode: 0o755 }),
      folder('lib'),
      file('lib/libc.so.6', 'own'),
      file('etc/hosts', 'own hosts'),
      link('tmp', 'lib'),
    );
    const names = readdirSync(image.root, { recursive: true, encoding: 'utf8' });
    const outside = names.filter((name) => !/^(boxmark|dev|proc|sys|run|tmp)(\/|$)/.test(name)).sort();
    expect(outside).toEqual([
      ...['etc', 'etc/hostname', 'etc/hosts', 'etc/os-release', 'etc/resolv.conf', 'it', 'lib', 'lib/libc.so.6', 'usr'],
    ]);
    expect(readFileSync(join(image.root, 'lib/libc.so.6'), 'utf8')).toBe('own');
    expect(readFileSync(join(image.root, 'etc/hosts'), 'utf8')).toBe('own hosts');
    expect(lstatSync(join(image.root, 'tmp')).isDirectory()).toBe(true);
    expect(image.nodeDigest).toBe(base.nodeDigest);
    expect(image.payloadArgv.slice(-2)).toEqual(['/boxmark/node', '/boxmark/payload.cjs']);
    expect(image.payloadArgv.every((word) => word.startsWith('/boxmark/') || word === '--library-path')).toBe(true);
    expect(image.nativeArgv).toEqual(image.payloadArgv);
  });

  it('is exported and imported with the same digest', async () => {
    const { image } = await imageOf(file('it', elf, { mode: 0o755 }), folder('bin'), link('bin/abs', '/it'));
    await exportImage(image, join(dir, 'image.tar'));
    process.env.BOXMARK_CACHE = join(dir, 'other');
    const imported = await importImage(join(dir, 'image.tar'));
    expect(imported).toMatchObject({
      digest: image.digest,
      payloadArgv: image.payloadArgv,
      userRoot: { uid: 0, gid: 0 },
    });
  });

  it('is not made of another root than the session has', async () => {
    const { base } = await imageOf(file('it', elf, { mode: 0o755 }));
    const root = { source: 'oci:oci', digest: '0'.repeat(64) };
    const making = programImage(base, { commands: [{ id: 'it', command: ['/it'] }], with: [], cwd: dir, root });
    await expect(making).rejects.toThrow(/another one than in the session/);
  });
});
