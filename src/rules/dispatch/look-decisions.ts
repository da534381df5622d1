import { formatDuration } from '../../core/fields.ts';
import { note, type Step } from '../common/step.ts';
import type { Part, Truth } from '../program.ts';
import type { Situation } from './account.ts';
import { delayWords, lastedUntil } from './delay-decisions.ts';
import { isReasoned, partsValues, partsWords, unknownReasons } from './parts.ts';
import { isActive, type RunningDispatch } from './running-dispatch.ts';

/** Records the result of each evaluation, unless a decision about the delay has it already [R3]. */
export function recordLook(run: RunningDispatch, truth: Truth, at: number, step: Step): void {
  const { account } = run;
  const { was } = account;
  const now = situationOf(run, truth);
  if (now === 'unknown') {
    recordUnknown(run, at, step);
    return;
  }
  if (now === 'blocked') recordBlocked(run, at, step);
  else if (account.recordedIn === step.serial) account.blockedBy = '';
  else if ((was === 'unknown' || was === null) && (now === 'idle' || now === 'active')) recordKnown(run, now, at, step);
  else if (was === 'blocked' && now === 'idle') {
    const parts = run.conditions.partsOf('when');
    record(run, at, 'condition_false', `${partsWords(parts, run.cells)}: the condition is false`, parts, step);
  }
  account.was = now;
}

function situationOf({ state, conditions }: RunningDispatch, truth: Truth): Situation {
  if (truth === 'unknown') return 'unknown';
  if (state.phase !== 'inactive') return state.phase;
  return conditions.isBlocked ? 'blocked' : 'idle';
}

function recordUnknown(run: RunningDispatch, at: number, step: Step): void {
  const { state, conditions, cells, account } = run;
  const { was, unknownBecause } = account;
  const parts = conditions.partsOf('unknown');
  // After a start everything is unknown until its first reading, which needs no record.
  if (step.ending || (was === null && !isReasoned(parts, cells))) return;
  const reasons = unknownReasons(parts, cells);
  // After its return a source gives no reasons until its signals are read, so a missing reason is no change.
  const isOther = ([name, why]: readonly [string, string]) => (unknownBecause.get(name) ?? why) !== why;
  if (was === 'unknown' && ![...reasons].some(isOther)) return;
  account.unknownBecause = reasons;
  const paused =
    state.delay === null ? '' : `; ${delayWords(run)} stands still after ${formatDuration(lastedUntil(run, at))}`;
  const waits = `nothing ${isActive(run) ? 'closes' : 'opens'} while it is unknown`;
  record(run, at, 'unknown', `${partsWords(parts, cells)}: ${waits}${paused}`, parts, step);
  if (was !== 'unknown') account.unknownFrom = at;
  account.was = 'unknown';
}

function recordBlocked(run: RunningDispatch, at: number, step: Step): void {
  const { conditions, cells, account } = run;
  const { label, parts } = conditions.blocking();
  const by = parts.map(({ text }) => text).join('\n');
  if (account.was === 'blocked' && by === account.blockedBy) return;
  account.blockedBy = by;
  const when = conditions.partsOf('when');
  const text = `${partsWords(when, cells)}, but ${partsWords(parts, cells)} (${label}): ${run.acts.words.noneNow}`;
  record(run, at, 'blocked', text, [...when, ...parts], step);
}

function recordKnown(run: RunningDispatch, now: 'idle' | 'active', at: number, step: Step): void {
  const { conditions, cells, account, acts } = run;
  const parts = conditions.partsOf(now === 'idle' ? 'when' : 'clearing');
  const comesTo = now === 'idle' ? 'the condition is false' : acts.words.stays;
  const since =
    account.was === null
      ? 'first seen since the start'
      : `known again after ${formatDuration(at - account.unknownFrom)}`;
  record(run, at, 'known', `${partsWords(parts, cells)}: ${comesTo} (${since})`, parts, step);
}

function record(
  { rule, cells }: RunningDispatch,
  at: number,
  kind: 'unknown' | 'blocked' | 'known' | 'condition_false',
  text: string,
  parts: readonly Part[],
  step: Step,
): void {
  note(step, rule, at, kind, text, { values: partsValues(parts, cells) });
}
