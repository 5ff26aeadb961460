/** What reads files of strangers: each reader with a file that it takes, and the ways in which that is changed. */

import { createPrivateKey, createPublicKey } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { readClaims } from '../../bench/analysis/claims/file.ts';
import { BoxmarkError } from '../../bench/errors.ts';
import { recheck } from '../../bench/kinds/recheck.ts';
import { historyFigures } from '../../bench/kinds/stored-figures.ts';
import { checkWhole } from '../../bench/kinds/whole-check.ts';
import { parseAnswer, parseBody, parseHello } from '../../bench/payload/protocol.ts';
import { checkSession } from '../../bench/session/check.ts';
import { digestOf } from '../../bench/session/files.ts';
import { readHistory } from '../../bench/session/history.ts';
import { loadSession } from '../../bench/session/load.ts';
import { blobOf, bytesOf } from '../../bench/session/signature/ed25519.ts';
import { signingKey } from '../../bench/session/signature/private-key.ts';
import { readPublicKeys } from '../../bench/session/signature/public-keys.ts';
import { signatureOf, signSession } from '../../bench/session/signature/session-signature.ts';
import { armored, wireBytes, wireNumber } from '../../bench/session/signature/wire.ts';
import { createStore } from '../../bench/session/store.ts';
import { storedPlan } from '../../bench/session/stored-plan.ts';
import type { KindTable } from '../../bench/types.ts';
import { openPack } from '../../cli/pack/open.ts';
import { sumsText } from '../../cli/pack/sums.ts';
import { answerFor } from '../../cli/session/host-plan.ts';
import { readPlanFile } from '../../cli/session/plan-file.ts';
import { FORMATS } from '../../reports/formats/index.ts';
import type { ModelInput } from '../../reports/model/model.ts';
import { readSession } from '../../reports/model/read.ts';
import { checkAci } from '../../runners/engines/appc/archive.ts';
import { libraryClosure } from '../../runners/image/elf-closure.ts';
import { importImage } from '../../runners/image/image.ts';
import { manifestText } from '../../runners/image/manifest.ts';
import { type TarMember, tarBytes } from '../../runners/image/tar.ts';
import { RUNNERS } from '../../runners/index.ts';
import { parsePath } from '../../runners/stack/path.ts';
import { infoFor } from '../bench/boxes.ts';
import { writeSession } from '../cli/stored-session.ts';
import { costInput, DENSITY, FOOTPRINT, LOAD, neighbourInput, STORM, scaleInput } from '../reports/fixture.ts';
import { fleetTargets, fleetTexts } from './fleet-targets.ts';
import { bytes, cells, json, jsonLine, type Mutation, numbers, words } from './mutate.ts';
import type { Target } from './target.ts';

const EMPTY_DIGEST = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
/** Pictures take a second each, and hold no text of a stranger. */
const TEXTS = FORMATS.filter(({ name }) => !['html', 'png', 'svg'].includes(name));

/** All targets, their files below `dir`. */
export async function targetsIn(dir: string): Promise<Target[]> {
  return [
    ...sessionTargets(dir),
    ...kindTargets(dir),
    ...(await fleetTargets(dir)),
    plan(dir),
    claims(dir),
    ...answers(),
    elf(dir),
    await image(dir),
    await aci(dir),
    environment(),
    ...keys(dir),
    await pack(dir),
  ];
}

function sessionTargets(dir: string): Target[] {
  const session = writeSession({
    out: join(dir, 'results'),
    name: '20261123T170000Z-abcdef',
    plan: { workloads: ['fft', 'sor'], rounds: 4, blocks: 2 },
  });
  writeFileSync(
    join(session, 'events.jsonl'),
    [
      { at: '2026-11-23T17:00:00.000Z', kind: 'unavailable', env: 'docker', reason: 'no daemon', remedy: 'start it' },
      { at: '2026-11-23T17:00:01.000Z', kind: 'steal', block: 1, stealMs: 12, share: 0.02 },
      { at: '2026-11-23T17:00:02.000Z', kind: 'failed', env: 'native', block: 2, reason: 'it ended' },
    ]
      .map((event) => `${JSON.stringify(event)}\n`)
      .join(''),
  );
  const files: Readonly<Record<string, readonly Mutation[]>> = {
    'session.json': [json, json, numbers, bytes],
    'manifest.json': [json, bytes],
    'events.jsonl': [jsonLine, jsonLine, bytes],
    'samples.csv': [cells, cells, numbers, bytes],
    'starts.csv': [cells, cells, numbers, bytes],
    'contrasts.csv': [cells, cells, numbers, bytes],
  };
  const compressed = join(dir, 'compressed', basename(session));
  cpSync(session, compressed, { recursive: true });
  writeFileSync(join(compressed, 'samples.csv.gz'), gzipSync(readFileSync(join(session, 'samples.csv'))));
  rmSync(join(compressed, 'samples.csv'));
  return [
    ...Object.entries(files).map(([name, mutations]) => sessionFile(session, name, mutations)),
    sessionFile(compressed, 'samples.csv.gz', [bytes]),
  ];
}

