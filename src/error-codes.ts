/** What the process exits with; sysexits where one fits. */
export const EXIT = {
  ok: 0,
  usage: 64,
  data: 65,
  unavailable: 69,
  internal: 70,
  storage: 74,
  busy: 75,
  config: 78,
  diverged: 80,
  worker: 81,
  trials: 82,
  mismatch: 83,
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const;

/** What each exit code tells a script, in a line. */
export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'done',
  usage: 'the command line is not understood, or names a run or sweep that is not there',
  data: 'a data file, weights, a checkpoint, a run or a sweep cannot be used as it is',
  unavailable: 'what is needed is not there, or refused: machine code, threads, memory, open files, a package, a queue',
  internal: 'a fault of gradloom',
  storage: 'a file cannot be written or read: a full disk, missing permissions, a failing device',
  busy: 'another process is at work on the run or sweep',
  config: 'the experiment, sweep or speedup file, or a change of it on the command line, is wrong',
  diverged: 'the training diverged',
  worker: 'a worker thread failed, or one of several ranks',
  trials: 'trials of a sweep failed',
  mismatch: 'results differ that must be the same',
  hungUp: 'interrupted by a terminal that closed; what was done is saved',
  interrupted: 'interrupted by Ctrl-C; what was done is saved',
  terminated: 'terminated by SIGTERM; what was done is saved',
};

/** What is to be known of an error code; docs/errors.md is made from it. */
interface ErrorEntry {
  /** What the process exits with. */
  exit: (typeof EXIT)[keyof typeof EXIT];
  /** What has happened, in the words of who sees it: a sentence. */
  cause: string;
  /** What to do about it: a sentence. */
  cure: string;
  /** The place, empty where there is none, and the message of one such error. */
  example: readonly [where: string, message: string];
}

