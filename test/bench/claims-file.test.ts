import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readClaims } from '../../bench/analysis/claims/file.ts';
import { type Claim, claimsJsonSchema, isRateClaim } from '../../bench/analysis/claims/schema.ts';
import type { BoxmarkError } from '../../bench/errors.ts';

const CLAIMS = fileURLToPath(new URL('../../claims', import.meta.url));
const PUBLISHED = join(CLAIMS, 'published.yaml');
const DOCS = fileURLToPath(new URL('../../docs/claims.md', import.meta.url));

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const GOOD = {
  schema: 1,
  claims: [
    {
      id: 'mine',
      claim: 'Docker costs nothing.',
      numerator_env: 'docker',
      denominator_env: 'native',
      metric: 'time',
      workload: 'suite',
      value: 1,
      band: { low: 0.98, high: 1.02 },
      source: 'a test',
    },
  ],
};

function read(text: string) {
  const file = join(dir, 'mine.yaml');
  writeFileSync(file, text);
  return readClaims(file);
}

function refusal(text: string): BoxmarkError {
  try {
    read(text);
  } catch (error) {
    expect((error as BoxmarkError).exitCode).toBe(2);
    expect((error as BoxmarkError).message).toContain('mine.yaml');
    return error as BoxmarkError;
  }
  return expect.unreachable('it was read');
}

/** The good file with one claim changed. */
const withClaim = (change: object) => JSON.stringify({ ...GOOD, claims: [{ ...GOOD.claims[0], ...change }] });