/** A file of a session, which all readers of sessions are given. */
function sessionFile(session: string, name: string, mutations: readonly Mutation[]): Target {
  return {
    name,
    mutations,
    seed: readFileSync(join(session, name)),
    async read(input, attempt) {
      writeFileSync(join(session, name), input);
      try {
        await readAll(session, attempt);
        await attempt('check', () => expectFinding(session, name, input, this.seed));
      } finally {
        writeFileSync(join(session, name), this.seed);
      }
    },
  };
}

/** Sessions of other kinds of measurement, each with its table. */
function kindTargets(dir: string): Target[] {
  const scaled = scaleInput();
  const beside = neighbourInput();
  const kinds: readonly (readonly [KindTable, ModelInput])[] = [
    ['footprint', costInput('footprint', { footprint: FOOTPRINT })],
    ['scale', scaled],
    ['density', costInput('density', { density: DENSITY })],
    ['storm', costInput('storm', { storm: STORM })],
    ['load', costInput('load', { load: LOAD })],
    ['neighbour', beside],
  ];
  return kinds.map(([table, input]) => {
    const session = kindSession(join(dir, 'kinds', table), table, input);
    return sessionFile(session, `${table}.csv`, [cells, cells, numbers, bytes]);
  });
}

function kindSession(out: string, table: KindTable, input: ModelInput): string {
  const { plan } = input.session;
  const info = { ...infoFor(plan, []), session: '20261123T170000Z-abcdef', blocksCompleted: 3 };
  const store = createStore(out, info);
  store.session(info);
  store.samples([...input.samples]);
  for (const start of input.starts) store.start(start);
  store.rows(table, input[table] as never);
  store.finish([], 'blocks');
  store.close();
  return store.dir;
}

async function readAll(session: string, attempt: Parameters<Target['read']>[1]): Promise<void> {
  await attempt('load', async () => {
    const loaded = await loadSession(session);
    recheck(loaded);
    storedPlan(loaded.info, session, loaded.info.plan.workloads);
    for (const { path } of loaded.info.plan.environments) parsePath(path, RUNNERS, () => '');
  });
  await attempt('report', async () => {
    const model = await readSession(session, { claims: 'claims/published.yaml', kindOf: () => undefined });
    for (const format of TEXTS) await format.files([{ model, base: '..' }]);
  });
  await attempt('history', () => readHistory(join(session, '..'), { figuresOf: historyFigures }));
  await attempt('fleet', () => fleetTexts(join(session, '..')));
  await attempt('capacity', async () => {
    const loaded = await loadSession(session);
    for (const simulate of [null, { cpus: 4, memoryBytes: null }]) {
      answerFor(loaded, { simulate, need: 10 }).text();
    }
  });
}

/** Whatever else it is, a changed session does not check. */
async function expectFinding(session: string, name: string, input: Buffer, seed: Buffer): Promise<void> {
  const { findings } = await checkSession(session);
  if (findings.length === 0 && name !== 'manifest.json' && !isSame(name, input, seed)) {
    throw new Error(`${name} was changed, and check found nothing`);
  }
}

/** Of a compressed file: to what it is unpacked. Its header has a time, and what follows it is ignored. */
function isSame(name: string, input: Buffer, seed: Buffer): boolean {
  return name.endsWith('.gz') ? gunzipSync(input).equals(gunzipSync(seed)) : input.equals(seed);
}

function plan(dir: string): Target {
  const file = join(dir, 'plan.yaml');
  return {
    name: 'plan',
    seed: Buffer.from(
      `env: [native, "docker:memory=1g"]
profile: quick
blocks: 6
max-time: 20m
seed: 42
with: [data.csv, /opt/tool:/opt/tool]
workloads:
  - id: hash
    command: openssl speed -seconds 1 'a b'
    env: { LANG: C }
    timeout: 30s
    exit: [0, 1]
    expect: any
    metrics: [{ name: rate, pattern: '([0-9.]+)k', unit: kB/s, better: higher }]
  - { id: text, shell: 'sort data.csv | tail -1', setup: 'true', stdin: data.csv }
`,
    ),
    mutations: [words, numbers, bytes],
    read: (input, attempt) =>
      attempt('plan', () => {
        writeFileSync(file, input);
        readPlanFile(file);
      }),
  };
}

