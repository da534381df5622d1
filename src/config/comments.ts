import type { TextKind } from './text-kind.ts';

/** Whether a comment may cut off a text in a file. In most files none does. */
export function mayCutText(text: string): boolean {
  return /[ \t]#(?:[^ \t\r\n]|[ \t]*\d|[ \t]*$)/m.test(text);
}

/** A text of which YAML reads only the first part. */
export type Cut = { readonly offset: number; readonly message: string };

const COMMENT = /^([ \t]+)(#[^\r\n]*)/;

/** A # and a number, as in `PRESS # 1`: it belongs to a name and is no comment. */
const NUMBER_ONLY = /^#[ \t]*\d{1,4}[ \t]*(?:[,}\]].*)?$/;

/**
 * A text without quotes ends at a # behind a space: YAML takes the rest of the line for a comment. `end`: where YAML ends the text
 * `read`. What begins with `# ` is a true comment. undefined: nothing is cut off.
 */
export function cutByComment(text: string, end: number, read: string, kind: TextKind): Cut | undefined {
  if (kind === 'other') return undefined;
  const [, space = '', comment = ''] = COMMENT.exec(text.slice(end, end + LONGEST)) ?? [];
  if (comment === '' || !isPartOfText(comment, kind)) return undefined;
  const rest = comment.replace(/[ \t]*[,}\]].*$/, '').trimEnd();
  const whole = shown(`${read}${read === '' ? '' : space}${rest}`);
  const readAs = read === '' ? 'nothing is read' : `only "${shown(read)}" is read`;
  const orComment = /^#[^\s\d]/.test(comment) ? '; if it is a comment, write a space behind the #' : '';
  return {
    offset: end + space.length,
    message: `the text ends before this #, and ${readAs}; put the text in quotes: "${whole}"${orComment}`,
  };
}

/** A text inside double quotes; a password in an address is not repeated. */
function shown(text: string): string {
  return text.replaceAll('"', '\\"').replace(/\/\/[^/\s@]*@/, '//***@');
}

const LONGEST = 200;

function isPartOfText(comment: string, kind: TextKind): boolean {
  // `##` and `#---` are lines that people draw.
  if (/^#[#=*-]/.test(comment)) return false;
  if (!/^#(?:[ \t]|$)/.test(comment)) return true;
  return (kind === 'code' || kind === 'exact') && (comment.trimEnd() === '#' || NUMBER_ONLY.test(comment));
}
