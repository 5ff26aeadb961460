/** Signatures of sessions: made and read by Boxmark and by OpenSSH's own ssh-keygen, in both directions. */

import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { reopenStore } from '../../bench/session/reopen.ts';
import { signingKey } from '../../bench/session/signature/private-key.ts';
import { readPublicKeys } from '../../bench/session/signature/public-keys.ts';
import { signSession } from '../../bench/session/signature/session-signature.ts';
import { check } from '../../cli/commands/check.ts';
import { rehearse, sessions } from './program.ts';
import { writeSession } from './stored-session.ts';

let keys: string;
const key = (name: string) => join(keys, name);
const write = (name: string, text: string, mode = 0o644): string => {
  writeFileSync(key(name), text);
  chmodSync(key(name), mode);
  return key(name);
};
const keygen = (...args: readonly string[]) => execFileSync('ssh-keygen', args, { encoding: 'utf8', stdio: 'pipe' });

beforeAll(() => {
  keys = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  for (const name of ['own', 'other'])
    keygen('-q', '-t', 'ed25519', '-N', '', '-C', `${name}@example`, '-f', key(name));
  keygen('-q', '-t', 'ed25519', '-N', 'secret', '-f', key('encrypted'));
  keygen('-q', '-t', 'ecdsa', '-N', '', '-f', key('ecdsa'));
  const pair = generateKeyPairSync('ed25519');
  write('own.pem', String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' })), 0o600);
  write('own.pem.pub', String(pair.publicKey.export({ type: 'spki', format: 'pem' })));
  write(
    'allowed',
    `# people\nada@example,grace@example namespaces="boxmark,file" ${readFileSync(key('own.pub'), 'utf8')}`,
  );
});
afterAll(() => rmSync(keys, { recursive: true, force: true }));

let dir: string;
let session: string;
let printed: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  session = writeSession({ out: dir, name: 'one', plan: { rounds: 4, blocks: 2 } });
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true, force: true });
});

const manifest = () => join(session, 'manifest.json');
const signature = () => join(session, 'manifest.sig');
function sign(name = 'own'): string {
  const signer = signingKey(key(name));
  if (signer === undefined) throw new Error('no key');
  return signSession(session, signer);
}
const checked = async (name: string): Promise<string> => {
  printed = '';
  const code = await check({ key: key(name) }, session);
  return `${code} ${printed}`;
};

describe('a signature', () => {
  it('that Boxmark makes is accepted by ssh-keygen, and only over the same manifest', () => {
    sign();
    const verify = () =>
      spawnSync(
        'ssh-keygen',
        ['-Y', 'verify', '-n', 'boxmark', '-I', 'ada@example', '-f', key('allowed'), '-s', signature()],
        { input: readFileSync(manifest()), encoding: 'utf8' },
      );
    expect(verify()).toMatchObject({ status: 0, stdout: expect.stringContaining('Good "boxmark" signature') });
    writeFileSync(manifest(), `${readFileSync(manifest(), 'utf8')} `);
    expect(verify().status).not.toBe(0);
  });

  it.each(['sha512', 'sha256'])('that ssh-keygen makes with %s is accepted by Boxmark', async (hash) => {
    const made = spawnSync('ssh-keygen', ['-Y', 'sign', '-n', 'boxmark', '-O', `hashalg=${hash}`, '-f', key('own')], {
      input: readFileSync(manifest()),
      encoding: 'utf8',
    });
    writeFileSync(signature(), made.stdout);
    expect(await checked('allowed')).toMatch(/^0 [\s\S]*^Signed: by SHA256:\S{43} of ada@example,grace@example$/m);
  });

  it.each(['own.pub', 'allowed'])('is verified with %s, by the fingerprint that ssh-keygen prints', async (name) => {
    const fingerprint = sign();
    expect(keygen('-l', '-f', key('own.pub'))).toContain(` ${fingerprint} `);
    expect(await checked(name)).toMatch(
      new RegExp(`^0 [\\s\\S]*^Signed: by ${fingerprint.replaceAll(/[+]/g, '\\+')} of `, 'm'),
    );
  });

  it('of a PEM key is verified with the PEM public key', async () => {
    const fingerprint = sign('own.pem');
    expect(await checked('own.pem.pub')).toContain(`Signed: by ${fingerprint}\n`);
  });

  it('is shown without a key, as by somebody unknown', async () => {
    const fingerprint = sign();
    expect(await check({}, session)).toBe(0);
    expect(printed).toContain(`Signed: by ${fingerprint}, whose owner is not verified (--key FILE)`);
    printed = '';
    expect(await check({ json: true, key: key('own.pub') }, session)).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({ ok: true, signature: { key: fingerprint, verified: true } });
  });

  it('is gone when the session resumes', () => {
    sign();
    reopenStore(session, 'one', 1).close();
    expect(existsSync(signature())).toBe(false);
  });
});

