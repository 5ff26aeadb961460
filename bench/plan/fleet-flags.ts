/** Flags of the commands that read fleets. */

import { ANY, flag } from './flag.ts';
import { choice, choices, text } from './values.ts';

/** Of `fleet report`; a test compares them. */
export const FLEET_FORMATS = { terminal: '', json: '', md: '', csv: '', html: '', png: '', svg: '' } as const;
export const FLEET_TABLES = { parquet: '', csv: '', json: 'an object a line' } as const;

export const READING_FLEETS = [
  flag('by', text('fact', 'cpu'), {
    help: 'group hosts by cpu, kernel, architecture, or a label of the fleet',
    commands: { 'fleet report': ANY, 'fleet compare': ANY },
  }),
  flag('format', choices(FLEET_FORMATS), {
    help: 'formats, joined by commas',
    otherwise: 'print text',
    commands: { 'fleet report': ANY },
  }),
  flag('as', choice(FLEET_TABLES, 'format'), { required: true, help: 'the format', commands: { 'fleet export': ANY } }),
] as const;
