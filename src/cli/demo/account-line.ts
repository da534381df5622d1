import { createTimeNotation, type TimeNotation } from '../../core/time-notation.ts';

export type Tone = 'plain' | 'good' | 'bad' | 'loud';

/** One line of the account. `stage` is where on the road from the signal to L2L's answer it happened. */
export type AccountLine = {
  /** ms since 1970. */
  readonly at: number;
  readonly stage: 'rule' | 'action' | 'call' | 'L2L' | 'demo';
  readonly subject: string;
  readonly text: string;
  readonly tone: Tone;
  /** Shown only to who asks for every line. */
  readonly detail?: boolean;
};

const COLOURS: Readonly<Record<Tone, string>> = {
  plain: '',
  good: '\u001b[32m',
  bad: '\u001b[31m',
  loud: '\u001b[33m',
};
const DIM = '\u001b[2m';
const RESET = '\u001b[0m';
const SHORTEST_TEXT = 60;
const ANY_WIDTH = 145;

/** What the columns of a line are, for the head of the account. */
export function legend(zone: string, verbose: boolean): string {
  const stages = [
    ['rule', 'what a rule saw in the signals', true],
    ['action', 'what follows from it and is in the journal', true],
    ['call', 'what the gateway sends to L2L', verbose],
    ['L2L', 'what L2L answers', true],
    ['demo', 'what this demo does to the plant, to L2L and to the gateway', true],
  ] as const;
  return [
    `Columns: time of the site (${zone}), stage, machine, line or rule, what happened. Stages:`,
    ...stages.flatMap(([stage, words, isShown]) => (isShown ? `  ${stage.padEnd(6)}  ${words}` : [])),
  ].join('\n');
}

/** Aligned columns: time of day with its zone, stage, subject, what. Colours only where there is a terminal. `width`: of the terminal. */
export function shownLine(
  { at, stage, subject, text, tone }: AccountLine,
  zone: string,
  isTerminal: boolean,
  width = ANY_WIDTH,
): string {
  const time = timeOfDay(at, zone);
  const head = `${time}  ${stage.padEnd(6)}  ${subject.padEnd(17)}`;
  const room = Math.max(SHORTEST_TEXT, width - head.length - 2);
  const cut = text.length > room ? `${text.slice(0, room - 1)}…` : text;
  return isTerminal ? `${DIM}${head}${RESET}  ${COLOURS[tone]}${cut}${RESET}` : `${head}  ${cut}`;
}

/** `06:01:03 MST`. */
function timeOfDay(at: number, zone: string): string {
  const notation = notations.get(zone) ?? createTimeNotation(zone);
  notations.set(zone, notation);
  return notation.people(at).split(' ').slice(1).join(' ');
}

const notations = new Map<string, TimeNotation>();
