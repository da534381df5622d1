import { describe, expect, it } from 'vitest';
import type { CloseRule } from '../../../src/rules/dispatch/close-rule.ts';
import { dispatch, is, isNot, PLAIN, program, signal, template } from '../support/program.ts';
import { lines, on, plant, shortKey } from '../support/rule-plant.ts';

const running = signal('press1.running');
const manual = signal('press1.manual');
const stop = (over = {}) =>
  dispatch('press1_down', isNot('press1.running'), {
    offDelay: 30_000,
    whenCleared: 'close_machine',
    note: template('running again'),
    ...over,
  });

/** When the press runs, everything of its type is closed. */
const andon = (over: Partial<CloseRule> = {}): CloseRule => ({
  kind: 'close',
  name: 'andon_reset',
  ...PLAIN,
  when: is('press1.running'),
  unless: null,
  until: null,
  onDelay: 10_000,
  offDelay: 0,
  machine: 'PRESS-01',
  type: 'CODE_RED',
  note: template('running again'),
  comment: null,
  ...over,
});

describe('when_cleared: close_machine', () => {
  it("an episode with close_machine closes every dispatch of the machine and type, then the rule's own dispatch by its id, both with the true time", () => {
    const line = plant(program([stop()], [running]));
    line.set('06:00', { 'press1.running': true });
    line.set('06:01', { 'press1.running': false });
    line.set('06:09', { 'press1.running': true });
    line.until('06:14');
    expect(lines(line.actions)).toEqual([
      '06:03:00 open press1_down reported 06:01:00',
      '06:09:30 close every DOWN press1_down completed 06:09:00, running again',
      '06:09:30 close press1_down completed 06:09:00',
    ]);
    expect(line.actions.map(shortKey)).toEqual([
      'press1_down#1:open',
      'press1_down#1:close_all',
      'press1_down#1:close',
    ]);
    expect(new Set(line.actions.map(({ chain, lane }) => `${chain} ${lane}`)).size).toBe(1);
  });

  it('an open episode follows the config: closing everything is changed and taken back at a restart', () => {
    const line = plant(program([stop({ whenCleared: 'close' })], [running]));
    line.set('06:00', { 'press1.running': false });
    line.until('06:03');
    line.restart('06:04', '06:05', program([stop()], [running]));
    line.source('06:05', 'connected');
    line.set('06:06', { 'press1.running': true });
    line.until('06:07');
    expect(lines(line.actions).slice(1)).toEqual([
      '06:06:30 close every DOWN press1_down completed 06:06:00, running again',
      '06:06:30 close press1_down completed 06:06:00',
    ]);
  });

  it('a removed rule closes its own dispatch only, because nobody knows that the machine runs', () => {
    const line = plant(program([stop({ onRemove: 'close' })], [running]));
    line.set('06:00', { 'press1.running': false });
    line.until('06:03');
    line.restart('06:04', '06:05', program([], [running]));
    expect(lines(line.actions).slice(1)).toEqual(['06:04:00 close press1_down completed 06:04:00']);
  });

  it('a person who closes the dispatch early ends the episode, and nothing else is closed', () => {
    const line = plant(program([stop({ ifClosedByPerson: 'reopen' })], [running]));
    line.set('06:00', { 'press1.running': false });
    line.until('06:03');
    line.closedByPerson('06:04', line.engine.rules()[0]?.episode?.chain ?? '');
    expect(lines(line.actions).slice(1)).toEqual(['06:04:00 leave press1_down completed 06:04:00']);
  });
});

describe('close rule', () => {
  it('a close rule opens nothing, and closes once when its condition has held for on_delay, with the time at which it began', () => {
    const line = plant(program([andon()], [running]));
    line.set('06:00', { 'press1.running': false });
    line.set('06:01', { 'press1.running': true });
    line.until('06:30');
    expect(lines(line.actions)).toEqual([
      '06:01:10 close every CODE_RED andon_reset completed 06:01:00, running again',
    ]);
    line.set('06:31', { 'press1.running': false });
    line.set('06:32', { 'press1.running': true });
    line.until('06:33');
    expect(line.actions.map(shortKey)).toEqual(['andon_reset#1:close_all', 'andon_reset#2:close_all']);
  });

  it('a close rule closes nothing when the condition ends inside on_delay, or while unless holds', () => {
    const line = plant(program([andon({ unless: is('press1.manual') })], [running, manual]));
    line.set('06:00', { 'press1.running': false, 'press1.manual': false });
    line.set('06:01', { 'press1.running': true });
    line.set('06:01:05', { 'press1.running': false });
    line.set('06:02', { 'press1.manual': true });
    line.set('06:03', { 'press1.running': true });
    line.until('06:10');
    expect(line.actions).toEqual([]);
    expect(line.events.map(({ detail }) => detail).join('\n')).toMatch(/: nothing is closed/);
    expect(line.events.map(({ detail }) => detail).join('\n')).not.toMatch(/dispatch is opened|no dispatch/);
  });

  it('a close rule closes again after a restart only when its condition ended before', () => {
    const rules = program([andon()], [running]);
    const line = plant(rules);
    line.set('06:00', { 'press1.running': false });
    line.set('06:01', { 'press1.running': true });
    line.until('06:02');
    line.take();
    line.restart('06:03', '06:04');
    line.source('06:04', 'connected');
    line.set('06:05', { 'press1.running': true });
    line.until('06:10');
    expect(line.actions).toEqual([]);
    line.set('06:11', { 'press1.running': false });
    line.restart('06:12', '06:13');
    line.source('06:13', 'connected');
    line.set('06:14', { 'press1.running': true });
    line.until('06:15');
    expect(lines(line.actions)).toEqual([
      '06:14:10 close every CODE_RED andon_reset completed 06:14:00, running again',
    ]);
  });

  it('a close rule has no dispatch that a person could close, and names the condition that it waits for', () => {
    const line = plant(program([andon()], [running]));
    line.set('06:00', { 'press1.running': true });
    line.until('06:01');
    expect(line.engine.rules()[0]).toMatchObject({
      kind: 'close',
      phase: 'active',
      episode: null,
      text: expect.stringMatching(/^closed on PRESS-01; not \(/),
    });
  });

  it('a rule that was removed leaves nothing behind', () => {
    const line = plant(program([andon()], [running]));
    line.set('06:00', { 'press1.running': true });
    line.until('06:01');
    line.take();
    line.restart('06:02', '06:03', program([], [running]));
    expect(line.actions).toEqual([]);
  });

  it('a close is too old after max_age, counted from the time at which the condition began to hold', () => {
    const line = plant(program([andon({ maxAge: 60_000 })], [running]));
    line.set('06:00', { 'press1.running': true });
    line.until('06:01');
    expect(line.actions.map(({ expiresAt }) => expiresAt)).toEqual([on('06:01')]);
  });
});
