export type {
  CallerArray,
  CallerArrays,
  CallerBatch,
  CallerData,
  NestedNumbers,
  NumberArray,
  ShapedNumbers,
} from './config/caller-data.ts';
export { type ArraysExperimentInput, defineExperiment } from './config/define.ts';
export type { ExperimentInput } from './config/input/experiment.ts';
export { experimentFromObject, loadExperiment, parseExperiment } from './config/load.ts';
export type { LoadOptions, ObjectOptions } from './config/object.ts';
export { resolvedYaml } from './config/resolved.ts';
export { experimentJsonSchema } from './config/schema/json-schema.ts';
export type { Experiment } from './config/schema/schema.ts';
export type { Origin } from './config/tree/origins.ts';
export type { LoadedExperiment } from './config/validate.ts';
export type { Dataset, SplitName } from './data/dataset.ts';
export { READING_CHANNEL, type ReadingProgress } from './data/files/reading.ts';
export { loadDataset } from './data/load.ts';
export { type Check, examine } from './engine/doctor.ts';
export type { Team } from './engine/team/team.ts';
export { type Blame, type ErrorCode, type ErrorDetails, GradloomError, isGradloomError } from './errors.ts';
export { type ExportOptions, type ExportReport, exportModel } from './export/export.ts';
export type { Target as ExportTarget } from './export/target.ts';
export { runAgent } from './remote/agent/agent.ts';
export type { AgentEvent, AgentOptions, AgentSummary } from './remote/agent/options.ts';
export { withTeam } from './remote/mpi/with-team.ts';
export type { AgentJob, AgentState, FleetOptions, FleetTiming, QueuedSweep } from './remote/queue/options.ts';
export { openSweepQueue, type SweepQueue, type SweepQueueSession, type SweepQueueSessionOptions } from './remote/session/open.ts';
export type {
  MetricsLine,
  RunEnd,
  RunEpoch,
  RunEvent,
  RunMetrics,
  RunProgress,
  RunStart,
  RunWarning,
  RunWorkers,
  Summary,
} from './runs/events.ts';
export { type Inspection, inspectExperiment } from './runs/prepare/inspect.ts';
export type { Prefix } from './runs/prepare/prefix.ts';
export { findReusable, type Reusable } from './runs/prepare/reuse.ts';
export type { Cell, Column } from './runs/store/columns.ts';
export { describeRun, type RunDescription } from './runs/store/describe.ts';
export { diffRuns, type KeyChange, type RunDiff } from './runs/store/diff.ts';
export { findGarbage, type Garbage, removeGarbage } from './runs/store/garbage.ts';
export { removeRun } from './runs/store/remove.ts';
export { type RunQuery, selectRuns } from './runs/store/select.ts';
export { findRun, findRuns, listRuns, type StoredRun } from './runs/store/store.ts';
export { type Comparison, compareRuns, listTable, type RunTable, type TableOptions } from './runs/store/table.ts';
export { changeTags } from './runs/store/tags.ts';
export { type ExtendOptions, extend, type ScheduleMode } from './runs/training/extend.ts';
export { trainNeeded } from './runs/training/needed.ts';
export { type ResumeOptions, resume } from './runs/training/resume.ts';
export type { TrainRun } from './runs/training/run.ts';
export { type TrainOptions, train } from './runs/training/train.ts';
export { type Verification, type VerifyEvent, type VerifyOptions, type VerifyRun, verify } from './runs/training/verify.ts';
export { type ServeOptions, type Serving, serveModel } from './serve/serve.ts';

export type {
  Limit,
  PredictedLimit,
  PredictedRow,
  Prediction,
  ReachedTarget,
  RowKind,
  SpeedupEvent,
  SpeedupProgress,
  SpeedupResult,
  SpeedupRow,
  SpeedupSearch,
  SpeedupStart,
  SpeedupTable,
  SpeedupWarning,
  Verdict,
} from './speedup/events.ts';
export { type LoadedSpeedup, loadSpeedup, type SettingArgument } from './speedup/load.ts';
export { type SpeedupInput, type SpeedupSettings, speedupJsonSchema } from './speedup/schema.ts';
export { measureSpeedup, type SpeedupOptions, type SpeedupRun } from './speedup/speedup.ts';
export type { Estimate } from './speedup/statistics.ts';
export type { Executor, Failed, Outcome, SweepPlace, Trained, TrialWork, WorkReport } from './sweep/execute/executor.ts';
export { trialExperiment, trialKey } from './sweep/file/experiment.ts';
export {
  type ArgumentOptions,
  type LoadedSweep,
  type LoadSweepOptions,
  loadSweep,
  sweepFiles,
  sweepFromArguments,
  sweepFromObject,
} from './sweep/file/load.ts';
export {
  type CrossValidateOptions,
  type CrossValidationRun,
  crossValidate,
  type ResumeCrossValidationOptions,
  resumeCrossValidation,
} from './sweep/folds/cross-validate.ts';
export { type CrossValidation, type FoldValues, readCrossValidation } from './sweep/folds/result.ts';
export { type SweepImportance, sweepImportance } from './sweep/importance/of-sweep.ts';
export { makeSampler } from './sweep/samplers/index.ts';
export type { Observation, Sampler } from './sweep/samplers/sampler.ts';
export { type Budget, type BudgetPart, budgetOf } from './sweep/schedulers/budget.ts';
export { type ExecutionConfig, type Method, type SweepInput, type SweepSettings, sweepJsonSchema } from './sweep/schema.ts';
export { type AskedTrial, Search, type SearchOptions, type ToldTrial } from './sweep/search/search.ts';
export type {
  RunningTrial,
  SweepBest,
  SweepDecision,
  SweepEnd,
  SweepEvent,
  SweepProgress,
  SweepRunEnd,
  SweepStart,
  SweepSummary,
  SweepTrialEnd,
  SweepTrialStart,
  SweepWarning,
} from './sweep/session/events.ts';
export type { SweepOptions } from './sweep/session/options.ts';
export { type PlannedTrial, type PlanOptions, planSweep, type SweepPlan } from './sweep/session/plan.ts';
export { readSweep } from './sweep/session/read.ts';
export { type NewSweepOptions, type ResumeSweepOptions, resumeSweep, type SweepRun, sweep } from './sweep/session/sweep.ts';
export type { SearchSpace } from './sweep/space/space.ts';
export type { Assignment, CurvePoint, SweepState, Trial, TrialStatus } from './sweep/trial.ts';
export type { ParameterValue } from './sweep/value.ts';
export { type DataToEvaluate, type EvaluateOptions, evaluateOnOwnData, type ModelEvaluation } from './use/evaluate/evaluate.ts';
export type { LabelledRows } from './use/evaluate/labelled.ts';
export type { ClassScore } from './use/evaluate/scores.ts';
export type { LoadedModel, ModelOrigin } from './use/model/parse.ts';
export { type LoadModelOptions, readModel } from './use/model/read.ts';
export type { CheckpointChoice } from './use/model/weights.ts';
export { loadModel, type Model } from './use/model.ts';
export type { Batch } from './use/portable.ts';
export type { ClassPrediction, Prediction as ModelPrediction, ValuePrediction } from './use/predict/outputs.ts';
export type { RawRow } from './use/rows/encode.ts';