describe('the published claims', () => {
  const { claims } = readClaims(PUBLISHED);
  const find = (id: string): Claim => claims.find((claim) => claim.id === id) ?? expect.unreachable(id);

  it("begin with the review's two, historical as is what was measured under the Docker of its time", () => {
    expect(claims.slice(0, 2).map(({ id, value }) => [id, value])).toEqual([
      ['nw-nest-ct', 1.18],
      ['nw-nest-vm', 1.15],
    ]);
    expect(claims.filter(({ historical }) => historical).map(({ id }) => id)).toEqual([
      'nw-nest-ct',
      'nw-nest-vm',
      'lightvm-docker',
    ]);
    expect(claims).toHaveLength(30);
  });

  it('lie in their own bands, published intervals included', () => {
    for (const { id, value, published = { low: value, high: value }, band } of claims) {
      expect(value, id).toBeGreaterThanOrEqual(published.low);
      expect(value, id).toBeLessThanOrEqual(published.high);
      expect(published.low, id).toBeGreaterThanOrEqual(band.low ?? 0);
      expect(published.high, id).toBeLessThanOrEqual(band.high ?? Number.POSITIVE_INFINITY);
    }
  });

  it('have bands of three points or of the published interval to either side, unless a note says otherwise', () => {
    const wide = claims.filter(({ value, published, band }) => {
      const points = Math.max(0.03, (published?.high ?? value) - value);
      return Math.abs((band.high ?? 0) - value - points) > 0.0035;
    });
    for (const { id, note } of wide) expect(note, id).toBeDefined();
    expect(wide.map(({ id }) => id)).toEqual([
      'medeiros-dgemm',
      'turtles',
      'gcp-nested',
      'tcg-linpack',
      'ssbd-ruby',
      'gvisor-syscall',
      'gvisor-syscall-kvm',
      'lightvm-docker',
      'gv-node-mem',
      'lightvm-docker-density',
      'fc-storm',
      'fc-boot',
      'fc-mem',
    ]);
  });

  it('keep what was measured there apart from what is taken for the same here', () => {
    expect(find('felter-kvm')).toMatchObject({
      published: { low: 0.973, high: 0.981 },
      band: { low: 0.947, high: 1.007 },
    });
    expect(claims.filter((claim) => isRateClaim(claim) && claim.source === '')).toEqual([]);
  });

  it('are of hardware that they name or leave unnamed, so that no host refutes them that is another', () => {
    const figures = claims.filter(({ id }) => !id.startsWith('fc-'));
    expect(figures.filter(({ measured_on }) => measured_on === undefined)).toEqual([]);
  });

  it('judge STREAM with the workload that is its triad', () => {
    for (const id of ['felter-stream', 'felter-stream-kvm']) {
      expect(find(id)).toMatchObject({ workload: 'memory', metric: 'throughput' });
    }
  });

  it('have a JSON Schema beside them that is in step with the program, and name it for editors', async () => {
    await expect(`${JSON.stringify(claimsJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
      join(CLAIMS, 'claims.schema.json'),
    );
    const [first = ''] = readFileSync(PUBLISHED, 'utf8').split('\n');
    const schema = /^# yaml-language-server: \$schema=(\S+)$/.exec(first)?.[1] ?? '';
    expect(JSON.parse(readFileSync(join(dirname(PUBLISHED), schema), 'utf8'))).toEqual(claimsJsonSchema());
  });
});

describe("a user's claims", () => {
  it.each([
    [{ value: 5, band: { low: 1.0255, high: 1.0325 } }, 'from 1.0255 to 1.0325'],
    [{ value: 5, band: { high: 1.2 } }, 'to 1.2'],
    [{ value: 0.5, band: { low: 0.9 } }, 'from 0.9'],
  ])('whose value lies outside its own band is refused, with both: %j', (change, ends) => {
    const { message } = refusal(withClaim(change));
    expect(message).toContain(`claim "mine": value: lies outside its own band, ${ends}`);
    expect(message).toContain(String(change.value));
  });

  it('are read, with a title or without', () => {
    expect(read(JSON.stringify(GOOD))).toMatchObject({ title: 'mine.yaml', claims: GOOD.claims });
    expect(read(JSON.stringify({ ...GOOD, title: 'Ours' })).title).toBe('Ours');
  });

  it('of the documentation are good ones', () => {
    const examples = [...readFileSync(DOCS, 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text);
    const files = examples.filter((text) => /^schema: 1$/m.test(text));
    expect(files.length).toBeGreaterThan(0);
    for (const text of files) expect(read(text).claims.length).toBeGreaterThan(0);
  });

  it.each([
    ['an unknown field', { bnad: 1 }, /claim "mine": Unrecognized key.*\(bnad\)|claim "mine".*bnad/],
    ['a value that is a text', { value: '1.18' }, /claim "mine": value: .*\n {2}received: "1\.18"/],
    ['a value of zero', { value: 0 }, /claim "mine": value:/],
    ['a value that is no number', { value: null }, /claim "mine": value:/],
    ['a band upside down', { band: { low: 2, high: 1 } }, /claim "mine": band: low is not below high/],
    ['a band without ends', { band: {} }, /claim "mine": band: needs low, high, or both/],
    ['an unknown metric', { metric: 'speed' }, /claim "mine": metric: is none of time.*\n {2}received: "speed"/],
    ['no metric', { metric: undefined }, /claim "mine": metric/],
    [
      'a rate without a workload',
      { workload: undefined },
      /claim "mine": workload: is no name.*\n {2}received: nothing/,
    ],
    ['a rate with a figure', { figure: 'ready' }, /figure/],
    ['a start-up with a workload', { metric: 'start-up', figure: 'ready' }, /workload/],
    ['a path with a comma', { numerator_env: 'docker,uml' }, /claim "mine": numerator_env: is no path/],
    ['an empty list of paths', { numerator_env: [] }, /claim "mine": numerator_env: .*\n {2}received: \[\]/],
    ['an id with a space', { id: 'my claim' }, /claim "my claim": id: is no id/],
    ['an id that is no text', { id: 5 }, /claim 1: id:/],
    ['a grade of its own', { grade: 'D' }, /claim "mine": grade/],
    ['half a run', { n: 1.5 }, /claim "mine": n/],
    [
      'an unknown field of the session',
      { applies_if: [{ needs: 'x', field: 'facts.x', is: 1 }] },
      /applies_if\.0\.field/,
    ],
    ['a condition without a test', { applies_if: [{ needs: 'x', field: 'size' }] }, /needs exactly one of is, is_not/],
    [
      'a condition with two tests',
      { applies_if: [{ needs: 'x', field: 'size', is: 'tiny', has: 't' }] },
      /applies_if\.0: needs exactly one of/,
    ],
  ])('are refused with %s, by file, claim, field and value', (_, change, message) => {
    expect(refusal(withClaim(change)).message).toMatch(message);
  });

  it('are refused as a whole with the wrong shape', () => {
    expect(refusal('').message).toMatch(/received: null/);
    expect(refusal('just text').message).toMatch(/just text/);
    expect(refusal('schema: 2\nclaims: []').message).toMatch(/schema: is not 1/);
    expect(refusal('schema: 1\nclaims: []').message).toMatch(/claims/);
    expect(refusal('schema: 1\nclaims: [1]').message).toMatch(/claim 1: .*\n {2}received: 1/);
    const [claim] = GOOD.claims;
    expect(refusal(JSON.stringify({ schema: 1, claims: [claim, claim] })).message).toMatch(/same id/);
  });

  it('are refused when the YAML is broken, has a key twice, a tag of a language, or several documents', () => {
    expect(refusal('schema: [1').message).toMatch(/not valid YAML/);
    expect(refusal('schema: 1\nschema: 1').message).toMatch(/not valid YAML.*unique/);
    expect(refusal('schema: !!js/function "() => 1"').message).toMatch(/not valid YAML/);
    expect(refusal('schema: 1\n---\nschema: 1').message).toMatch(/not valid YAML/);
  });

  it('are refused quickly when aliases would blow up to gigabytes', () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const items =
        level === 0
          ? 'lol'
          : Array(10)
              .fill(`*a${level - 1}`)
              .join(', ');
      return `a${level}: &a${level} [${items}]`;
    });
    expect(refusal(levels.join('\n')).message).toMatch(/not valid YAML.*alias/i);
  });

  it('are refused when the file is missing, a folder, or far too large', () => {
    expect(() => readClaims(join(dir, 'none.yaml'))).toThrow(/can't be read[\s\S]*none\.yaml/);
    expect(() => readClaims(dir)).toThrow(/can't be read/);
    expect(refusal(' '.repeat((1 << 20) + 1)).message).toMatch(/larger than/);
  });

  it('never write to a prototype', () => {
    refusal('schema: 1\nclaims:\n  - __proto__: { historical: true }\n');
    refusal('{"schema":1,"claims":[{"__proto__":{"historical":true}}]}');
    expect(({} as { historical?: boolean }).historical).toBeUndefined();
  });
});
