/** Words with which L2L says that a record does not exist or is not valid. */
export const NOT_THERE =
  /\b(?:invalid|unknown|missing|inactive|required|not found|not (?:a )?valid|not active|no(?: active| such| valid)?|unable to (?:look ?up|find)|could not find|can ?not (?:be found|find)|cannot resolve|does ?n[o']t exist|does not (?:exist|match|take))\b/i;

/** The things that the codes of a rule name. The site and the user are settings of the whole gateway. */
export const OF_A_RULE = /\b(?:machine|line|dispatch ?type|trade|reason|product|component)\w*/i;

/** It is not documented how L2L answers to a wrong key. It may be a refusal like any other. */
const ABOUT_THE_KEY =
  /\b(?:invalid|unknown|inactive|disabled|expired|revoked|missing|wrong|bad|no) (?:api[ _-]?key|auth(?:entication)?(?: key| token)?|credentials|l2lauth)\b|\bapi[ _-]?key\b.*\b(?:invalid|not|disabled|expired|revoked|inactive)\b|\bauthentication (?:failed|required|error)\b|\bnot authenticated\b/i;

const ABOUT_A_RIGHT =
  /\b(?:permissions?|access denied|unauthori[sz]ed|not authori[sz]ed|forbidden|insufficient (?:rights?|privileges?|access)|not permitted|(?:no|lacks?|missing|without) (?:the )?(?:rights?|privileges?|access)|does ?n[o']t have (?:the )?(?:rights?|privileges?|access)|user .*\bnot allowed)\b/i;

/** Whether a refusal is about a right that the user of the key lacks. */
export function isAboutRight(words: string): boolean {
  return ABOUT_A_RIGHT.test(words);
}

/** Whether a refusal is about the key itself, and not about a right that its user lacks. */
export function isAboutKey(words: string): boolean {
  return ABOUT_THE_KEY.test(words);
}

/** Whether a refusal is about the signature of a call. */
export function isAboutSignature(words: string): boolean {
  return /\b(?:signatures?|_signature|_expiration|_server|secret key|not signed|signed requests?)\b/i.test(words);
}
