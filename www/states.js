// What the page does with a record in each of its states.

/** @import { TaskRecord } from "./pkg/index.js" */

/**
 * The stages of a task. With `sending` and `unknown`, no task is known; `running` tasks can be
 * watched; `succeeded`, `failed` and `rejected` ones do not change any more.
 * @typedef {"sending" | "unknown" | "running" | "succeeded" | "failed" | "rejected"} Stage
 */

/** @type {Record<TaskRecord["state"], Stage>} */
const STAGES = {
  submitting: "sending",
  unknown: "unknown",
  rejected: "rejected",
  submitted: "running",
  processing: "running",
  succeed: "succeeded",
  failed: "failed",
};

/** @type {Record<Stage, boolean>} */
const IS_FINISHED = {
  sending: false,
  unknown: false,
  running: false,
  succeeded: true,
  failed: true,
  rejected: true,
};

/** @param {TaskRecord} record */
export const stageOf = ({ state }) => STAGES[state];

/** @param {TaskRecord} record */
export const isRunning = (record) => stageOf(record) === "running";

/** Whether the record does not change any more. @param {TaskRecord} record */
export const isFinished = (record) => IS_FINISHED[stageOf(record)];
