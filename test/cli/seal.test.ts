import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { sealOf } from '../../bench/session/seal.ts';
import { check } from '../../cli/commands/check.ts';

let dir: string;
let printed: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  cpSync('results/example/20261126T070159Z-b39def', dir, { recursive: true });
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

const sealNow = () =>
  createHash('sha256')
    .update(readFileSync(join(dir, 'manifest.json')))
    .digest('hex');

it('of a session is the digest of its manifest, and checks', async () => {
  expect(await check({}, dir)).toBe(0);
  expect(printed).toMatch(new RegExp(`^Seal: ${sealNow()}$`, 'm'));
  expect(await check({ seal: sealNow() }, dir)).toBe(0);
});

it('finds a session whose rows and manifest were both changed', async () => {
  const seal = sealNow();
  const [head = '', first = '', ...rest] = readFileSync(join(dir, 'starts.csv'), 'utf8').split('\n');
  const changed = first.split(',').with(head.split(',').indexOf('teardown_ms'), '1');
  writeFileSync(join(dir, 'starts.csv'), [head, changed.join(','), ...rest].join('\n'));
  const manifest = JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8'));
  manifest.files['starts.csv'] = createHash('sha256')
    .update(readFileSync(join(dir, 'starts.csv')))
    .digest('hex');
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify(manifest));
  expect(await check({}, dir)).toBe(0);
  printed = '';
  expect(await check({ seal }, dir)).toBe(1);
  expect(printed).toContain(
    `manifest.json: is not that of the session with the seal ${seal}: the seal of this one is ${sealNow()}`,
  );
});

it('of a session without a manifest is missing, which is a finding', async () => {
  rmSync(join(dir, 'manifest.json'));
  expect(await check({ seal: 'a'.repeat(64) }, dir)).toBe(1);
  expect(printed).toContain('there is no manifest');
  expect(printed).not.toContain('Seal:');
});

it('is not taken of a manifest that is larger than one can be, of which not a byte is read', () => {
  const file = join(dir, 'manifest.json');
  truncateSync(file, 2 ** 26 + 1);
  expect(() => sealOf(dir)).toThrow(/too large to be part of a session/);
  truncateSync(file, 2 ** 26);
  expect(sealOf(dir)).toBe(sealNow());
});
