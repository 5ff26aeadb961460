import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { groupSamples } from '../../bench/analysis/contrast/group.ts';
import { contrastTable } from '../../bench/analysis/contrast/ratio.ts';
import { createStore } from '../../bench/session/store.ts';
import { NO_TRAITS } from '../../bench/types.ts';
import { simulateSamples, testPlan, testStart } from '../bench/analysis/simulate.ts';
import { infoFor } from '../bench/boxes.ts';
import { boxmark } from './program.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync('/var/tmp/boxmark-test-verify-');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A whole session on disk: Docker costs 1 %, Docker in Docker 4 %, the guest kernel 40 %. */
function session(): string {
  const environments = ['native', 'docker', 'docker/docker', 'uml'].map((path) => ({ path }));
  const plan = testPlan({ environments, workloads: ['fft', 'sor', 'monte-carlo', 'sparse', 'lu'] });
  const labels = { 'docker/docker': ['relaxed outer'], uml: ['guest kernel (User-mode Linux)'] };
  const info = {
    ...infoFor(plan, []),
    session: '20261123T170000Z-ab12cd',
    environments: environments.map(({ path }) => ({
      path,
      labels: labels[path as keyof typeof labels] ?? [],
      traits: { ...NO_TRAITS, relaxed: path === 'docker/docker', ownCpu: path === 'uml' },
      versions: {},
      facts: { cpus_allowed: '1', speculation_store_bypass: 'thread vulnerable' },
    })),
    blocksCompleted: 6,
    stopReason: 'blocks' as const,
  };
  const ratios = { docker: 1.01, 'docker/docker': 1.04, uml: 1.4 };
  const samples = [...simulateSamples(plan, { seed: 3, ratios, start: 0.001 })];
  const store = createStore(join(dir, 'results'), info);
  store.samples(samples);
  for (const { path } of environments) {
    for (let block = 1; block <= 6; block++) store.start(testStart({ block, env: path, readyMs: 200 + block }));
  }
  store.session(info);
  store.finish([...contrastTable(groupSamples(samples), plan).rows], 'blocks');
  store.close();
  return store.dir;
}

function claimsFile(...claims: object[]): string {
  const common = { denominator_env: 'native', metric: 'time', workload: 'suite', value: 1, source: 'a test' };
  const file = join(dir, 'mine.yaml');
  writeFileSync(file, JSON.stringify({ schema: 1, title: 'Mine', claims: claims.map((it) => ({ ...common, ...it })) }));
  return file;
}

const FREE = { id: 'free', claim: 'Docker costs nothing.', numerator_env: 'docker', band: { low: 0.97, high: 1.03 } };
const GUEST = { id: 'guest', claim: 'So does a guest.', numerator_env: 'vm', band: { low: 0.97, high: 1.03 } };

describe('boxmark verify', () => {
  it('checks the published claims against a session: the historical ones are not reproduced, and the code is 0', async () => {
    const ended = await boxmark('verify', session());
    expect(ended.stderr).toBe('');
    expect(ended.code).toBe(0);
    for (const line of ended.stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(ended.stdout).toMatch(
      /30 claims: 2 reproduced, 0 refuted, 2 not reproduced here \(2 historical\), 0\s+inconclusive, 26 not\s+applicable/,
    );
    expect(ended.stdout).toMatch(/^nw-nest-ct +1\.18 +1\.15–1\.21 +1\.0\d+ \[1\.0\d+, 1\.0\d+\] +not here$/m);
    expect(ended.stdout).toMatch(/^judo-ct .* reproduced$/m);
    expect(ended.stdout.replace(/\s+/g, ' ')).toMatch(
      /nw-nest-ct, lightvm-docker: historical\..*says nothing against the reviewers/,
    );
    expect(ended.stdout.replace(/\s+/g, ' ')).toMatch(
      /nw-nest-vm: .* Needs hardware virtualisation: labels of uml: guest kernel/,
    );
  });

  it('is code 3 when a claim is refuted that is not historical, and 0 when it is', async () => {
    const dir = session();
    const refuted = await boxmark('verify', dir, '--claims', claimsFile(FREE, GUEST));
    expect(refuted.code).toBe(3);
    expect(refuted.stdout).toMatch(/^free .* reproduced$/m);
    expect(refuted.stdout).toMatch(/^guest .* refuted$/m);
    expect(refuted.stdout.replace(/\s+/g, ' ')).toMatch(/time ratio 1\.4\d+, throughput −2\d\.\d+ %/);
    const historical = await boxmark('verify', dir, '--claims', claimsFile({ ...GUEST, historical: true }));
    expect(historical.code).toBe(0);
  });

  it('prints one JSON document with every figure and reason', async () => {
    const start = { ...FREE, id: 'start', metric: 'start-up', figure: 'ready', workload: undefined };
    const ended = await boxmark('verify', session(), '--json', '--claims', claimsFile(FREE, GUEST, start));
    expect(ended.code).toBe(3);
    const document = JSON.parse(ended.stdout);
    expect(document).toMatchObject({ schema: 1, session: '20261123T170000Z-ab12cd', blocks: 6, failed: ['guest'] });
    expect(document.results[0]).toMatchObject({
      id: 'free',
      historical: false,
      numerator: 'docker',
      denominator: 'native',
      workload: 'suite',
      verdict: 'reproduced',
      reason: expect.any(String),
      ours: { ratio: expect.any(Number), interval: { low: expect.any(Number), high: expect.any(Number) }, blocks: 6 },
    });
    expect(document.results[2]).toMatchObject({
      id: 'start',
      verdict: 'reproduced',
      ours: { ratio: 1 },
      unit: 'ratio',
    });
  });

  it('is code 2 for a bad claims file, which names file, claim, field and value, and for a folder that is no session', async () => {
    const dir = session();
    const file = claimsFile({ ...FREE, value: 'much' });
    const bad = await boxmark('verify', dir, '--claims', file);
    expect(bad.code).toBe(2);
    expect(bad.stdout).toBe('');
    expect(bad.stderr).toContain(`${file}: claim "free": value:`);
    expect(bad.stderr).toContain('received: "much"');
    expect((await boxmark('verify', dir, '--claims', join(dir, 'none.yaml'))).code).toBe(2);
    expect((await boxmark('verify', join(dir, '..'))).code).toBe(2);
  });

  it('warns of a session that was changed after it was written', async () => {
    const dir = session();
    appendFileSync(join(dir, 'events.jsonl'), '{"at":"2026-11-23T17:00:00.000Z","kind":"x"}\n');
    const ended = await boxmark('verify', dir, '--claims', claimsFile(FREE));
    expect(ended.code).toBe(0);
    expect(ended.stderr).toMatch(/not whole: events\.jsonl: .*changed[\s\S]*boxmark check/);
  });

  it('neutralises what a claims file would do to a terminal', async () => {
    const claim = 'Free\u001b[2J\u202e of charge.';
    const ended = await boxmark('verify', session(), '--claims', claimsFile({ ...FREE, claim }));
    for (const control of ['\u001b', '\u202e']) expect(ended.stdout).not.toContain(control);
    expect(ended.stdout).toContain('Free of charge.');
  });

  it('has its claims listed', async () => {
    const ended = await boxmark('list', 'claims', '--json');
    const { items } = JSON.parse(ended.stdout) as { items: { name: string; summary: string; details: string[] }[] };
    expect(items[0]?.name).toBe('nw-nest-ct');
    expect(items[0]?.summary).toMatch(/^Historical: .*18 %/);
    expect(items.find(({ name }) => name === 'fc-boot')?.details).toContain(
      'published 125, band at most 125 ms, grade A',
    );
  });
});
