import { describe, expect, it } from 'vitest';
import { BoxmarkError } from '../../bench/errors.ts';
import {
  type Box,
  type BoxSpec,
  type Image,
  NO_TRAITS,
  type OpenOptions,
  type Prepared,
  type Runner,
  type Traits,
  type Workspace,
} from '../../bench/types.ts';
import { prepareStack, UnavailableError } from '../../runners/stack/stack.ts';

const image = {} as Image;
const limits = { cpus: [0], housekeeping: [0], memoryBytes: 2 ** 29, pids: 64 };

/** A layer whose probe fails, as every command does when the run is stopped. */
function workspaceOf(signal = new AbortController().signal): Workspace {
  return { id: 'test', dir: '/nonexistent', limits, signal, note: () => {} };
}

function prepareFailing(signal: AbortSignal) {
  const workspace = workspaceOf(signal);
  const runner = { probe: async () => ({ available: false, reason: 'no answer', remedy: 'none' }) };
  return prepareStack('fake', [runner as unknown as Runner], { runners: [], image, workspace });
}

it('an environment has the traits of any of its layers', async () => {
  const workspace = workspaceOf();
  const made = { labels: ['one that says nothing'], version: '1', slowness: 1, dispose: async () => {} };
  const layer = (traits?: Partial<Traits>) =>
    ({
      name: 'fake',
      needs: { privileges: 'none', commands: [] },
      probe: async () => ({ available: true, version: '1', labels: [] }),
      prepare: async () => ({ ...made, ...(traits === undefined ? {} : { traits }) }),
      open: async () => ({ close: async () => {} }),
    }) as unknown as Runner;
  const layers = [layer({ relaxed: true, emulated: false }), layer(), layer({ ownCpu: true, relaxed: false })];
  const { traits } = await prepareStack('fake/fake/fake', layers, { runners: [], image, workspace });
  expect(traits).toEqual({ ...NO_TRAITS, relaxed: true, ownCpu: true });
});

describe('a layer that fails', () => {
  it("can't run here, with its reason and remedy", async () => {
    await expect(prepareFailing(new AbortController().signal)).rejects.toThrow(UnavailableError);
  });

  it('after an interrupt says nothing about the layer: the reason is the interrupt', async () => {
    const reason = new Error('stopped');
    await expect(prepareFailing(AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe('a folder for data', () => {
  const spawned = async (layers: readonly Partial<Runner>[], spec?: BoxSpec) => {
    const argv: string[] = [];
    const asked: (BoxSpec | undefined)[] = [];
    const workspace = workspaceOf();
    const made = { labels: [], version: '1', slowness: 1, dispose: async () => {} };
    const runners = layers.map((layer) => ({
      name: 'fake',
      needs: { privileges: 'none', commands: [] },
      probe: async () => ({ available: true, version: '1', labels: [] }),
      prepare: async () => made,
      open: async (_parent: Box, _made: Prepared, { spec: own }: OpenOptions) => {
        asked.push(own);
        return {
          data: { path: '/boxmark/scratch', behindCache: false },
          close: async () => {},
          spawn: async (words: readonly string[]) => void argv.push(...words),
        };
      },
      ...layer,
    })) as unknown as Runner[];
    const context = { runners: [], image: { payloadArgv: ['node'] } as unknown as Image, workspace };
    const environment = await prepareStack('fake', runners, spec === undefined ? context : { ...context, spec });
    asked.length = 0;
    await environment.start('b1', workspace.signal).catch(() => {});
    return { argument: argv.find((word) => word.startsWith('--scratch')), asked };
  };

  it('is asked for in the payload’s box alone, and named on its command line', async () => {
    const { argument, asked } = await spawned([{}, {}, { transparent: true }], { scratch: true });
    expect(argument).toBe('--scratch=/boxmark/scratch');
    expect(asked).toEqual([undefined, { scratch: true }, undefined]);
    expect((await spawned([{}])).asked).toEqual([undefined]);
  });

  it('is behind a cache when an outer box has its own kernel, and not for that of the payload’s box', async () => {
    const guest = { guestKernel: true };
    expect((await spawned([guest, {}], { scratch: true })).argument).toBe('--scratch-behind-cache=/boxmark/scratch');
    expect((await spawned([guest, { transparent: true }], { scratch: true })).argument).toBe(
      '--scratch=/boxmark/scratch',
    );
  });
});

it('a layer with one CPU is refused for several copies before anything of it is asked', async () => {
  const workspace = workspaceOf();
  const asked: string[] = [];
  const runner = {
    name: 'small',
    oneCpu: true,
    probe: async () => {
      asked.push('probe');
      return { available: false, reason: 'asked', remedy: 'none' };
    },
  } as unknown as Runner;
  const prepared = (threads: number) => prepareStack('small', [runner], { runners: [], image, workspace, threads });
  await expect(prepared(2)).rejects.toMatchObject({
    unavailable: { path: 'small', reason: 'a box of small has one CPU, and 2 copies need one each' },
  });
  expect(asked).toEqual([]);
  await expect(prepared(1)).rejects.toThrow('asked');
});

it('a layer that is probed by its preparation is not asked first, and refused with the words of its error', async () => {
  const workspace = workspaceOf();
  const asked: string[] = [];
  const runner = {
    name: 'sure',
    probedByPrepare: true,
    probe: async () => {
      asked.push('probe');
      return { available: true, version: '', labels: [] };
    },
    prepare: async () => {
      throw new BoxmarkError({ what: 'There is no daemon.', remedy: 'boxmark setup' });
    },
  } as unknown as Runner;
  const prepared = prepareStack('sure', [runner], { runners: [], image, workspace });
  await expect(prepared).rejects.toMatchObject({
    unavailable: { path: 'sure', reason: 'There is no daemon.', remedy: 'boxmark setup' },
  });
  expect(asked).toEqual([]);
});