describe('--sign', () => {
  const RUN = ['run', '-e', 'native', '-w', 'fft', '--size', 'tiny', '--rounds', '2', '--burst', '1ms', '-q'];

  it('of run and resume leaves a signed session', { timeout: 120_000 }, async () => {
    const out = join(dir, 'out');
    const ended = await rehearse(...RUN, '--blocks', '2', '-o', out, '--sign', key('own'));
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Seal: .*\nSigned: by SHA256:\S{43}$/m) });
    [session = ''] = sessions(out);
    expect(await checked('own.pub')).toMatch(/^0 /);
    const resumed = await rehearse('resume', session, '--max-blocks', '3', '-q', '--sign', key('own'));
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(await checked('own.pub')).toMatch(/^0 /);
  });

  it('refuses a bad key before anything is measured', async () => {
    const out = join(dir, 'out');
    const ended = await rehearse(...RUN, '--blocks', '2', '-o', out, '--sign', key('encrypted'));
    expect(ended).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('The private key is encrypted'),
    });
    expect(sessions(out)).toEqual([]);
  });
});

describe('a signature is a finding (code 1)', () => {
  it.each([
    ['when it is missing', () => {}, /manifest\.sig: is missing: the session is not signed/],
    ['by another key', () => sign('other'), /manifest\.sig: is by the key SHA256:\S+, which is none of those given/],
    [
      'over another manifest',
      () => {
        sign();
        writeFileSync(manifest(), `${readFileSync(manifest(), 'utf8')} `);
      },
      /manifest\.sig: does not fit the manifest/,
    ],
    [
      'for another purpose',
      () => {
        const args = ['-Y', 'sign', '-n', 'file', '-f', key('own')];
        writeFileSync(signature(), spawnSync('ssh-keygen', args, { input: readFileSync(manifest()) }).stdout);
      },
      /manifest\.sig: is for the namespace "file", not "boxmark"/,
    ],
    [
      'of a key of another type',
      () => {
        const args = ['-Y', 'sign', '-n', 'boxmark', '-f', key('ecdsa')];
        writeFileSync(signature(), spawnSync('ssh-keygen', args, { input: readFileSync(manifest()) }).stdout);
      },
      /manifest\.sig: is no signature that can be read: its key is of the type ecdsa-sha2-nistp256/,
    ],
    ['that is none', () => writeFileSync(signature(), 'signed, me'), /manifest\.sig: is no signature that can be read/],
    [
      'that is too long',
      () => writeFileSync(signature(), 'x'.repeat(1 << 20)),
      /manifest\.sig: is no signature that can be read: The file is too large/,
    ],
    [
      'that is cut',
      () => {
        sign();
        const lines = readFileSync(signature(), 'utf8').split('\n');
        writeFileSync(signature(), [lines[0], lines[1], lines.at(-2), ''].join('\n'));
      },
      /manifest\.sig: is no signature that can be read: it (?:ends early|is no base64)/,
    ],
  ])('%s', async (_, prepare, expected) => {
    prepare();
    const ended = await checked('allowed');
    expect(ended).toMatch(/^1 /);
    expect(ended).toMatch(expected);
    expect(ended).not.toContain('Signed:');
  });

  it('also without a key, where it does not fit', async () => {
    sign();
    writeFileSync(manifest(), `${readFileSync(manifest(), 'utf8')} `);
    expect(await check({}, session)).toBe(1);
    expect(printed).toContain('does not fit the manifest');
  });
});