function claims(dir: string): Target {
  const file = join(dir, 'claims.yaml');
  return {
    name: 'claims',
    seed: readFileSync('claims/published.yaml'),
    mutations: [words, numbers, bytes],
    read: (input, attempt) =>
      attempt('claims', () => {
        writeFileSync(file, input);
        readClaims(file);
      }),
  };
}

/** Lines of a payload: everything that is wrong with one is an error of that box, whatever its class. */
function answers(): Target[] {
  const checksum = '0123456789abcdef';
  const lines = {
    hello: { v: 1, hello: { firstNs: '123456', node: 'v20.19.0', pid: 7, clockStepNs: 30 } },
    answer: { v: 1, id: 3, ok: true, atNs: '99', body: { bursts: [[0, 10, 9]], passes: 4, checksum } },
  };
  return Object.entries(lines).map(([name, line]) => ({
    name,
    seed: Buffer.from(JSON.stringify(line)),
    mutations: [json, numbers, bytes],
    refusal: (error) => error instanceof SyntaxError || (error as Error).name.startsWith('$Zod'),
    read: (input, attempt) =>
      attempt(name, () => {
        if (name === 'hello') return parseHello(input.toString());
        const read = parseAnswer(input.toString());
        return read.ok ? parseBody('visit', read.body) : read.error;
      }),
  }));
}

function elf(dir: string): Target {
  const file = join(dir, 'program');
  return {
    name: 'elf',
    seed: readFileSync('/bin/true'),
    mutations: [bytes],
    refusal: isRefusal,
    read: (input, attempt) =>
      attempt('libraries', () => {
        writeFileSync(file, input);
        libraryClosure(file);
      }),
  };
}

async function image(dir: string): Promise<Target> {
  const file = join(dir, 'image.tar');
  const manifest = Buffer.from(
    manifestText({
      schema: 1,
      files: { 'etc/hosts': { mode: '0644', sha256: EMPTY_DIGEST, size: 0 } },
      folders: { boxmark: '0755', etc: '0755', tmp: '1777', usr: '0755', 'usr/bin': '0755' },
      links: { bin: 'usr/bin' },
    }),
  );
  const seed = await archiveOf([
    ...fileOf('boxmark/manifest.json', manifest),
    ...['boxmark', 'etc', 'tmp', 'usr', 'usr/bin'].map(folder),
    ...fileOf('etc/hosts', Buffer.alloc(0)),
    { entry: { path: 'bin', type: 'symlink', target: 'usr/bin' } },
  ]);
  return {
    name: 'image',
    seed,
    mutations: [bytes, numbers, words],
    read: (input, attempt) =>
      attempt('import', () => {
        writeFileSync(file, input);
        return importImage(file);
      }),
  };
}

async function aci(dir: string): Promise<Target> {
  const file = join(dir, 'image.aci');
  const manifest = {
    acKind: 'ImageManifest',
    acVersion: '0.8.11',
    name: 'example.com/x',
    labels: [
      { name: 'version', value: '1' },
      { name: 'os', value: 'linux' },
      { name: 'arch', value: 'amd64' },
    ],
    app: { exec: ['/bin/x'], user: '0', group: '0', workingDirectory: '/' },
  };
  const seed = await archiveOf([
    ...fileOf('manifest', Buffer.from(JSON.stringify(manifest))),
    folder('rootfs'),
    ...fileOf('rootfs/x', Buffer.from('content')),
  ]);
  return {
    name: 'aci',
    seed,
    mutations: [bytes, numbers, words],
    refusal: isRefusal,
    read: (input, attempt) =>
      attempt('aci', () => {
        writeFileSync(file, input);
        return checkAci(file);
      }),
  };
}

/** Of any exit code: the runner that reads the file decides what a refusal means for its command. */
function isRefusal(error: unknown): boolean {
  return error instanceof BoxmarkError;
}

function environment(): Target {
  return {
    name: 'environment',
    seed: Buffer.from('docker:memory=1g:cpus=0.5/unshare:network=none/ssh:there:port=2222:identity=%2Froot%2Fkey'),
    mutations: [words, numbers, bytes],
    read: (input, attempt) => attempt('path', () => parsePath(input.toString(), RUNNERS, () => '')),
  };
}

