import { describe, expect, it } from 'vitest';
import { compileRules } from '../../../src/rules/compile-rules.ts';
import type { Program } from '../../../src/rules/program.ts';
import { RuleDefaults, Rules } from '../../../src/rules/schema.ts';
import { signal } from '../support/program.ts';
import { clockOf, type Plant, plant } from '../support/rule-plant.ts';

const signals = new Map(
  [
    ...['running', 'manual', 'waiting', 'scheduled'].map(name => signal(`press1.${name}`)),
    signal('press1.strokes', { type: 'number' }),
    signal('press1.temp', { type: 'number' }),
  ].map(one => [one.name, one]),
);

/** One rule as an engineer writes it. */
function compiled(rule: object, mode: Program['mode'] = 'live'): Program {
  const dispatch = { machine: 'PRESS-01', type: 'DOWN', description: 'Press 1 stands still' };
  const result = compileRules({
    rules: Rules.parse({ press1_down: { on_delay: '2m', ...rule, dispatch } }),
    defaults: RuleDefaults.parse({}),
    signals,
    sources: ['plc'],
    lookups: new Map(),
    mode,
    freezeLimit: 600_000,
    placeOf: path => ({ file: path.join('/'), line: 1, column: 1 }),
  });
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return result.program;
}

const STOP = { when: 'not press1.running', unless: 'press1.manual or press1.waiting or not press1.scheduled' };
const NORMAL = { 'press1.running': true, 'press1.manual': false, 'press1.waiting': false, 'press1.scheduled': true };

function story(line: Plant): string[] {
  return line.events.map(({ at, kind, detail }) => `${clockOf(at)} ${kind}: ${detail}`);
}

function press(rule: object = STOP, mode?: Program['mode']): Plant {
  const line = plant(compiled(rule, mode));
  line.set('02:00', NORMAL);
  line.events.length = 0;
  return line;
}