describe('a file of public keys', () => {
  const lines = (text: string) => () => readPublicKeys(write('lines', text));
  const own = () => readFileSync(key('own.pub'), 'utf8').trim();

  it('allows what OpenSSH allows: namespaces, times, several lines', () => {
    const text = [
      `a namespaces="file" ${own()}`,
      `b cert-authority ${own()}`,
      `c valid-before="20200101" ${own()}`,
      `d valid-after="99990101Z" ${own()}`,
      `"e f" namespaces="boxmark",valid-after="20200101",valid-before="99990101120000Z" ${own()}`,
      readFileSync(key('ecdsa.pub'), 'utf8').trim(),
      `g ${own()}`,
    ].join('\n');
    expect(lines(text)().map(({ who }) => who)).toEqual(['e f', 'g']);
  });

  it.each([
    ['is missing', () => readPublicKeys(key('absent')), /can't be read \(ENOENT/],
    ['is a private key', () => readPublicKeys(key('own')), /this is a private key[\s\S]*try: .*own\.pub/],
    ['is empty', lines(''), /no Ed25519 key that may sign for boxmark now/],
    ['has keys of other types only', () => readPublicKeys(key('ecdsa.pub')), /no Ed25519 key/],
    ['has a line that is none', lines('hello'), /line 1 has no key: it is neither/],
    ['has a key that is no base64', lines('ssh-ed25519 A!'), /line 1 has no key: it is no base64/],
    [
      'has a key that is cut',
      () => lines(own().split(' ').with(1, 'AAAAC3NzaC1lZDI1NTE5').join(' '))(),
      /it ends early/,
    ],
    ['has a time that is none', () => lines(`a valid-before="soon" ${own()}`)(), /soon is no time/],
    ['is PEM without a key', lines('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'), /no public key/],
    ['is too large', lines('x'.repeat((1 << 20) + 1)), /larger than/],
    ['has too many lines', lines('\n'.repeat(10_001)), /too many lines/],
  ])('is bad input (code 2) when it %s', (_, read, expected) => {
    expect(read).toThrow(expected);
    expect(read).toThrow(expect.objectContaining({ exitCode: 2 }));
  });

  it('of PEM with another type of key is bad input', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const file = write('ec.pem', String(publicKey.export({ type: 'spki', format: 'pem' })));
    expect(() => readPublicKeys(file)).toThrow(/of the type ec, not ed25519/);
  });
});

describe('a private key', () => {
  it.each([
    ['is missing', () => key('absent'), /ENOENT/],
    ['is a folder', () => keys, /no regular file/],
    [
      'can be read by the group',
      () => write('open', readFileSync(key('own'), 'utf8'), 0o640),
      /mode 0640[\s\S]*chmod 600/,
    ],
    ['is encrypted', () => key('encrypted'), /encrypted/],
    ['is of another type', () => key('ecdsa'), /of the type ecdsa-sha2-nistp256, not ssh-ed25519/],
    ['is no key', () => write('none', 'hello', 0o600), /neither PEM \(PKCS #8\) nor an OpenSSH private key/],
    ['is a public key', () => write('public', readFileSync(key('own.pub'), 'utf8'), 0o600), /neither PEM/],
    ['is too large', () => write('large', 'x'.repeat(70_000), 0o600), /too large/],
    [
      'is changed',
      () => {
        const [first = '', ...rest] = readFileSync(key('own'), 'utf8').split('\n');
        const text = rest.join('\n');
        const at = text.length - 120;
        return write(
          'changed',
          `${first}\n${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`,
          0o600,
        );
      },
      /its (?:two parts differ|padding is wrong)/,
    ],
  ])('is refused (code 2) when it %s', (_, file, expected) => {
    expect(() => signingKey(file())).toThrow(expected);
    expect(() => signingKey(file())).toThrow(expect.objectContaining({ exitCode: 2 }));
  });

  it('of PEM may be of Ed25519 only, and not encrypted', () => {
    const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(() => signingKey(write('ec', String(privateKey.export(pkcs8)), 0o600))).toThrow(/of the type ec, not/);
    const own = generateKeyPairSync('ed25519').privateKey;
    const locked = own.export({ ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'secret' });
    expect(() => signingKey(write('locked', String(locked), 0o600))).toThrow(/encrypted/);
  });
});