/** A key of fixed bytes, as ssh-keygen writes it and its public part. */
function ownKey(): { readonly privateKey: string; readonly publicKey: string } {
  const secret = Buffer.alloc(32, 7);
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), secret]);
  const key = bytesOf(createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })));
  const parts = [wireNumber(5), wireNumber(5), blobOf(key), wireBytes(Buffer.concat([secret, key])), wireBytes('me')];
  const padding = Buffer.from([1, 2]);
  const content = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...['none', 'none', ''].map(wireBytes),
    wireNumber(1),
    wireBytes(blobOf(key)),
    wireBytes(Buffer.concat([...parts, padding])),
  ]);
  const publicKey = `ssh-ed25519 ${blobOf(key).toString('base64')} me@example`;
  return { privateKey: armored(content, 'OPENSSH PRIVATE KEY'), publicKey };
}

/** A signature of a stranger, a file of public keys, and a private key. */
function keys(dir: string): Target[] {
  const session = writeSession({ out: join(dir, 'signed'), name: 'signed', plan: { rounds: 2, blocks: 1 } });
  const file = join(dir, 'key');
  const { privateKey, publicKey } = ownKey();
  const keep = (content: string | Buffer): string => {
    writeFileSync(file, content, { mode: 0o600 });
    return file;
  };
  const own = signingKey(keep(privateKey));
  const allowed = readPublicKeys(keep(publicKey));
  if (own !== undefined) signSession(session, own);
  const sig = join(session, 'manifest.sig');
  const signature: Target = {
    name: 'signature',
    seed: readFileSync(sig),
    mutations: [bytes, bytes, words],
    read(input, attempt) {
      return attempt('signature', () => {
        writeFileSync(sig, input);
        const { verified } = signatureOf(session, allowed);
        // Line ends and hash names apart, every byte of it counts.
        if (!verified && input.equals(this.seed)) throw new Error('the unchanged signature is refused');
        if (verified && plainOf(input) !== plainOf(this.seed)) throw new Error('a changed signature was accepted');
      });
    },
  };
  const reader = (name: string, seed: string, read: (file: string) => unknown): Target => ({
    name,
    seed: Buffer.from(seed),
    mutations: [bytes, words],
    read: (input, attempt) => attempt(name, () => read(keep(input))),
  });
  return [
    signature,
    reader(
      'public keys',
      `# people\nada namespaces="boxmark",valid-after="20200101" ${publicKey}\n${publicKey}\n`,
      (one) => readPublicKeys(one),
    ),
    reader('private key', privateKey, signingKey),
  ];
}

/** The archive is compressed after it was changed: a change of compressed bytes seldom gets past their check sum. */
async function pack(dir: string): Promise<Target> {
  const session = writeSession({ out: join(dir, 'packed'), name: 'packed', plan: { rounds: 2, blocks: 1 } });
  const names = readdirSync(session).sort();
  const digests = new Map(names.map((name) => [name, digestOf(join(session, name))]));
  const members = names.flatMap((name) => fileOf(`packed/${name}`, readFileSync(join(session, name))));
  const seed = await archiveOf([
    folder('packed'),
    ...fileOf('packed/SHA256SUMS', Buffer.from(sumsText(digests))),
    ...members,
  ]);
  const file = join(dir, 'pack.tar.gz');
  const into = join(dir, 'unpacked');
  return {
    name: 'pack',
    seed,
    mutations: [bytes, numbers, words],
    read: (input, attempt) =>
      attempt('pack', async () => {
        writeFileSync(file, gzipSync(input));
        try {
          const opened = await openPack(file, into);
          const { findings } = await checkWhole(opened.dir);
          const all = [...opened.findings, ...findings];
          if (input.equals(seed) && all.length > 0) throw new Error(JSON.stringify(all));
        } catch (error) {
          throw input.equals(seed) ? new Error('the unchanged pack is refused', { cause: error }) : error;
        } finally {
          for (const path of [into, `${into}.tar`]) rmSync(path, { recursive: true, force: true });
        }
      }),
  };
}

function plainOf(text: Buffer): string {
  return text.toString('latin1').replaceAll(/\s/g, '');
}

function fileOf(path: string, content: Buffer): TarMember[] {
  return [{ entry: { path, type: 'file', mode: 0o644, size: content.length }, content }];
}

function folder(path: string): TarMember {
  return { entry: { path, type: 'directory', mode: 0o755 } };
}

async function archiveOf(members: readonly TarMember[]): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of tarBytes(members)) pieces.push(piece);
  return Buffer.concat(pieces);
}
