import { kindOf } from '../../actions/registry.ts';
import { placeOf, shortWords } from '../../actions/words.ts';
import type { HistoryEntry } from '../../core/history.ts';
import type { RuleDecision } from '../../core/rule-decision.ts';
import { actionLine, decisionLine } from './json-line.ts';
import type { RuleStory, Standing, StoryEntry } from './rule-story.ts';
import { oneLine } from './table.ts';
import type { Times } from './times.ts';
import { reasonWords, stateWord } from './words.ts';

type Line = { readonly at: number; readonly word: string; readonly text: string };

/** What became of a rule, a plain sentence a line, oldest first. Pure. */
export function storyLines(story: RuleStory, times: Times): readonly string[] {
  const { rule, since, until, entries, off, stoppedAt, now, more } = story;
  const gone = off.map(({ startedAt, lastAliveAt }): Line => {
    const at = lastAliveAt ?? startedAt;
    const text = `the gateway did not run from ${times.people(at)} to ${times.people(startedAt)}: nothing was seen`;
    return { at, word: 'gateway off', text };
  });
  const lines = [...gone, ...entries.map(one => lineOf(one, times))];
  if (stoppedAt !== null && stoppedAt <= (until ?? Infinity)) {
    lines.push({ at: stoppedAt, word: 'gateway off', text: 'the gateway has not run since then: nothing is seen' });
  }
  lines.sort((a, b) => a.at - b.at);
  const width = Math.max(...lines.map(({ word }) => word.length), 0);
  const span = [
    since === null ? '' : ` from ${times.people(since)}`,
    until === null ? '' : ` to ${times.people(until)}${until > now ? ' (that time has not come yet)' : ''}`,
  ].join('');
  return [
    `rule ${rule}${span}, oldest first`,
    ...(more ? ['there is more before: --limit N or --until TIME shows it'] : []),
    ...(since === null ? [] : [standingLine(story, since, times)]),
    ...lines.map(({ at, word, text }) => `${times.people(at)}  ${word.padEnd(width)}  ${oneLine(text)}`),
    ...(entries.some(({ kind }) => kind !== 'start') ? [] : [nothingLine(story)]),
  ];
}

/** The same as JSON, oldest first: what stood before comes before it. */
export function storyJson({ entries, before }: RuleStory, times: Times): readonly string[] {
  const json = (one: StoryEntry, type?: string): string => {
    if (one.kind === 'decision') return decisionLine(one.decision, times, type);
    if (one.kind === 'action') return actionLine(one.action, times, type);
    const { startedAt, lastAliveAt } = one.start;
    return JSON.stringify({
      type: 'gateway_start',
      startedAt: times.iso(startedAt),
      lastAliveAt: lastAliveAt === null ? null : times.iso(lastAliveAt),
    });
  };
  return [...(before ? [json(before.last, 'stood_before')] : []), ...entries.map(one => json(one))];
}

function lineOf(entry: StoryEntry, times: Times): Line {
  const { at } = entry;
  switch (entry.kind) {
    case 'decision':
      return { at, word: entry.decision.kind.replaceAll('_', ' '), text: decisionWords(entry.decision, times) };
    case 'action':
      return { at, word: `action ${entry.action.id}`, text: actionWords(entry.action) };
    case 'start':
      return { at, word: 'gateway', text: 'the gateway started' };
  }
}

function decisionWords({ text, count, until, kind }: RuleDecision, times: Times): string {
  if (count === 1 || until === null) return text;
  const which = kind === 'returned' || kind === 'kept_open' ? 'longest' : 'newest';
  return `${count} times until ${times.people(until)}, the ${which}: ${text}`;
}

function actionWords(entry: HistoryEntry): string {
  const why = entry.cause.text;
  const reason = reasonWords(entry);
  return `${shortWords(entry)} at ${placeOf(entry)}, ${stateWord(entry)}: ${why}${reason === why ? '' : ` (${reason})`}`;
}

function standingLine({ rule, before }: RuleStory, since: number, times: Times): string {
  const at = times.people(since);
  if (before === null) return `at ${at}: nothing is recorded of ${rule} before`;
  const { last, startedSince } = before;
  const stood = `since ${times.people(last.at)} ${standingWords(last, times)}`;
  if (startedSince === null) return `at ${at}: ${stood}`;
  return `at ${at}: the gateway had started at ${times.people(startedSince)} and the rule decided nothing after that; ${stood}`;
}

function standingWords(last: Standing['last'], times: Times): string {
  if (last.kind === 'decision') {
    return oneLine(`${last.decision.kind.replaceAll('_', ' ')}: ${decisionWords(last.decision, times)}`);
  }
  const { action } = last;
  const { role } = kindOf(action.kind).chain;
  const stands = { opens: 'a dispatch is open: ', ends: 'no dispatch is open: ', joins: '', anchors: '', none: '' };
  return oneLine(`${stands[role]}${actionWords(action)} (action ${action.id})`);
}

function nothingLine({ since, until, before, now }: RuleStory): string {
  if (since === null || before === null) return 'nothing of that is in the journal';
  const span = (until ?? now) < now ? 'in this time' : 'in this time until now';
  return `the rule decided nothing ${span}: what it reads stayed as it was, or was not seen`;
}