describe('what a dispatch rule decided', () => {
  it('a stop shorter than the delay is recorded', () => {
    const line = press();
    line.set('02:10', { 'press1.running': false });
    line.set('02:10:20', { 'press1.running': true });
    expect(story(line)).toEqual([
      '02:10:00 pending: press1.running = false: opens a dispatch if it stays so for 2m',
      '02:10:20 returned: press1.running = true after 20s, before on_delay (2m) ended: no dispatch',
    ]);
    expect(line.events[1]).toMatchObject({ lasted: 20_000, values: [{ signal: 'press1.running', value: true }] });
  });

  it('the delay pauses while a PLC is away, and goes on', () => {
    const line = press();
    line.set('02:09', { 'press1.running': false });
    line.source('02:10', 'disconnected');
    line.source('02:15', 'connected');
    line.set('02:15:01', { ...NORMAL, 'press1.running': false });
    line.set('02:15:30', { 'press1.running': true });
    expect(story(line)).toEqual([
      '02:09:00 pending: press1.running = false: opens a dispatch if it stays so for 2m',
      '02:10:00 unknown: press1.running, press1.manual, press1.waiting, press1.scheduled are unknown (plc is disconnected): nothing opens while it is unknown; on_delay (2m) stands still after 1m',
      '02:15:01 known: press1.running = false: known again after 5m1s, on_delay (2m) goes on after 1m',
      '02:15:30 returned: press1.running = true after 1m29s, before on_delay (2m) ended: no dispatch',
    ]);
  });

  it('the delay starts again when a PLC is away for long', () => {
    const line = press();
    line.set('02:09', { 'press1.running': false });
    line.source('02:10', 'disconnected');
    line.source('02:30', 'connected');
    line.set('02:30:01', { ...NORMAL, 'press1.running': false });
    expect(story(line).at(-1)).toBe(
      '02:30:01 known: press1.running = false: known again after 20m1s, on_delay (2m) starts again, because nobody knows what happened meanwhile',
    );
  });

  it('a signal that does not answer is recorded with its reason', () => {
    const line = press();
    line.set('02:10', { 'press1.running': 'bad' });
    line.set('02:11', { 'press1.running': true });
    expect(story(line)).toEqual([
      '02:10:00 unknown: press1.running is unknown (no answer): nothing opens while it is unknown',
      '02:11:00 known: press1.running = true: the condition is false (known again after 1m)',
    ]);
  });

  it('another reason why a signal is unknown is recorded once', () => {
    const line = plant(compiled(STOP));
    const { 'press1.running': _, ...others } = NORMAL;
    const silent = (time: string) => {
      const reason = 'no value came within 30s after plc connected';
      line.set(time, {}, { samples: [{ signal: 'press1.running', value: null, quality: 'bad', reason }] });
    };
    line.source('06:10', 'disconnected');
    line.source('06:11', 'connected');
    line.set('06:11:01', others);
    silent('06:11:30');
    silent('06:11:40');
    line.set('06:15', { 'press1.running': true });
    expect(story(line)).toEqual([
      '06:10:00 unknown: press1.running, press1.manual, press1.waiting, press1.scheduled are unknown (plc is disconnected): nothing opens while it is unknown',
      '06:11:30 unknown: press1.running is unknown (no value came within 30s after plc connected): nothing opens while it is unknown',
      '06:15:00 known: press1.running = true: the condition is false (known again after 5m)',
    ]);
  });

  it('the reason why a signal is unknown is recorded again when a bad reading has another reason', () => {
    const line = plant(compiled(STOP));
    line.set('06:09', NORMAL);
    const bad = (time: string, reason: string) =>
      line.set(time, {}, { samples: [{ signal: 'press1.running', value: null, quality: 'bad', reason }] });
    bad('06:10', 'no answer');
    bad('06:11', 'no answer');
    bad('06:12', 'Modbus exception 2');
    bad('06:13', '"e1" is not a number');
    bad('06:14', '"e2" is not a number');
    expect(story(line).slice(1)).toEqual([
      '06:10:00 unknown: press1.running is unknown (no answer): nothing opens while it is unknown',
      '06:12:00 unknown: press1.running is unknown (Modbus exception 2): nothing opens while it is unknown',
      '06:13:00 unknown: press1.running is unknown ("e1" is not a number): nothing opens while it is unknown',
    ]);
  });

  it('a true part of unless is recorded, and the next part too', () => {
    const line = press();
    line.set('02:08', { 'press1.waiting': true });
    line.set('02:10', { 'press1.running': false });
    line.set('02:11', { 'press1.waiting': false, 'press1.scheduled': false });
    line.set('02:12', { 'press1.running': true });
    const label = 'unless: press1.manual or press1.waiting or not press1.scheduled';
    expect(story(line)).toEqual([
      `02:10:00 blocked: press1.running = false, but press1.waiting = true (${label}): no dispatch is opened`,
      `02:11:00 blocked: press1.running = false, but press1.scheduled = false (${label}): no dispatch is opened`,
      '02:12:00 condition_false: press1.running = true: the condition is false',
    ]);
  });

  it('a delay that unless blocks is recorded, and the delay after it too', () => {
    const line = press();
    line.set('02:10', { 'press1.running': false });
    line.set('02:11', { 'press1.manual': true });
    line.set('02:12', { 'press1.manual': false });
    expect(line.events.map(({ at, kind }) => `${clockOf(at)} ${kind}`)).toEqual([
      '02:10:00 pending',
      '02:11:00 blocked',
      '02:12:00 pending',
    ]);
  });

  it('a value that only changes is recorded once', () => {
    const line = press({ when: 'not press1.running', unless: 'press1.temp > 80' });
    line.set('02:10', { 'press1.running': false, 'press1.temp': 91 });
    for (let second = 1; second < 60; second++) {
      line.set(`02:10:${String(second).padStart(2, '0')}`, { 'press1.temp': 91 + second });
    }
    expect(story(line).filter(text => text.includes('blocked'))).toEqual([
      '02:10:00 blocked: press1.running = false, but press1.temp = 91 (unless: press1.temp > 80): no dispatch is opened',
    ]);
  });

  it('the reason why a dispatch stays open is recorded', () => {
    const line = press({ ...STOP, off_delay: '30s' });
    line.set('02:10', { 'press1.running': false });
    line.set('02:15', { 'press1.running': true });
    line.set('02:15:10', { 'press1.running': false });
    line.set('02:20', { 'press1.running': 'bad' });
    line.set('02:21', { 'press1.running': false });
    expect(story(line).slice(2)).toEqual([
      '02:15:00 clearing: press1.running = true: clears if it stays so for 30s',
      '02:15:10 kept_open: press1.running = false after 10s, before off_delay (30s) ended: the dispatch stays open',
      '02:20:00 unknown: press1.running is unknown (no answer): nothing closes while it is unknown',
      '02:21:00 known: press1.running = false: the dispatch stays open (known again after 1m)',
    ]);
  });

  it('a delay that waits for a source to catch up is recorded, and an unobserved delay too', () => {
    const line = press();
    line.set('02:10', { 'press1.running': false });
    line.source('02:10:30', 'catching_up');
    line.source('02:10:40', 'connected');
    line.standstill('02:10:50', '02:11:20');
    expect(story(line).slice(1)).toEqual([
      '02:10:30 catching_up: a source is catching up: on_delay (2m) waits until what was kept for the gateway is read',
      '02:10:40 caught_up: what was kept for the gateway is read: on_delay (2m) runs again',
      '02:11:20 stood_still: the gateway stood still for 30s: that time does not count',
    ]);
  });

  it('parts that are made before the end of the delay are recorded', () => {
    const line = press({ when: 'still(press1.strokes)' });
    line.set('02:01', { 'press1.strokes': 1 });
    line.set('02:10', { 'press1.strokes': 2 });
    line.set('02:10:20', { 'press1.strokes': 3 });
    expect(line.events.at(-1)).toMatchObject({
      kind: 'returned',
      lasted: 20_000,
      detail: 'press1.strokes moved again after 20s, before on_delay (2m) ended: no dispatch',
    });
  });

  it('the first reading after a start is recorded', () => {
    const line = press();
    line.restart('02:05', '02:07');
    line.source('02:07', 'connected');
    line.set('02:07:01', { 'press1.manual': false });
    line.set('02:07:02', { 'press1.running': true });
    expect(story(line)).toEqual([
      '02:07:02 known: press1.running = true: the condition is false (first seen since the start)',
    ]);
  });

  it.each<[string, (line: Plant) => void, string]>([
    ['a source that is away', line => void line.source('02:07:01', 'disconnected'), 'plc is disconnected'],
    [
      'a signal that does not answer',
      line => {
        line.source('02:07', 'connected');
        line.set('02:07:01', { 'press1.running': 'bad' });
      },
      'no answer',
    ],
  ])('the first decision after a start: %s', (_, lose, why) => {
    const line = press();
    line.restart('02:05', '02:07');
    lose(line);
    line.source('02:08', 'connecting');
    expect(story(line)).toHaveLength(1);
    expect(story(line)[0]).toMatch(new RegExp(`^02:07:01 unknown: .*press1.running.* unknown \\(${why}\\)`));
  });

  it('nothing is recorded about sources that the gateway stops at its own end', () => {
    const line = press();
    line.source('02:10', 'stopped');
    expect(line.events).toEqual([]);
  });

  it('decisions in shadow mode say what would happen', () => {
    const line = press(STOP, 'shadow');
    line.set('02:10', { 'press1.running': false });
    expect(story(line)).toEqual([
      '02:10:00 pending: press1.running = false: opens a dispatch, in shadow mode only in the journal, if it stays so for 2m',
    ]);
  });

  it('a decision needs no commit while only its words change', () => {
    const line = press();
    const blocked = line.set('02:10', { 'press1.running': false, 'press1.manual': true });
    expect([blocked.events.length, blocked.changed, blocked.actions]).toEqual([1, [], []]);
  });
});
