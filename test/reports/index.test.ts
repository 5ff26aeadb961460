/** Every registered format renders the fixture; the summary for programs says what it promises. */

import { describe, expect, it } from 'vitest';
import { FORMATS, formatsFor } from '../../reports/formats/index.ts';
import { summaryText } from '../../reports/formats/json.ts';
import { buildModel } from '../../reports/model/model.ts';
import { testPlan } from '../bench/analysis/simulate.ts';
import { fixtureInput } from './fixture.ts';

/** A session in which nothing could be measured. */
function emptyModel(id = fixtureInput().session.id) {
  const { session } = fixtureInput();
  const plan = testPlan({ environments: [], workloads: [] });
  return buildModel({ session: { ...session, id, plan }, samples: [], starts: [], events: [], unavailable: [] });
}

describe('formats', () => {
  it.each(['terminal', 'json', 'md', 'html'])(
    '%s shows any session, and says when nothing was measured',
    async (name) => {
      const format = FORMATS.find((one) => one.name === name);
      const textOf = async (model = emptyModel()) =>
        String((await format?.files([{ model, base: '..' }]))?.[0]?.content);
      expect(await textOf(buildModel(fixtureInput()))).toContain('docker/docker');
      expect(await textOf()).toContain('Nothing was measured.');
    },
  );

  it.each(formatsFor('people').map((format) => [format.name, format] as const))(
    '%s makes the same files twice, of one session, of several and of an empty one',
    async (_, { files }) => {
      const integrity = { seal: 'a'.repeat(64), faults: ['samples.csv: is missing'] };
      const session = { model: buildModel({ ...fixtureInput(), integrity }), base: '..' };
      const other = { ...session, model: emptyModel('20261124T170000Z-cd34ef') };
      for (const sessions of [[session], [session, other], [other]]) {
        const first = await files(sessions);
        expect(first).toEqual(await files(sessions));
        expect(new Set(first.map(({ name }) => name)).size).toBe(first.length);
        for (const { name } of first) expect(name).toMatch(/^[\w-]+(\.[\w-]+)*$/);
      }
    },
  );

  it('have names and extensions of their own', () => {
    expect(new Set(FORMATS.map(({ name }) => name)).size).toBe(FORMATS.length);
    for (const { extension, summary } of FORMATS) {
      expect(extension).toMatch(/^[a-z]+$/);
      expect(summary).not.toBe('');
    }
  });
});

describe('the summary for programs', () => {
  it('is one JSON document with a schema version and everything a script needs', () => {
    const text = summaryText(buildModel(fixtureInput()));
    const summary = JSON.parse(text);
    expect(Object.keys(summary)).toEqual([
      'schema',
      'session',
      'integrity',
      'answer',
      'control',
      'trust',
      'open',
      'unequal',
      'hostTimed',
      'notes',
      'plan',
      'environments',
      'contrasts',
      'starts',
      'startup',
      'footprint',
      'scale',
      'laws',
      'density',
      'storm',
      'load',
      'neighbour',
      'posture',
      'failures',
      'unavailable',
      'events',
    ]);
    expect(summary.schema).toBe(1);
    expect(summary.session).toMatchObject({ id: '20261123T170000Z-ab12cd', blocks: 6, stopReason: 'blocks' });
    expect(summary.contrasts).toHaveLength(4 * 6);
    expect(summary.contrasts[0]).toMatchObject({ env: 'docker', baseline: 'native', workload: 'fft', blocks: 6 });
    expect(summary.contrasts[0].interval.low).toBeLessThan(summary.contrasts[0].timeRatio);
    expect(summary.contrasts[0]).toMatchObject({ verdict: 'equivalent', judgement: { reasons: [], more: null } });
    expect(summary.contrasts[0].total.ratio).toBeGreaterThan(1);
    expect(summary.contrasts[0].spread.roundLog).toBeGreaterThan(0);
    expect(summary.trust).toMatchObject({ session: false, workloads: [] });
    expect(summary.open).toMatchObject({ count: 1, blocks: 1, command: expect.stringContaining('--max-blocks 7') });
    expect(summary.environments.map(({ env, role }: { env: string; role: string }) => `${env} ${role}`)).toEqual([
      'native baseline',
      'docker environment',
      'docker/docker environment',
      'qemu:tcg environment',
      'native@control control',
    ]);
    expect(summary.starts[2]).toMatchObject({ env: 'docker/docker', completed: 5, failed: 1 });
    expect(summary.unavailable[0]).toMatchObject({ path: 'gvisor', remedy: 'boxmark setup --all' });
    expect(summary.events.count).toBe(3);
  });

  it('keeps hostile text as data that no terminal acts on', () => {
    const base = fixtureInput();
    const reason = 'a\u009b2J\u202eb\u001b[31m\u2028\u007f';
    const text = summaryText(buildModel({ ...base, unavailable: [{ path: 'x', reason, remedy: '' }] }));
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(JSON.parse(text).unavailable[0].reason).toBe(reason);
  });
});
