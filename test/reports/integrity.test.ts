/** Whatever is written of a session says which one it is, by its seal, and when its figures can't be relied on. */

import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { integrityOf } from '../../bench/kinds/whole-check.ts';
import type { Format } from '../../reports/formats/format.ts';
import { FORMATS } from '../../reports/formats/index.ts';
import type { ReportModel } from '../../reports/model/model.ts';
import { writeSession } from '../cli/stored-session.ts';
import { plainModel } from './exports/fixture.ts';

const SEAL = 'c0ffee'.repeat(11).slice(0, 64);
const whole = (): ReportModel => ({ ...plainModel(1.1), integrity: { seal: SEAL, faults: [] } });
const faulty = (): ReportModel => ({ ...plainModel(1.1), integrity: { seal: SEAL, faults: ['Tampered--evidence'] } });

async function contentsOf(format: Format, ...models: readonly ReportModel[]): Promise<string[]> {
  const files = await format.files(models.map((model) => ({ model, base: '..' })));
  return files.map(({ content }) => (typeof content === 'string' ? content : Buffer.from(content).toString('latin1')));
}

describe.each(FORMATS.map((format) => [format.name, format] as const))('the format %s', (name, format) => {
  it('is never silent about a session whose check fails', async () => {
    const contents = await contentsOf(format, faulty());
    // Text in a picture is drawn: it is another picture.
    if (name === 'png') expect(contents[0]).not.toBe((await contentsOf(format, whole()))[0]);
    else expect(contents.join('')).toMatch(/Tampered/);
    if (name === 'svg') for (const content of contents) expect(content).toContain('Tampered');
    expect((await contentsOf(format, whole())).join('')).not.toContain('Tampered');
  });

  it.skipIf(name === 'png')('has the whole seal, to be copied', async () => {
    expect((await contentsOf(format, faulty())).join('')).toContain(SEAL);
  });

  it.skipIf(!format.many || name === 'png')('says it of each of several sessions', async () => {
    const text = (await contentsOf(format, whole(), faulty())).join('');
    expect(text).toContain(SEAL);
    expect(text).toMatch(/Tampered/);
  });
});

describe('the integrity of a session', () => {
  let dir: string;
  let session: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
    session = writeSession({ out: dir, name: 'one', plan: { rounds: 4, blocks: 2 } });
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** Writes a manifest that fits the files, as whoever changes them can. */
  const seal = (): string => {
    const file = join(session, 'manifest.json');
    const manifest = JSON.parse(readFileSync(file, 'utf8'));
    for (const name of Object.keys(manifest.files)) {
      manifest.files[name] = createHash('sha256')
        .update(readFileSync(join(session, name)))
        .digest('hex');
    }
    writeFileSync(file, JSON.stringify(manifest));
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  };

  it('is its seal and no fault when it is complete', async () => {
    const own = seal();
    expect(await integrityOf(session)).toEqual({ seal: own, faults: [] });
  });

  it('names what a changed figure does not follow from, although the manifest fits', async () => {
    const file = join(session, 'contrasts.csv');
    const [head = '', first = '', ...rest] = readFileSync(file, 'utf8').split('\n');
    const changed = first.split(',').with(head.split(',').indexOf('time_ratio'), '0.5');
    writeFileSync(file, [head, changed.join(','), ...rest].join('\n'));
    const own = seal();
    expect(await integrityOf(session)).toEqual({
      seal: own,
      faults: [expect.stringMatching(/^The check of the session fails: contrasts.csv: row 1: time_ratio is 0.5, and/)],
    });
  });

  it('is a fault, and only that, without a manifest', async () => {
    for (const name of ['manifest.json', 'contrasts.csv']) rmSync(join(session, name));
    const faults = ['The session has no manifest: it is still running, or was cut off'];
    expect(await integrityOf(session)).toEqual({ seal: null, faults });
  });

  it('says that a session was interrupted, whatever its files are like', async () => {
    const file = join(session, 'session.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"stopReason": "blocks"', '"stopReason": "interrupted"'));
    const { faults } = await integrityOf(session);
    expect(faults[0]).toBe('The session did not come to its own end: interrupted');
    expect(faults[1]).toContain('session.json: is not what the manifest lists');
  });

  it('names three findings and counts the others', async () => {
    const file = join(session, 'starts.csv');
    const lines = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, lines.map((line) => line.replace('completed', 'absent')).join('\n'));
    const { faults } = await integrityOf(session);
    expect(faults).toHaveLength(4);
    expect(faults[3]).toMatch(/^The check of the session has \d+ more findings$/);
  });
});
