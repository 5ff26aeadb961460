/** What is made from the archive of `npm pack` without npm: the tree of files, and the Debian package, installed beside the host's. */

import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { programVersion } from '../cli/paths.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const EXAMPLE = join(ROOT, 'results/example', readdirSync(join(ROOT, 'results/example'))[0] ?? '');

let dir: string;
let archive: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  // Without scripts: they would build under the running tests.
  must('npm', 'pack', '--ignore-scripts', '--pack-destination', dir);
  archive = join(dir, readdirSync(dir).find((name) => name.endsWith('.tgz')) ?? '');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function call(file: string, ...args: readonly string[]) {
  // Compressing takes most of the time.
  const env = { ...process.env, DPKG_DEB_COMPRESSOR_TYPE: 'none', MAINTAINER: 'Jo Doe <jo@example.org>' };
  return spawnSync(file, args, { cwd: ROOT, encoding: 'utf8', env });
}

function must(file: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = call(file, ...args);
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}

/** Does the program in this root know its version and its claims? */
function expectWhole(root: string): void {
  const program = join(root, 'usr/bin/boxmark');
  expect(must(program, 'version').trim()).toBe(programVersion());
  expect(must(program, 'list', 'claims')).toMatch(/\w/);
}

function expectDraws(root: string): void {
  const program = join(root, 'usr/bin/boxmark');
  const out = join(root, 'out');
  must(program, 'report', EXAMPLE, '--format', 'png', '-o', out);
  expect(readdirSync(out)).toEqual(expect.arrayContaining(['ladder.png']));
}

describe('the tree of files', () => {
  it('runs where it stands, and everybody may read it', () => {
    const root = join(dir, 'tree');
    must('packaging/tree.sh', archive, root);
    expectWhole(root);
    expectDraws(root);
    const entries = readdirSync(join(root, 'usr'), { recursive: true, encoding: 'utf8' });
    expect(entries.length).toBeGreaterThan(100);
    for (const name of entries) {
      const { mode } = lstatSync(join(root, 'usr', name));
      if (!lstatSync(join(root, 'usr', name)).isSymbolicLink()) expect(mode & 0o022, name).toBe(0);
      expect(mode & 0o004, name).toBe(0o004);
    }
  });
});

const noDpkg = call('dpkg-deb', '--version').status === 0 ? '' : 'dpkg-deb is missing';

describe('the Debian package', () => {
  let file: string;
  beforeAll(() => {
    if (noDpkg === '') file = must('packaging/deb/build.sh', archive, join(dir, 'deb')).trim();
  });

  it('needs the Node.js that the program needs, and names who built it', (ctx) => {
    if (noDpkg !== '') return ctx.skip(noDpkg);
    const field = (name: string) => must('dpkg-deb', '--field', file, name).trim();
    expect(field('Version')).toBe(programVersion());
    expect(field('Maintainer')).toBe('Jo Doe <jo@example.org>');
    const { engines } = JSON.parse(must('node', '-p', 'JSON.stringify(require("./package.json"))'));
    expect(field('Depends')).toBe(`nodejs (${engines.node.replace('>=', '>= ')})`);
    expect(Number(field('Installed-Size'))).toBeGreaterThan(1000);
  });

  it('has files of root alone, in folders of a distribution, and no scripts', (ctx) => {
    if (noDpkg !== '') return ctx.skip(noDpkg);
    const lines = must('dpkg-deb', '--contents', file).trim().split('\n');
    for (const line of lines) {
      expect(line).toMatch(/^\S+ root\/root /);
      expect(line).toMatch(/ \.\/(?:$|usr\/(?:$|bin\/|lib\/(?:$|boxmark\/)|share\/))/);
    }
    const control = join(dir, 'control');
    must('dpkg-deb', '--control', file, control);
    expect(readdirSync(control)).toEqual(['control']);
  });

  it('unpacked somewhere, is the whole program with completion and licences', (ctx) => {
    if (noDpkg !== '') return ctx.skip(noDpkg);
    const root = join(dir, 'unpacked');
    must('dpkg-deb', '--extract', file, root);
    expectWhole(root);
    expect(statSync(join(root, 'usr/share/doc/boxmark/copyright')).size).toBeGreaterThan(1000);
    expect(must('bash', '-n', join(root, 'usr/share/bash-completion/completions/boxmark'))).toBe('');
  });

  it('is installed and removed by dpkg, and leaves nothing', (ctx) => {
    if (noDpkg !== '') return ctx.skip(noDpkg);
    if (process.getuid?.() !== 0) return ctx.skip('dpkg installs as root only');
    const root = join(dir, 'root');
    for (const name of ['updates', 'info', 'triggers'])
      mkdirSync(join(root, 'var/lib/dpkg', name), { recursive: true });
    writeFileSync(join(root, 'var/lib/dpkg/status'), '');
    // There is no Node.js in that root.
    const dpkg = (...args: readonly string[]) => must('dpkg', `--root=${root}`, '--force-depends', ...args);
    dpkg('--install', file);
    expect(must(join(root, 'usr/bin/boxmark'), 'version').trim()).toBe(programVersion());
    expect(dpkg('--verify', 'boxmark')).toBe('');
    dpkg('--purge', 'boxmark');
    expect(existsSync(join(root, 'usr/lib/boxmark'))).toBe(false);
    expect(existsSync(join(root, 'usr/bin/boxmark'))).toBe(false);
  });
});