/** Every code an error of gradloom can carry. */
export const ERROR_CODES = {
  E_USAGE: {
    exit: EXIT.usage,
    cause:
      'The command line is not understood: an unknown command or option, a value that is missing, or one that the option does not take.',
    cure: 'Follow the hint; `gradloom COMMAND --help` lists options with examples.',
    example: ['', 'unknown command trian; did you mean train?'],
  },
  E_YAML_SYNTAX: {
    exit: EXIT.config,
    cause: 'The file is not YAML 1.2, holds a key twice in one map, or holds more than one document.',
    cure: 'Look at the marked line and the one before it: often an indentation, a bracket or a quote.',
    example: ['exp.yaml:3:3', 'train.epochs: duplicate key'],
  },
  E_YAML_ALIASES: {
    exit: EXIT.config,
    cause: 'The file uses so many aliases (`*name`), or so much through them, that it could grow without end.',
    cure: 'Write the values out, or move common ones to a file that `extends` names.',
    example: ['exp.yaml:102:7', 'k101: too many aliases; at most 100, and 100000 values through them'],
  },
  E_YAML_TOO_DEEP: {
    exit: EXIT.config,
    cause: 'Maps or lists stand in each other deeper than any config needs.',
    cure: 'Look for brackets that are opened again and again, or never closed.',
    example: ['exp.yaml:1:67', 'nested deeper than 64 levels'],
  },
  E_YAML_TOO_LARGE: {
    exit: EXIT.config,
    cause: 'The config file is larger than any config needs to be: often it is a data file, named in the wrong place.',
    cure: 'Name the experiment file; data belongs in files that `data.source` names.',
    example: ['exp.yaml', 'cannot read the experiment: larger than 1 MiB, the limit of a config file'],
  },
  E_YAML_CYCLE: {
    exit: EXIT.config,
    cause: 'A value contains itself, through an alias or as an object of a program.',
    cure: 'Write the inner value out.',
    example: ['exp.yaml:1:8', 'a.0: *a contains itself'],
  },
  E_YAML_TAG: {
    exit: EXIT.config,
    cause: 'The file has a tag such as `!name`; only the tags of YAML itself are read.',
    cure: 'Remove the tag, or put quotes around text that starts with `!`.',
    example: ['exp.yaml:1:4', 'custom tags are not allowed'],
  },
  E_CONFIG_READ: {
    exit: EXIT.config,
    cause: 'A config file, or one that it extends, is missing, empty, not a regular file, or cannot be read.',
    cure: 'Check the path and its permissions; a relative path counts from the working directory, in a file from that file.',
    example: ['none.yaml', 'cannot read the experiment: no such file'],
  },
  E_CONFIG_UNKNOWN_KEY: {
    exit: EXIT.config,
    cause: 'A key stands where there is no such key: misspelt, in the wrong place, or of another variant of its map.',
    cure: 'Follow the hint; `gradloom schema` has all keys, docs/experiment-files.md explains them.',
    example: ['exp.yaml:4:3', 'train.learning_rate: unknown key; did you mean optimizer.lr?'],
  },
  E_CONFIG_MISSING: {
    exit: EXIT.config,
    cause: 'A key is missing that has no default, or that another key needs.',
    cure: 'Add it; the message says what it takes.',
    example: ['exp.yaml:1:1', 'data: missing; expected a map with source'],
  },
  E_CONFIG_TYPE: {
    exit: EXIT.config,
    cause: 'A value is of another kind than its key takes: text for a number, a list for a map.',
    cure: 'Write what is expected; nothing is converted without a word.',
    example: ['exp.yaml:4:1', 'seed: wrong type; got a list; expected an integer of 0 or more'],
  },
  E_CONFIG_RANGE: {
    exit: EXIT.config,
    cause: 'A number is too small or too large, or two values do not fit together, such as a warmup longer than the training.',
    cure: 'Give a value in the range that the message names.',
    example: ['exp.yaml:4:7', 'seed: out of range; got -1; expected an integer of 0 or more'],
  },
  E_CONFIG_INTEGER: {
    exit: EXIT.config,
    cause: 'A number has a fraction where only whole ones make sense, or is too large to be held exactly.',
    cure: 'Give a whole number.',
    example: ['exp.yaml:4:7', 'seed: not an integer; got 1.5; expected an integer of 0 or more'],
  },
  E_CONFIG_VALUE: {
    exit: EXIT.config,
    cause: 'A value is of the right kind but none of those that mean something here, or contradicts another one.',
    cure: 'Choose one of the values that the message names, or mend the key that it contradicts.',
    example: [
      'exp.yaml:4:7',
      'loss: unknown value; got mee; expected one of softmax_cross_entropy, sigmoid_cross_entropy, mse, huber, mae; did you mean mse?',
    ],
  },
  E_CONFIG_RESERVED: {
    exit: EXIT.config,
    cause: 'A key has a name that means something else to JavaScript, such as `__proto__`.',
    cure: 'Use another name.',
    example: ['exp.yaml:4:1', '__proto__: reserved name'],
  },
  E_RUN_NAME: {
    exit: EXIT.config,
    cause: "The experiment's name cannot be part of a directory's name on every system.",
    cure: "Use letters, digits, '.', '_' and '-', at most 100 of them, a letter or digit first.",
    example: ['exp.yaml:4:7', 'name: not a usable name; got a/b; expected text of the form [A-Za-z0-9][A-Za-z0-9._-]{0,99}'],
  },
  E_RUN_NOT_FOUND: {
    exit: EXIT.usage,
    cause: 'No run is there by that path, id or part of an id, or several are.',
    cure: '`gradloom runs ls` shows the ids; runs elsewhere than in ./runs need `--dir`.',
    example: ['mnist-29', 'no such run in ./runs'],
  },
  E_SWEEP_NOT_FOUND: {
    exit: EXIT.usage,
    cause: 'No sweep is there by that path or name.',
    cure: 'Name the directory of a sweep, or `@last`.',
    example: ['@last', 'no sweeps in sweeps'],
  },
  E_EXTENDS_OUTSIDE: {
    exit: EXIT.config,
    cause: '`extends` leads out of the directory of the experiment file, by `..`, an absolute path or a link; nothing there is read.',
    cure: 'Move the file into that directory, or start from an experiment file further up.',
    example: [
      'exp.yaml:1:10',
      'extends: ../base.yaml leads outside the directory of the experiment file; expected a relative path inside it',
    ],
  },
  E_EXTENDS_CYCLE: {
    exit: EXIT.config,
    cause: 'Files extend each other in a circle, or in a chain that is too long.',
    cure: 'Move what they share to a file that extends none of them.',
    example: ['exp.yaml:1:10', 'extends: the files extend each other: exp.yaml -> exp.yaml'],
  },
  E_OVERRIDE: {
    exit: EXIT.config,
    cause: 'A change on the command line cannot be made: no value, a list item that is not there, a key to add that is there already.',
    cure: '`key=value` sets, `+key=value` adds, `~key` removes; list items go by number: `model.layers.0.units=64`.',
    example: ['command line: optimizer.lr=', 'optimizer.lr: no value after ='],
  },
  E_SWEEP_CONSTRAINTS: {
    exit: EXIT.config,
    cause: 'Hardly any combination of values satisfies the constraints of the sweep, so none was found.',
    cure: 'Loosen the constraints, or change ranges; conditions between keys are better said by `when` and `zip`.',
    example: ['constraints', 'none of 2000 points satisfies the constraint layers * units <= 1'],
  },
  E_DATA_READ: {
    exit: EXIT.data,
    cause: 'A file of data or weights is missing, not a regular file, or cannot be read.',
    cure: 'Check the path and its permissions; a relative path in an experiment file starts at that file.',
    example: ['train-images.idx', 'cannot be read: ENOENT: no such file or directory'],
  },
  E_DATA_MAGIC: {
    exit: EXIT.data,
    cause: 'A data file is not of the format that its source reads; where the format is known, the message names it.',
    cure: 'Name the right file, or convert it as the hint says.',
    example: ['train-images.idx:0', 'this is a zip archive; `type: idx` reads IDX (bad magic 0x504b0304, expected 0x00000803)'],
  },
  E_DATA_FORMAT: {
    exit: EXIT.data,
    cause: 'The header of a data file, or the directory of an archive, says something that cannot be, or a type that is not read.',
    cure: 'Follow the hint; often the file has to be got again, or written again as another type.',
    example: ['train-images.npy:8', 'a header of 65535 bytes; expected at most 10000'],
  },
  E_DATA_LENGTH: {
    exit: EXIT.data,
    cause: 'A data file is shorter or longer than its header says, or its compression is broken.',
    cure: 'Get the file again; its download was cut short, or something was appended.',
    example: ['train-images.idx:17', 'expected 18 bytes, found 17'],
  },
  E_DATA_DIMS: {
    exit: EXIT.data,
    cause: 'The shape in the header of a data file cannot be.',
    cure: 'Get the file again, or write it with 1 to 4 dimensions, none of them 0.',
    example: ['train-images.idx:3', '5 dimensions, expected 1 to 4'],
  },
  E_DATA_TOO_LARGE: {
    exit: EXIT.data,
    cause: 'A file, or an array of the data set, exceeds what gradloom loads: 4 GiB an array.',
    cure: 'Use fewer rows or features.',
    example: ['train-images.idx:4', '2 x 65536 x 65537 = 8590065664 elements; the limit is 4294967296'],
  },
  E_DATA_MISMATCH: {
    exit: EXIT.data,
    cause: 'Things do not fit together: images and labels, or the data and the outputs, loss or metrics of the experiment.',
    cure: 'Name files of one set; give the last layer as many units as there are classes or targets.',
    example: ['labels.idx', '2 labels, but images.idx holds 1 images'],
  },
  E_DATA_EMPTY: {
    exit: EXIT.data,
    cause: 'A data file holds no samples.',
    cure: 'Name the right file, or get it again.',
    example: ['train-images.idx:4', 'holds no samples'],
  },
  E_TABLE_FORMAT: {
    exit: EXIT.data,
    cause: 'A table is not written as it should be: a row with too few or too many fields, an open quote, bytes that are no UTF-8 text.',
    cure: 'Mend the row that is named; save the file as UTF-8; name the delimiter by `data.source.delimiter`.',
    example: ['iris.csv:17', '4 fields; expected 5, as there are columns'],
  },
  E_TABLE_COLUMN: {
    exit: EXIT.data,
    cause: 'A column is missing, is not expected, has no name, or has the name of another one.',
    cure: 'Correct the name in the experiment or in the file; `gradloom data FILE` lists the columns.',
    example: ['iris.csv', 'no column specis; did you mean species?'],
  },
  E_TABLE_VALUE: {
    exit: EXIT.data,
    cause: 'A value of a table is missing, is no number where one is expected, or is a category or class that the training has not seen.',
    cure: 'Correct the value; or set `data.source.missing`, `categorical`, `unknown_category` or `drop` for its column.',
    example: ['iris.csv:17', 'column petal: "short"; expected a number'],
  },
  E_DATA_IMAGE: {
    exit: EXIT.data,
    cause: 'A picture cannot be decoded: its file is cut short or damaged, or of a kind of PNG or JPEG that is not read.',
    cure: 'Get the file again, or save the picture again as PNG or JPEG; or take it out of the folder.',
    example: ['train/cat/7.png:1042', 'ends before its last chunk'],
  },
  E_DATA_NONFINITE: {
    exit: EXIT.data,
    cause:
      'A feature or target is NaN or infinite: training would turn every weight into NaN. Or parameters are, or are so large that what they give is: a training diverged.',
    cure: 'Remove or fill such values; of a run that diverged take an earlier checkpoint, or train it again.',
    example: ['row 17, feature 3', 'NaN; expected a finite number'],
  },
  E_DATA_SPLIT: {
    exit: EXIT.data,
    cause:
      'The split, the batch size and the number of samples do not go together: a part would be empty, or more is asked for than there is.',
    cure: 'Lower the counts of `data.split`, set `val: 0` or `test: 0`, or take a smaller `train.batch_size`.',
    example: ['exp.yaml:5:10', 'data.split: train alone asks for more: asked for train 2000, val 0.1, test auto; there are 1000 samples'],
  },
  E_LABEL_RANGE: {
    exit: EXIT.data,
    cause: 'A label or target is none that the model can predict: a class beyond its outputs, or no value from 0 to 1.',
    cure: 'Give the last layer one unit a class, or mend the labels; classes count from 0.',
    example: ['row 1', 'label 9; softmax_cross_entropy with 3 outputs expects 0 to 2'],
  },
  E_WEIGHT_RANGE: {
    exit: EXIT.data,
    cause: 'A sample weight is negative, not finite or too extreme, or no training sample weighs anything.',
    cure: 'Give weights of 0, or of 1e-30 to 1e20, at least one of them above 0.',
    example: ['weights.safetensors', 'weights: row 2 has -1; expected 0, or 1e-30 to 1e+20'],
  },
  E_ROW: {
    exit: EXIT.data,
    cause: 'A row to predict does not fit the model: a column too many or too few, a value of another kind, a missing value.',
    cure: 'Give rows as those of the training data: the message names row and column.',
    example: ['row 3, petal_width', '"wide"; expected a number'],
  },
  E_SAFETENSORS: {
    exit: EXIT.data,
    cause: 'A file of weights is no safetensors file, is damaged, or is a pickle, which could run code and is refused.',
    cure: 'Get the file again, or convert it where you trust it: `safetensors.torch.save_file(model.state_dict(), "model.safetensors")`.',
    example: ['model.safetensors', 'the header is not UTF-8'],
  },
  E_ONNX: {
    exit: EXIT.data,
    cause: 'A file is no ONNX file, is damaged, or holds something else than a chain of layers that gradloom has.',
    cure: 'Look at the node or byte that is named; save the model in inference mode, with f32 weights and all data in one file.',
    example: ['model.onnx:1734', 'node up1 (ConvTranspose): no layer that gradloom has'],
  },
  E_EXPORT: {
    exit: EXIT.data,
    cause: 'The format that was asked for cannot hold this model.',
    cure: 'Export it to another one: `onnx` and `js` take every layer.',
    example: ['layer 1', 'a residual connection, which keras.Sequential cannot hold'],
  },
  E_EXPORT_CHECK: {
    exit: EXIT.mismatch,
    cause: 'An exported model gives other numbers than the network it was made from, on the rows it is tried on; it was not kept.',
    cure: 'Weights of an extreme size overflow f32: train with smaller ones. Otherwise report it with the run.',
    example: ['model.onnx', 'row 3 of 100: the export gives NaN for setosa, the network 0.981; nothing was kept of the export'],
  },
  E_TENSOR_MISMATCH: {
    exit: EXIT.data,
    cause: 'A file of weights has other tensors, shapes or types than the model, or a sample weight too many or too few.',
    cure: 'Use the layers that the file was made with, or name another file.',
    example: ['model.safetensors', "2 of its tensors are not the model's:"],
  },
  E_RUN_FILE: {
    exit: EXIT.data,
    cause: 'A file of a run or sweep is damaged, or was changed after it was written.',
    cure: 'Restore it from a copy, or train again.',
    example: ['runs/mnist-29898d/metrics.jsonl:3', 'expected an object'],
  },
  E_SWEEP_RESULT: {
    exit: EXIT.data,
    cause: 'The sweep has too few results for what was asked: none for the best trial, or hardly any for the importance of keys.',
    cure: '`gradloom sweep status` shows the trials and why; run more of them.',
    example: ['sweeps/lr', 'importance needs 8 trials with results that differ; got 6 results'],
  },
  E_RUN_READ: {
    exit: EXIT.data,
    cause: 'A directory is not a run, is a link to one, or holds a run that is not finished where a finished one is needed.',
    cure: 'Name the directory of a run, as `runs/<id>`; `gradloom resume` finishes one.',
    example: ['configs', 'not a run: it has no config.yaml and env.json'],
  },
  E_CHECKPOINT: {
    exit: EXIT.data,
    cause: 'A checkpoint is damaged, or there is none to go on from.',
    cure: 'Use an older checkpoint or another run; `gradloom resume` takes the newest one that is whole.',
    example: ['runs/mnist-29898d/checkpoints/step-00000700.safetensors', 'damaged: its sha256 is 5c2e..., but it says 91d0...'],
  },
  E_DATA_FINGERPRINT: {
    exit: EXIT.data,
    cause: 'The data is no longer what the run was trained with, so the rest would be another experiment.',
    cure: 'Restore the data, or train again.',
    example: ['runs/mnist-29898d', 'the data changed since the run began: sha256 3a1f..., now 97c0...'],
  },
  E_RUN_CHANGED: {
    exit: EXIT.config,
    cause: 'The config, or a file of weights it starts from, is no longer what the run began with.',
    cure: 'Undo the change, or train a run of its own; `gradloom extend` makes a run longer.',
    example: ['runs/mnist-29898d', 'config.yaml changed since the run began'],
  },
  E_KERNEL_VERSION: {
    exit: EXIT.config,
    cause: 'The run was trained by a gradloom whose arithmetic gives other last bits.',
    cure: 'Go on with the version that its env.json names, or train again.',
    example: [
      'runs/mnist-29898d',
      'trained with kernels of version 1, this gradloom has version 2, whose results differ in their last bits',
    ],
  },
  E_MEMORY: {
    exit: EXIT.config,
    cause: 'The model and its batches need more shared memory than WebAssembly has: 4 GiB.',
    cure: 'Use smaller layers, smaller batches or fewer `numerics.leaves`; `gradloom check` shows the parts.',
    example: ['exp.yaml:2:8', 'model.layers: the run needs 9.6 GiB of shared memory, the limit is 4.0 GiB'],
  },
  E_LIMIT: {
    exit: EXIT.unavailable,
    cause: 'The system refuses memory, threads or open files; the message names the limit and its value.',
    cure: 'Raise the limit (`ulimit`, the container), end other programs, or ask for less: fewer workers, smaller batches.',
    example: ['', 'the system opens no more files for this process: ulimit -n is 20'],
  },
  E_ENGINE: {
    exit: EXIT.unavailable,
    cause: 'What is asked for by name, as by `parallel.code: native`, is not to be had on this machine.',
    cure: 'Mend what the message names, or set `parallel.code: auto`, whose results are the same to the bit.',
    example: ['parallel.code', 'no machine code here: this processor has neither AVX2 nor AVX-512'],
  },
  E_MPI: {
    exit: EXIT.unavailable,
    cause:
      'The library of MPI, which several ranks need, is missing, is not the one that the launcher belongs to, or cannot do what is needed.',
    cure: 'Install the one that belongs to the launcher, or start with the `mpirun` of the one that is there; see docs/mpi.md.',
    example: ['libmpi.so.40', 'the MPI library cannot be loaded: libmpi.so.40: cannot open shared object file: No such file or directory'],
  },
  E_POOL_START: {
    exit: EXIT.worker,
    cause: 'The worker threads did not start, or not in time.',
    cure: 'End other programs and try again, or use fewer workers; `gradloom doctor` checks the machine.',
    example: ['', 'not all 8 worker threads started within 30 s'],
  },
  E_WORKER: {
    exit: EXIT.worker,
    cause: 'A worker thread failed; all others were stopped, and what was saved is named.',
    cure: 'Resume the run; if it fails at the same step again, report it.',
    example: ['worker 2 step 731', 'in dense_backward: out of range'],
  },
  E_WORKER_TRAP: {
    exit: EXIT.worker,
    cause: 'The compiled arithmetic of a worker thread stopped with a trap: a fault of gradloom or of the memory.',
    cure: 'Resume the run; if it fails at the same step again, report it.',
    example: ['worker 2 step 731', 'in dense_backward: memory access out of bounds'],
  },
  E_WORKER_EXIT: {
    exit: EXIT.worker,
    cause: 'A worker thread ended while it was needed, often because memory ran out.',
    cure: 'Resume the run with fewer workers, or free memory first.',
    example: ['worker 2 step 731', 'Worker terminated due to reaching memory limit: JS heap out of memory'],
  },
  E_WORKER_HANG: {
    exit: EXIT.worker,
    cause: 'A worker thread gave no sign of life for a long time.',
    cure: 'Resume the run; on a machine with much other work, use fewer workers.',
    example: ['worker 2 step 731', 'in dense_backward: no sign of life for 60 s'],
  },
  E_RANK: {
    exit: EXIT.worker,
    cause:
      'One of several ranks that train together ended, did not come, or is not like the others: another gradloom, other data, other bits.',
    cure: 'Mend what the message names, then resume the run, with as many ranks as there are, or with none.',
    example: ['rank 2 on node7', 'the data differs from that of rank 0: 97c04a1d2e3f, but 3a1f09b7c6d5 there'],
  },
  E_DIVERGED: {
    exit: EXIT.diverged,
    cause: 'The loss or a gradient became infinite, NaN or far too large; the parameters are those from before that step.',
    cure: 'Lower `optimizer.lr`, set `regularization.clip_global_norm`, or check the data for extreme values.',
    example: ['step 17', 'the loss became NaN'],
  },
  E_VERIFY: {
    exit: EXIT.mismatch,
    cause: 'A run that was trained again gave other bits than it has recorded.',
    cure: 'Verify once more: another step means a fault of the machine, the same step that a file of the run was changed.',
    example: ['runs/mnist-29898d', 'not the same when trained again with 2 workers: layers.0.weight differs at step 500'],
  },
  E_STORAGE: {
    exit: EXIT.storage,
    cause: 'A file could not be written or read: the disk is full, a permission is missing, or a directory was moved away.',
    cure: 'Mend that, then go on with the command that is shown; nothing that was saved is lost.',
    example: ['runs/mnist-29898d/metrics.jsonl', 'cannot be written: ENOSPC: no space left on device'],
  },
  E_BUSY: {
    exit: EXIT.busy,
    cause: 'Another process is at work on this run or sweep.',
    cure: 'Wait until it has ended, or end it.',
    example: ['runs/mnist-29898d', 'in use by process 4711 on host since 2026-11-28T22:09:22Z: gradloom train mnist.yaml'],
  },
  E_PACKAGE: {
    exit: EXIT.unavailable,
    cause: 'What was asked for needs a package that gradloom does without otherwise, and that is not installed.',
    cure: 'Install it beside gradloom, as the message says; `--omit=optional` leaves such packages out.',
    example: ['bullmq', 'the package is not installed, and sweeps over machines need it'],
  },
  E_QUEUE: {
    exit: EXIT.unavailable,
    cause: 'The Redis or Valkey that `--queue` names cannot be reached, does not let in, is too old, or was away for too long.',
    cure: 'Check that it runs, the address, the password and the network; a sweep goes on where it was.',
    example: ['redis://127.0.0.1:6379', 'the queue cannot be reached: connect ECONNREFUSED 127.0.0.1:6379'],
  },
  E_AGENT: {
    exit: EXIT.data,
    cause: 'An agent would not come to the bits of the sweep: its kernels, arithmetic, data, initial weights or store are others.',
    cure: 'Mend what the message names on that machine; the other agents go on meanwhile.',
    example: ['sweep mnist-29898d', 'kernels of version 2 here, of version 3 where the sweep was begun'],
  },
  E_STORE_LIMIT: {
    exit: EXIT.config,
    cause: 'A run or a data set is larger than what the store of a sweep over machines takes.',
    cure: 'Use a directory that all machines share: `--store file:/mnt/runs`, for the sweep and for its agents.',
    example: ['redis:', 'a copy of the run takes 48000000 bytes, the store takes 33554432 at most'],
  },
  E_SWEEP_READ: {
    exit: EXIT.data,
    cause: 'A directory is not a sweep, or is a link to one.',
    cure: 'Name a directory that `gradloom sweep run` has made.',
    example: ['runs', 'not the directory of a sweep: it has no sweep.yaml'],
  },
  E_SWEEP_CHANGED: {
    exit: EXIT.config,
    cause: 'The files of a sweep, or the data, changed since it began: its trials could not be compared.',
    cure: 'Undo the change, or start a new sweep.',
    example: ['sweeps/lr', 'the sweep was changed since it began, so its trials could not be compared:'],
  },
  E_SWEEP_FAILED: {
    exit: EXIT.trials,
    cause: 'The sweep gave up, because its first trials all failed.',
    cure: 'Mend the cause that is shown, then `gradloom sweep resume`.',
    example: ['sweeps/lr', 'the first 5 trials all failed; trial 0: cannot be read: ENOENT: no such file or directory'],
  },
  E_INTERNAL: {
    exit: EXIT.internal,
    cause: 'A fault of gradloom itself.',
    cure: 'Report it with the text that is shown, the command and the experiment file.',
    example: ['', "TypeError: Cannot read properties of undefined (reading 'length')"],
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

/** Code of an error: it stays, while texts may change. */
export type ErrorCode = keyof typeof ERROR_CODES;
