// The situations in which a second caller may submit under an external task id that is in use, and
// what must come of each.
//
// A is the first caller, B the second, who calls while A's paid request is under way, and C the
// third, who calls after the unknown outcome can be known.

/** Every dimension of the matrix, with its values. */
const MATRIX = {
  /** Where B runs, relative to A. */
  place: ["another tab", "another client", "the same client"],
  locks: [true, false],
  store: ["indexeddb", "memory"],
  /** What happens to A once B has called. */
  ending: [
    "killed",
    "closed",
    "reloaded",
    "aborted",
    "stalled",
    "lost",
    "failed",
    "failed for free",
    "answered",
  ],
  /** Whether a third party calls `records()` meanwhile. */
  records: [false, true],
  /** The wall clock of B, from the moment that A's request is under way. */
  clock: ["normal", "back", "ahead", "frozen", "NaN"],
  /** Whether the gateway finds a task by its external id. */
  lookup: [true, false],
  /** Whether the gateway refuses an external id that is taken. */
  dedupe: [true, false],
};

/** Why a combination is skipped: each rule returns true for those that make no sense. */
const SKIPPED = [
  // Memory is not shared between tabs.
  ({ place, store }) => place === "another tab" && store === "memory",
  // B ends with A.
  ({ place, ending }) => place !== "another tab" && ["killed", "reloaded"].includes(ending),
  ({ place, ending }) => place === "the same client" && ending === "closed",
  // The reloaded tab calls `records()` itself.
  ({ ending, records }) => ending === "reloaded" && !records,
  // The clock can only matter where it decides whether a second task is charged.
  ({ clock, lookup, dedupe }) => clock !== "normal" && (lookup || dedupe),
  // B cannot distinguish these from a lost response, which runs with every clock.
  ({ clock, ending }) => clock !== "normal" && ["failed", "failed for free"].includes(ending),
];

/** How many combinations each case runs, without and with a third party. */
export const COUNTS = {
  "another tab": [56, 64],
  "another client": [48, 48],
  "the same client": [40, 40],
};

/** @returns {Generator<Record<keyof typeof MATRIX, any>>} */
export function* combinations(dimensions = Object.entries(MATRIX), chosen = {}) {
  const [first, ...rest] = dimensions;
  if (!first) {
    if (!SKIPPED.some((isSkipped) => isSkipped(chosen))) yield chosen;
    return;
  }
  for (const value of first[1]) yield* combinations(rest, { ...chosen, [first[0]]: value });
}

/**
 * How each call may end, and how often the request is sent and charged before and after C calls.
 */
export function expected({ place, locks, ending, lookup, dedupe }) {
  const charged = ending === "failed for free" ? 0 : 1;
  const isKnown = ending === "answered" || (lookup && charged === 1);
  const outcome = isKnown ? "task of A" : "submission_unknown";
  const ownEnd = {
    killed: undefined,
    reloaded: undefined,
    closed: "invalid_option",
    aborted: "aborted",
  };
  // Without locks, another tab cannot know whether A is still open.
  const b = place === "another tab" && !locks ? ["task of A", "submission_unknown"] : [outcome];
  // C sends again where the task cannot be found. A gateway that refuses repeats refuses C, and the
  // task stays unknown.
  const sends = !isKnown;
  const isRefused = sends && dedupe && charged === 1;
  return {
    a: ending in ownEnd ? ownEnd[ending] : outcome,
    b,
    c: isRefused ? "submission_unknown" : sends ? "another task" : "task of A",
    before: { posts: 1, charges: charged },
    after: { posts: sends ? 2 : 1, charges: sends && !isRefused ? charged + 1 : charged },
  };
}
